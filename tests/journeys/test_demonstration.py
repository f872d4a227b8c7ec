"""``demo``: a whole batch through pages and instruments, to its final release.

What it leaves is looked at in test_printed_record.py and test_verify_and_backup.py, whose names come later: by then it
is played, and no process of the tests waits for another.
"""

from __future__ import annotations

import hashlib

import pytest

from tests.journeys.batch_record import Played


def test_it_ends_with_the_record_and_a_whole_ledger(played: Played) -> None:
    """The last words are where the record is, after the sentence that the ledger is whole."""
    assert "The ledger is whole: " in played.said
    digest = hashlib.sha256(played.file.read_bytes()).hexdigest()
    kept = [each.stem for each in (played.folder / "documents").iterdir()]
    assert digest in kept
    assert len(kept) == 2  # of the conditional release, and of the final one


@pytest.mark.requirement("RQ-091")
def test_the_batch_is_released_in_two_stages(played: Played) -> None:
    """Conditionally while results are awaited, then finally, signed by somebody who did none of the work."""
    assert played.ask("select disposition, held, open_deviations from batch_view") == [("released", 0, 0)]
    released = [line for line in played.lines if line["kind"].endswith("released")]
    assert [line["kind"] for line in released] == ["batch conditionally released", "batch released"]
    assert released[-1] == played.lines[-1]
    assert {line["author"] for line in released} == {"petra"}
    assert "petra" not in {line["author"] for line in played.lines if line not in released}


def test_the_bioreactors_alarms_are_answered_and_over_by_the_review(played: Played) -> None:
    """The culture breathes more than enters: raised, acknowledged with what is done, and over in the end."""
    kinds = [line["kind"] for line in played.lines if line["kind"].startswith("alarm")]
    assert kinds[:2] == ["alarm raised", "alarm acknowledged"]
    assert kinds.count("alarm raised") == kinds.count("alarm returned") == kinds.count("alarm acknowledged")
    assert {line["author"] for line in played.lines if line["kind"] == "alarm acknowledged"} == {"bob"}
