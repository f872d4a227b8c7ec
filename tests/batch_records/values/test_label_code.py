"""The codes on our labels: ten thousand wrong scans, none taken for right."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_records.values import isbt128
from batch_records.values.isbt128 import Structure
from batch_records.values.label_code import LabelCode, read_label, says, write_label

DIN = "G123489654321"
COIS = st.from_regex(r"COI-26-[0-9]{4}-[A-Z]", fullmatch=True) | st.builds(
    isbt128.issue_identity,
    st.from_regex(r"[A-NP-Z][0-9]{4}", fullmatch=True),
    st.integers(2020, 2050),
    st.integers(0, 999999),
)
BATCHES = st.from_regex(r"B[0-9]{2}-[0-9]{4}", fullmatch=True)
SERIALS = st.integers(1, 99999)
# An English scanner on a German keyboard, and on a French one.
LAYOUTS = (str.maketrans("YZ-/", "ZYß-"), str.maketrans("AQ1234567890-", "QA&é\"'(-è_çà)"))


@given(COIS, BATCHES, SERIALS)
def test_a_label_says_its_therapy_its_batch_and_its_number(coi: str, batch: str, number: int) -> None:
    """In either form, and both identities that a step may ask for are proven by it."""
    code = write_label(coi, batch, number)
    read = read_label(code)
    assert read == LabelCode(coi, batch.replace("-", ""), number)
    assert read.is_of(batch)
    assert says(code, coi, "coi")
    assert says(code, batch, "product_batch")


@pytest.mark.requirement("RQ-115")
@pytest.mark.requirement("RQ-116")
def test_a_label_of_isbt_128_carries_what_others_read() -> None:
    """One compound message: whose, of which donation, what, until when, and which label."""
    more = (Structure(isbt128.DONATION, f"{DIN}00"), Structure(isbt128.PRODUCT, "S1234500"))
    code = write_label("CHA999926000001", "B26-0001", 3, more)
    assert code == "=+04000&/CHA999926000001=G12348965432100=<S1234500&,200B260001000036H2E"
    assert says(code, DIN, "donation_number")
    assert read_label(code) == LabelCode("CHA999926000001", "B260001", 3)


def wrong_scan(chance: Random) -> tuple[str, str]:
    """Return whose code belongs here, and a scan that is not it: another child's, or one that was read wrongly."""
    coi, other = identity(chance), identity(chance)
    batch, number = f"B{chance.randrange(100):02}-{chance.randrange(10_000):04}", chance.randrange(1, 100_000)
    more = (Structure(isbt128.DONATION, f"{DIN}00"),) if chance.random() < 0.5 else ()
    code = chance.choice([coi, write_label(coi, batch, number, more)])
    at = chance.randrange(len(code) - 1)
    wrong = (
        other,
        write_label(other, batch, number, more),
        code[:at] + code[at + 1] + code[at] + code[at + 2 :],
        code[:at],
        code[at + 1 :],
        code[:at] + code[at + 1 :],
        code[:at] + chance.choice("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcxyz-/=&<>,") + code[at + 1 :],
        code + code,
        f"{code} {code}",
        code + other,
        other + code,
        code.lower(),
        code.translate(chance.choice(LAYOUTS)),
        code.replace("-", "\N{NON-BREAKING HYPHEN}"),
    )
    return coi, chance.choice([each for each in wrong if each not in (code, coi)])


def identity(chance: Random) -> str:
    """Return a chain-of-identity code of either form."""
    plain = f"COI-26-{chance.randrange(10_000):04}-{chance.choice('ABCDEF')}"
    return chance.choice([plain, isbt128.issue_identity("A9999", 2026, chance.randrange(1_000_000))])


@pytest.mark.requirement("RQ-113")
def test_of_ten_thousand_wrong_scans_none_is_taken_for_right() -> None:
    """Another child's, swapped, cut off, twice in one line, another keyboard: none is accepted."""
    chance = Random(128)  # noqa: S311 - the same scans each time
    taken = [(coi, wrong) for coi, wrong in (wrong_scan(chance) for _ in range(10_000)) if says(wrong, coi, "coi")]
    assert taken == []


def test_nothing_is_expected_of_what_is_not_known() -> None:
    """An empty scan does not match an empty expectation."""
    assert not says("", "", "coi")


def test_a_label_of_another_form_proves_no_donation() -> None:
    """A plain label names therapy and batch, whatever a recipe compares it with."""
    assert not says(write_label("COI-26-0001-A", "B26-0001", 1), "COI-26-0001-A", "donation_number")
