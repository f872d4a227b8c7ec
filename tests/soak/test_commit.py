"""COMMITs that come late or fail, in a few rounds."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy.exc import DBAPIError

from batch_records.executed import commands as c
from batch_records.master.recipe import Stage
from mes.execute import HANDLERS
from tests.cast import ALICE, PETRA
from tests.mes.played import Played
from tests.soak.commit import hold_commits_up, pairs
from tests.soak.doom import Doom
from tests.soak.rounds import Report


def test_what_is_answered_is_committed(batch: Played) -> None:
    """Each COMMIT is held up; the moment a save is answered, another connection finds it."""
    hold_commits_up(batch.lab)
    report = Report("pairs", 1)
    pairs(batch, 20, report)
    assert (report.rounds, report.flaws) == (20, [])


def test_a_whole_batch_whose_commits_each_fail_first(batch: Played) -> None:
    """From the first scan to the release, each command's COMMIT fails once: nothing stays, and it can be sent again."""
    doom = Doom(batch.lab)
    with doom.at_the_door():
        batch.finish().review()
        seen = batch.batch.last.hash
        batch.lab.do(c.ReleaseBatch(batch.number, Stage.FINAL, seen), PETRA, seen=seen)
    assert doom.flaws == []
    assert {"RecordValues", "TakeReading", "CompleteStep", "VerifyStep", "ReleaseBatch"} <= set(doom.tried)
    assert doom.tried.total() > 30
    assert batch.lab.verify().holds


def test_a_form_whose_commit_fails_is_not_answered_as_saved(batch: Played) -> None:
    """Whatever made it fail, the tablet is told, nothing stays, and the same form sent again is saved once."""
    doom, tablet = Doom(batch.lab), batch.lab.tablet(ALICE)
    for number in range(2 * len(doom.ways)):
        fields = {**tablet.open(batch.page).form("/lock").fields, "tap": str(uuid4()), "text": f"remark {number}"}
        with doom.at_the_tablet():
            assert tablet.post(f"{batch.page}/comments", fields).status == 200
    assert doom.flaws == []
    assert doom.tried == {"/batches/<batch>/comments": 2 * len(doom.ways)}
    assert batch.kinds().count("comment added") == 2 * len(doom.ways)


def test_the_trial_would_see_what_was_acknowledged(batch: Played) -> None:
    """A door that swallowed the failure would be found out."""
    doom = Doom(batch.lab)
    doom.try_first("a liar", lambda: _lie(batch))
    assert doom.flaws == [f"a liar: acknowledged, and its COMMIT failed ({doom.ways[0]})"]
    assert len(HANDLERS) > 40


def _lie(batch: Played) -> bool:
    with pytest.raises(DBAPIError):
        batch.do(c.AddComment(batch.number, "all well"), ALICE)
    return True
