"""No rule that asks two signatures takes both from one person, whatever roles that person holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batch_records.executed import commands as c
from batch_records.executed.commands import Person
from batch_records.executed.draft import Refused
from batch_records.executed.entries import Entry
from batch_records.master.recipe import Role
from tests.batch_records.child import COUNTS, ORDER
from tests.batch_records.playing import B, Play
from tests.batch_records.release.test_sign_off import whole
from tests.batch_records.writing import cd7
from tests.cast import BOB, DORA, PETRA

EVERY_ROLE = frozenset(role.value for role in Role)


class Alone(Play):
    """A batch in which whoever completed a step tries to verify it, each time, with every role there is."""

    tried = 0

    def verify(self, key: str, by: Person = BOB) -> list[Entry]:
        """Let everybody who did some of the step try first."""
        for person in self.batch.run(key).people:
            self.tried += 1
            with pytest.raises(Refused, match="another person verifies it"):
                super().verify(key, Person(person, person, EVERY_ROLE))
        return super().verify(key, by)


@pytest.mark.requirement("RQ-043")
def test_no_step_of_the_shipped_recipe_is_verified_by_who_did_it() -> None:
    """Every step with a second person, through a child's whole batch."""
    play = Alone(cd7(), dict(ORDER), dict(COUNTS))
    play.start()
    play.finish()
    assert play.tried >= sum(step.verifier is not None for step in cd7().steps.values())


@pytest.mark.requirement("RQ-077")
def test_who_reviewed_a_record_does_not_release_it() -> None:
    """One person with both roles gives one of the two signatures; another gives the other."""
    both = replace(PETRA, roles=EVERY_ROLE)
    play = whole()
    play.review(by=both)
    with pytest.raises(Refused, match="Petra Releaser reviewed the record: the batch is released by another person"):
        play.release(by=both)
    play.release(by=Person("paul", "Paul Releaser", EVERY_ROLE))


@pytest.mark.requirement("RQ-077")
def test_who_corrected_the_order_neither_reviews_nor_releases() -> None:
    """It is part of the work, though no step holds it."""
    play = Play(cd7(), dict(ORDER), dict(COUNTS)).start()
    play.do(c.CorrectFact(B, "weight", "21", "misread"), DORA)
    dora = replace(DORA, roles=EVERY_ROLE)
    for attempt in (play.review, play.release):
        with pytest.raises(Refused, match="Dora Physician did some of the work"):
            attempt(by=dora)
