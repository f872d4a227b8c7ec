"""What belongs to one batch is not found under another, and ids that are guessed lead nowhere (ASVS 8.2.2, 8.3.1).

Who works in the laboratory may read every batch of it; what must not happen is that an address or a form of one batch
shows, changes or signs another.
"""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from tests.cast import ALICE
from tests.mes.laboratory import COI
from tests.security.door import OTHER, PARTS, Door, Route
from tests.security.guessing import guess

ONE = PARTS["batch"]
SIGNER = {"closing": "quality reviewer", "verification": "verifier", "<fact>": "physician"}


@pytest.fixture
def two(door: Door) -> Door:
    """Two batches; the first has a deviation more than the second."""
    door.lab.do(c.RaiseDeviation(ONE, "another one", "1.5"), ALICE)
    return door


def nested(door: Door, part: str) -> list[Route]:
    """Return the routes that name a batch and a part of it."""
    return [route for route in door.routes if "<batch>" in route.rule and f"<{part}>" in route.rule]


def by(route: Route) -> str:
    """Return who would be entitled to what a route does."""
    return next((role for ending, role in SIGNER.items() if ending in route.rule), "operator")


def asked(door: Door, route: Route, **parts: str) -> tuple[int, str]:
    """Ask for a part of the other batch, and return the status with the page, its id left out."""
    form = door.signed(by(route), {}) if route.method == "POST" else None
    answer = door.send(by(route), route.method, route.path({**PARTS, "batch": OTHER, **parts}), data=form)
    (changed,) = parts.values()
    return answer.status_code, answer.text.partition("<main")[2].replace(changed, "…")


@pytest.mark.requirement("RQ-064")
def test_a_deviation_of_another_batch_is_not_there(two: Door) -> None:
    """D2 of the first batch, asked for and sent under the second: as if nobody had ever written it."""
    found = nested(two, "number")
    for route in found:
        lines = two.lab.lines(f"batch:{ONE}")
        not_yours, not_there = asked(two, route, number="D2"), asked(two, route, number="D77")
        assert not_yours == not_there, route
        assert not_yours[0] in (302, 404), route
        assert COI not in not_yours[1]
        assert two.lab.lines(f"batch:{ONE}") == lines
    assert len(found) >= 4


@pytest.mark.parametrize(("part", "value"), [("step", "9.9"), ("step", "1.5:2"), ("field", "nothing"), ("fact", "x")])
def test_a_part_that_a_batch_does_not_have_is_not_there(two: Door, part: str, value: str) -> None:
    """A step, a field and a fact of another recipe: nothing is shown, and nothing but the attempt is written."""
    before = len(two.lab.lines(f"batch:{OTHER}"))
    for route in nested(two, part):
        status, _ = asked(two, route, **{part: value})
        assert status in (302, 404, 409), (route, status)
    added = two.lab.lines(f"batch:{OTHER}")[before:]
    assert {line["kind"] for line in added} <= {"attempt refused"}


def test_a_signature_for_one_batch_signs_no_other(two: Door) -> None:
    """The last line of the first batch, signed under the second: refused, on every form that signs."""
    head = two.batches[0].batch.last.hash
    before = len(two.lab.lines(f"batch:{OTHER}"))
    for route in two.routes:
        if route.method == "POST" and "<batch>" in route.rule and "comments" not in route.rule:
            form = two.signed("releaser", {}) | {"seen": head, "comment": "none", "stage": "final release"}
            two.send("releaser", "POST", route.path({**PARTS, "batch": OTHER}), data=form)
    signed = [line for line in two.lab.lines(f"batch:{OTHER}")[before:] if "signed" in line]
    assert signed == []


def test_a_batch_that_is_not_there_and_one_whose_number_is_none_are_answered_alike(door: Door) -> None:
    """ASVS 16.5.1: a guessed number tells nothing by its answer."""
    for route in door.routes:
        if route.method == "GET" and "<batch>" in route.rule:
            pages = [
                door.send("operator", "GET", route.path({**PARTS, "batch": number})) for number in ("B26-0777", "x")
            ]
            assert {page.status_code for page in pages} == {404}, route


def test_guessed_ids_lead_nowhere(door: Door) -> None:
    """Made-up ids in every part of every address: not found, refused or sent away; never shown, never a failure."""
    found = guess(door, rounds=3)
    print(found)  # noqa: T201 - the count is part of the evidence
    assert found.wrong == []
    assert found.asked > 100
    assert door.is_whole()
