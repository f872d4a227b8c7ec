"""ISBT 128: what a scan says, and that nothing else is taken for it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_records.values import isbt128
from batch_records.values.isbt128 import NotIsbt128, Structure, read, read_donation, read_product

DIN = "G123489654321"
FACILITIES = st.from_regex(r"[A-NP-Z1-9][0-9]{4}", fullmatch=True)
NUMBERS = st.builds("{}{}".format, FACILITIES, st.from_regex(r"[0-9]{8}", fullmatch=True))


@pytest.mark.requirement("RQ-115")
def test_a_donation_number_has_its_check_character() -> None:
    """The examples that are published."""
    assert isbt128.check_character(DIN) == "Y"
    assert isbt128.check_character("A999921123456") == "3"
    assert isbt128.printed(DIN) == "G1234 89 654321 Y"


@pytest.mark.requirement("RQ-115")
@pytest.mark.parametrize("text", ["=G12348965432100", "G1234 89 654321 Y", "g123489654321y", "=G12348965432194"])
def test_a_donation_number_is_read_scanned_or_typed(text: str) -> None:
    """From its symbol, whatever its flags say, and from the keyboard with its check character."""
    assert read_donation(text) == DIN


@pytest.mark.requirement("RQ-115")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("G1234 89 654321 Z", "does not have the check character Z"),
        ("G1234 98 654321 Y", "does not have the check character Y"),
        (DIN, "type the check character"),
        ("=G12348965432160", "the flags .* do not belong to it"),
        ("=G1234896543210", "no ISBT 128 code"),
        ("=G12348965432100=G12348965432100", "two codes were read at once"),
        ("=<S1234500", "this is a product code, and a donation identification number is asked for"),
        ("O1234 89 654321 Y", "13 signs and its check character"),
        ("=", "no ISBT 128 code"),
    ],
)
def test_what_is_no_donation_number_is_refused_with_the_reason(text: str, said: str) -> None:
    """Swapped, cut off, without its check, twice, or something else."""
    with pytest.raises(NotIsbt128, match=said):
        read_donation(text)


@pytest.mark.requirement("RQ-115")
@given(NUMBERS, st.integers(0, 12))
def test_two_signs_that_change_places_next_to_each_other_are_noticed(number: str, at: int) -> None:
    """The commonest slip of who types."""
    swapped = number[:at] + number[at : at + 2][::-1] + number[at + 2 :]
    if swapped != number:
        assert isbt128.check_character(swapped) != isbt128.check_character(number)


@given(NUMBERS, st.integers(0, 12), st.sampled_from("0123456789ABCDEFGHIJKLMNPQRSTUVWXYZ"))
def test_one_wrong_sign_is_noticed(number: str, at: int, sign: str) -> None:
    """The other."""
    wrong = number[:at] + sign + number[at + 1 :]
    assert (isbt128.check_character(wrong) == isbt128.check_character(number)) == (wrong == number)


@pytest.mark.requirement("RQ-115")
def test_product_code_and_expiry_are_read_and_written() -> None:
    """A day alone lasts to its last minute."""
    assert read_product("=<S1234500") == read_product("S1234500") == "S1234500"
    assert isbt128.expiry(datetime(2026, 12, 31, 14, 5)).text == "&>0263651405"  # noqa: DTZ001 - the place's own clock
    for code, time in (
        ("&>0263651405", "2026-12-31 14:05"),
        ("=>024366", "2024-12-31 23:59"),
        ("=*998001", "1998-01-01"),
    ):
        (found,) = read(code)
        assert str(isbt128.read_time(found)).startswith(time)


@pytest.mark.parametrize("code", ["&>0263661405", "=>026000", "&>0260012405", "&>0260011260", "=>02636", "=<s1234500"])
def test_days_and_hours_that_are_not_are_refused(code: str) -> None:
    """2026 has 365 days, and no day has a 25th hour."""
    with pytest.raises(NotIsbt128):
        read(code)


@pytest.mark.requirement("RQ-115")
def test_a_compound_message_is_read_whole_or_not() -> None:
    """As many parts as it says, each once; a part that is missing takes all of it away."""
    parts = (
        Structure(isbt128.DONATION, f"{DIN}00"),
        Structure(isbt128.BLOOD_GROUP, "5100"),
        Structure(isbt128.PRODUCT, "S1234500"),
        Structure(isbt128.PATIENT, "1104AB12"),
        Structure(isbt128.EXPIRY, "0263651405"),
        Structure(isbt128.IDENTITY, "CHA999926000001"),
    )
    text = isbt128.write(parts)
    assert text.startswith("=+06000=G123489654321")
    assert read(text) == parts
    for wrong in (text[:-1], text + "0", text.replace("=+06", "=+05"), text.replace("=%5100", "=%51"), f"{text}{text}"):
        with pytest.raises(NotIsbt128):
            read(wrong)
    with pytest.raises(NotIsbt128, match="twice"):
        read("=+02000=G12348965432100=G12348965432200")


@given(st.text(max_size=60) | st.from_regex(r"(=|&)[ -~]{0,40}", fullmatch=True))
def test_garbage_is_refused_in_words_and_never_raises_anything_else(text: str) -> None:
    """Whatever a scanner sends, what is read of it is all of it."""
    found: tuple[Structure, ...] = ()
    with suppress(NotIsbt128):
        found = read(text)
    assert not found or text.endswith("".join(each.text for each in found))


@pytest.mark.requirement("RQ-116")
def test_a_chain_of_identity_is_issued_in_its_form() -> None:
    """By the facility that issues it, in a year, with a serial number."""
    code = isbt128.issue_identity("A9999", 2026, 17)
    assert code == "CHA999926000017"
    assert read(f"&/{code}")[0].value == code
    assert isbt128.facility_of(code) == isbt128.facility_of("A999926123456") == "A9999"
    with pytest.raises(NotIsbt128, match="no facility identification number"):
        isbt128.issue_identity("OXO", 2026, 1)
