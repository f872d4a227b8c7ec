"""Times as instruments write them: read in the one way that there is, or as the site says, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.instrument import DateOrder
from devices.local_time import instant, read
from devices.protocols import ProtocolError

DAY, MONTH = DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST


def at(text: str, dates: DateOrder | None = None) -> str:
    return str(read(text, dates))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2023-09-15 16:55:51", "2023-09-15 16:55:51"),
        ("2022-10-07T11:52:44", "2022-10-07 11:52:44"),
        ("20231120 163016", "2023-11-20 16:30:16"),
        ("29 Sep 2023  5:21:06 AM", "2023-09-29 05:21:06"),
        ("16 Mar 2020  12:39:45 PM", "2020-03-16 12:39:45"),
        ("16 Mar 2020  12:39:45 AM", "2020-03-16 00:39:45"),
        ("3/21/2022 16:56", "2022-03-21 16:56:00"),
        ("24-6-2022  14:34:52", "2022-06-24 14:34:52"),
        ("3/3/2022 8:05", "2022-03-03 08:05:00"),
    ],
)
@pytest.mark.parametrize("dates", [None, DAY, MONTH])
def test_what_has_one_meaning_has_it_whatever_the_site_says(text: str, time: str, dates: DateOrder | None) -> None:
    """Year first, a month's name, a day after the twelfth; a site that says otherwise of its own dates is told."""
    try:
        assert at(text, dates) == time
    except ProtocolError as contradiction:
        assert "configured" in str(contradiction)  # noqa: PT017 - one of two outcomes, both of them right
        assert dates


@pytest.mark.parametrize("text", ["3/4/2022 16:56", "12-11-2022 1:00 PM", "1.2.2022 10:00", "5/20/25 12:25"])
def test_what_may_be_read_in_two_ways_is_not_read_until_the_site_says_how(text: str) -> None:
    """It is never guessed; a year of two digits is as unclear."""
    with pytest.raises(ProtocolError, match=r"two ways: write dates = "):
        read(text, None)


def test_the_site_says_how() -> None:
    """The third of April, or the fourth of March."""
    assert at("3/4/2022 16:56", DAY) == "2022-04-03 16:56:00"
    assert at("3/4/2022 16:56", MONTH) == "2022-03-04 16:56:00"
    assert at("5/20/25 12:25", MONTH) == "2025-05-20 12:25:00"


def test_a_date_that_contradicts_the_site_is_refused() -> None:
    """Then the other dates of that instrument are read wrongly, too."""
    with pytest.raises(ProtocolError, match=r"3/21/2022 16:56 is no day-first date"):
        read("3/21/2022 16:56", DAY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20240219",
        "2024-02-19",
        "99/99/2022 1:00",
        "1999-09-99 09:49:29",
        "16 Xyz 2020 1:00",
        "3/4/2022 25:00",
        "2022-10-07 13:00 PM",
        "2022-10/07 11:52",
        "yesterday",
        "３/4/2022 16:56",  # noqa: RUF001 - full-width
    ],
)
def test_what_is_no_time_of_a_day_is_none(text: str) -> None:
    """A day alone is no time either: midnight would be an invention."""
    assert read(text, MONTH) is None


@given(st.text(max_size=30), st.sampled_from([None, DAY, MONTH]))
def test_any_text_is_read_or_refused(text: str, dates: DateOrder | None) -> None:
    """Nothing but a protocol error comes out of garbage."""
    try:
        found = read(text, dates)
    except ProtocolError:
        found = None
    assert found is None or any(character.isdigit() for character in text)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)), st.sampled_from([DAY, MONTH]))  # noqa: DTZ001 - as an instrument writes it
def test_what_was_written_is_read_back(time: datetime, dates: DateOrder) -> None:
    """Every day of the century, in both orders."""
    written = f"{time:%d/%m/%Y %H:%M:%S}" if dates is DAY else f"{time:%m/%d/%Y %H:%M:%S}"
    assert read(written, dates) == time.replace(microsecond=0)


def test_the_zone_is_the_sites() -> None:
    """In summer and in winter; where the clocks' change makes it unclear there is no time."""
    berlin = ZoneInfo("Europe/Berlin")
    assert instant("2026-07-01 12:00", berlin, None) == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert instant("2026-12-01 12:00", berlin, None) == datetime(2026, 12, 1, 11, tzinfo=UTC)
    assert instant("2026-10-25 02:30", berlin, None) is None
