"""``demo --peers``: the same batch with instruments that this project did not write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.batch_record import assert_readings_are_printed, play

PLAYED = {"BR-01", "CC-01", "VC-01"}


@pytest.mark.requirement("RQ-107")
def test_instruments_of_others_are_in_the_record(captures: Path, tmp_path: Path) -> None:
    """node-opcua's server and files that a real Vi-CELL BLU exported: each reading's source and digest is printed."""
    played = play(tmp_path / "peers", "--peers", MES_CAPTURES=str(captures))
    assert played.ask("select disposition from batch_view") == [("released",)]
    assert {used["instrument"] for used in played.readings_used()} == PLAYED
    assert_readings_are_printed(played)
    assert "The ledger is whole: " in played.said
