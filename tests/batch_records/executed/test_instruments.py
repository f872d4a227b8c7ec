"""Another instrument of the same class, in the middle of a batch: the counter failed, or counts elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.draft import Refused
from tests.batch_records.executed.test_readings import counting
from tests.batch_records.playing import START, B, Play, kinds
from tests.cast import BOB


def other(play: Play, code: str = "CC-2", **changes: Any) -> c.Equipment:  # noqa: ANN401 - any fact of equipment
    """Return another counter, ready for use."""
    return replace(play.equipment(play.field("1.1", "counter"), code), **changes)


def assign(play: Play, code: str = "CC-2", **changes: Any) -> list[e.Entry]:  # noqa: ANN401 - any fact of equipment
    """Scan another counter in the step that counts."""
    return play.do(c.AssignInstrument(B, "1.3", "cell counter", code, other(play, code, **changes)))


@pytest.mark.requirement("RQ-010")
def test_readings_come_from_the_instrument_that_was_scanned_last() -> None:
    """From here on the second counter is the batch's, and the first one's values are refused."""
    play = counting()
    assert kinds(assign(play)) == ["step started", "instrument assigned"]
    with pytest.raises(Refused, match="CC-2 has given no value of viable_cells"):
        play.take("1.3", "viable", "1.5e6 cells/mL", instrument="CC-1")
    (taken,) = play.take("1.3", "viable", "1.5e6 cells/mL", instrument="CC-2")
    assert isinstance(taken, e.ReadingTaken)
    assert taken.instrument == "CC-2"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"equipment_class": "bioreactor"}, "CC-2 is of the class “bioreactor”; this step needs “cell counter”"),
        ({"status": "out of order"}, "CC-2 is out of order: use another"),
        ({"calibrated_until": START}, "the calibration of CC-2 ended on"),
        ({"batch": "B9"}, "CC-2 is in use for batch B9"),
    ],
)
@pytest.mark.requirement("RQ-028")
def test_what_could_not_be_scanned_at_the_start_cannot_be_scanned_now(changes: dict[str, Any], said: str) -> None:
    """The same rules hold in the middle of a batch."""
    with pytest.raises(Refused, match=said):
        assign(counting(), **changes)


def test_a_code_of_nothing_assigns_nothing() -> None:
    """A lot's code scanned by mistake is refused."""
    with pytest.raises(Refused, match="“LOT-7” is the code of no equipment"):
        counting().do(c.AssignInstrument(B, "1.3", "cell counter", "LOT-7"))


def test_a_step_that_does_not_measure_with_it_assigns_nothing() -> None:
    """An instrument is changed where it is used, before everybody's eyes."""
    play = counting()
    with pytest.raises(Refused, match=r"step 1\.3 measures nothing with a bioreactor"):
        play.do(c.AssignInstrument(B, "1.3", "bioreactor", "BR-9", other(play, "BR-9")))


def test_the_same_instrument_again_is_nothing_new() -> None:
    """Two scans of one counter are one entry."""
    play = counting()
    assign(play)
    assert assign(play) == []


def test_who_assigned_an_instrument_did_some_of_the_step() -> None:
    """And so does not verify it."""
    play = counting()
    play.do(c.AssignInstrument(B, "1.3", "cell counter", "CC-2", other(play)), BOB)
    assert BOB.id in play.batch.run("1.3").people
