"""What real analysers sent, read to the values that their sources state, however the bytes are cut."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.protocols import Event, Garbled, Message, ProtocolError, Send, astm, lis2

FRAMED = ["cobas_c111", "dca_vantage", "genexpert", "sysmex_xp100"]
ANY_CUTS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)


def heard(stream: bytes, *, cuts: tuple[int, ...] = ()) -> list[Event]:
    """Return all events of a transmission; where frames end with CR alone, time passes after each."""
    receiver, events = astm.Receiver(), []
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    receiver.feed(astm.ENQ, 0)
    for left, right in pairwise(places):
        events += receiver.feed(stream[left:right], 0)
    return events + receiver.tick(astm.PAUSE)


def results(captures: Path, name: str) -> dict[str, str]:
    (message,) = [
        event for event in heard((captures / "astm" / f"{name}.txt").read_bytes()) if isinstance(event, Message)
    ]
    return {result.record.field(3).strip("^"): f"{result.value} {result.unit}" for result in lis2.results(message.text)}


@pytest.mark.parametrize("name", FRAMED)
def test_every_frame_of_a_real_analyser_passes_its_checks(captures: Path, name: str) -> None:
    """Nothing is garbled, nothing refused, and one message comes out."""
    events = heard((captures / "astm" / f"{name}.txt").read_bytes())
    assert not [event for event in events if isinstance(event, Garbled) or event == Send(astm.NAK)]
    assert len([event for event in events if isinstance(event, Message)]) == 1


@pytest.mark.parametrize("name", FRAMED)
def test_real_transmissions_may_come_cut_anywhere(captures: Path, name: str) -> None:
    """Any cutting gives the same events."""
    stream = (captures / "astm" / f"{name}.txt").read_bytes()

    @ANY_CUTS
    @given(st.lists(st.integers(0, len(stream)), max_size=12))
    def cut_anywhere(cuts: list[int]) -> None:
        assert heard(stream, cuts=tuple(cuts)) == heard(stream)

    cut_anywhere()
    whole = heard(stream)
    assert heard(stream, cuts=tuple(range(len(stream)))) == whole
    assert all(heard(stream, cuts=(place,)) == whole for place in range(len(stream)))


def spoiled(stream: bytes, place: int, fault: str, bit: int) -> bytes:
    """A stream with one fault in it."""
    byte = stream[place]
    changed = {"flipped": bytes([byte ^ 1 << bit]), "lost": b"", "doubled": bytes([byte, byte])}[fault]
    return stream[:place] + changed + stream[place + 1 :]


@pytest.mark.parametrize("name", FRAMED)
@pytest.mark.parametrize("fault", ["flipped", "lost", "doubled"])
def test_a_spoiled_transmission_is_never_another_message(captures: Path, name: str, fault: str) -> None:
    """A bit flipped, a byte lost or doubled, at every place: the message as it was, or a notice and no message."""
    stream = (captures / "astm" / f"{name}.txt").read_bytes()
    (message,) = [event.text for event in heard(stream) if isinstance(event, Message)]
    for place in range(len(stream)):
        events = heard(spoiled(stream, place, fault, place % 8))
        assert [event.text for event in events if isinstance(event, Message)] in ([], [message]), place


@pytest.mark.parametrize("name", FRAMED)
def test_a_transmission_that_breaks_off_is_no_message(captures: Path, name: str) -> None:
    """At every place but the end; when the line falls silent, what there was is told as garbled."""
    stream = (captures / "astm" / f"{name}.txt").read_bytes()
    for place in range(1, len(stream) - 2):
        receiver = astm.Receiver()
        events = receiver.feed(astm.ENQ + stream[:place], 0) + receiver.tick(astm.PAUSE)
        events += receiver.tick(astm.PAUSE + astm.RECEIVER_WAITS)
        assert not [event for event in events if isinstance(event, Message)], place
        assert [event for event in events if isinstance(event, Garbled)], place


def test_the_haematology_analysers_results(captures: Path) -> None:
    """Sysmex XP-100: twenty results in one frame, with flags; the sample is padded in the order's fourth field."""
    found = results(captures, "sysmex_xp100")
    assert len(found) == 20
    assert found["WBC^1"] == "5.5 10*3/uL"
    assert found["HGB^1"] == "10.1 g/dL"
    assert found["HCT^1"] == "24.2 %"


def test_a_record_split_over_frames_is_whole(captures: Path) -> None:
    """Cobas c 111 sends a frame a record, each but the last ended as a piece."""
    assert results(captures, "cobas_c111") == {"413": "40.13 g/L"}


def test_results_of_a_urine_analyser(captures: Path) -> None:
    """DCA Vantage: three results."""
    assert results(captures, "dca_vantage") == {"Alb": "63.7 mg/L", "Crt": "230.8 mg/dL", "Ratio": "27.6 mg/g"}


def test_an_analyser_with_its_own_delimiters(captures: Path) -> None:
    """GeneXpert declares others in its header, and its words stay words."""
    found = results(captures, "genexpert")
    assert found["MTB-RIF^^Xpert^Xpert MTB-RIF Ultra^4^MTB"] == "NOT DETECTED^ "
    assert found["MTB-RIF^^Xpert^^^SPC^Ct"] == "^24.7 "


@pytest.mark.parametrize("name", ["mini_vidas", "spotchem_el"])
def test_what_only_looks_like_astm_is_garbled(captures: Path, name: str) -> None:
    """STX and a line, without frame numbers or checksums: refused, told, and no message."""
    events = heard((captures / "astm" / f"{name}.txt").read_bytes() + b"\n")
    assert [event for event in events if isinstance(event, Garbled)]
    assert not [event for event in events if isinstance(event, Message)]


def test_other_analysers_exports_are_no_counter_messages(captures: Path) -> None:
    """A file of another instrument is refused as a message, not misread."""
    for path in sorted((captures / "exports").glob("*/*.csv")):
        with pytest.raises(ProtocolError):
            lis2.records(path.read_bytes())
