"""Limits judge: three layers, bounds that may depend on what was recorded, and words that say them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_records.values.expression import FormulaError, Missing, Uncomputable
from batch_records.values.limit import NO_LIMITS, Limit, Limits, Verdict
from batch_records.values.quantity import Quantity
from batch_records.values.unit import Unit
from tests.batch_records.values.naming import TYPES, recorded

NOTHING = recorded()


def limit(text: str, unit: str) -> Limit:
    """Read a limit on a number."""
    return Limit.parse(text, TYPES, Unit.parse(unit))


def accepts(text: str, value: str, **values: str) -> bool:
    """Say whether a limit accepts a value."""
    quantity = Quantity.parse(value)
    return Limit.parse(text, TYPES, quantity.unit).accepts(quantity.base, recorded(**values))


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        (">= 70 %", "70 %", "69.99 %"),
        ("<= 10 %", "10.0 %", "10.01 %"),
        ("> 0 mL", "0.01 mL", "0 mL"),
        ("< 5 copies/cell", "4.99 copies/cell", "5.0 copies/cell"),
        ("36.5 to 37.5 °C", "36.5 °C", "36.4 °C"),
        ("36.5 to 37.5 °C", "37.5 °C", "37.6 °C"),
        ("36.5 °C to 37.5 °C", "37 °C", "38 °C"),
        ("-80 to -60 °C", "-80 °C", "-81 °C"),
        ("1e-3 to 5e-3 mL", "0.001 mL", "0.0009 mL"),
        ("50 to 100 uL", "0.05 mL", "0.04 mL"),
        (">= 70", "70 %", "69 %"),
        (">= 3", "3 vials", "2 vials"),
        (">= 100 1/mL", "100 1/mL", "99 1/mL"),
        (">= 6 10^6 cells", "6e6 cells", "5.9e6 cells"),
        ("200 to 300", "200 10^6 cells", "199 10^6 cells"),
        (">=70 %", "70 %", "69 %"),
    ],
)
@pytest.mark.requirement("RQ-036")
@pytest.mark.requirement("RQ-056")
def test_a_bound_is_within_unless_it_is_strict(text: str, inside: str, outside: str) -> None:
    """Both bounds of a range are within; a unit written once counts for both."""
    assert accepts(text, inside)
    assert not accepts(text, outside)


@pytest.mark.parametrize(
    ("text", "values", "inside", "outside"),
    [
        ("<= share", {"share": "5 %"}, "5 %", "5.01 %"),
        ("within 30 % of cells", {"cells": "2.0e7 cells"}, "1.4e7 cells", "1.39e7 cells"),
        ("within 30 % of cells", {"cells": "2.0e7 cells"}, "2.6e7 cells", "2.61e7 cells"),
        ("within share of cells", {"cells": "2.0e7 cells", "share": "20 %"}, "1.6e7 cells", "1.59e7 cells"),
        ("within share + 10 % of cells", {"cells": "2.0e7 cells", "share": "20 %"}, "1.4e7 cells", "1.39e7 cells"),
        ("within 0.5 mL of volume", {"volume": "5 mL"}, "5.5 mL", "5.51 mL"),
        ("within 5 % of 20 mL", {}, "19 mL", "18.9 mL"),
        ("within 5 % of -80 °C", {}, "-76 °C", "-75 °C"),
        ("within 5 % of -80 °C", {}, "-84 °C", "-85 °C"),
        ("volume to volume * 2", {"volume": "5 mL"}, "10 mL", "10.1 mL"),
        (">= if share > 50 % then 1 mL else 2 mL", {"share": "40 %"}, "2 mL", "1 mL"),
    ],
)
def test_a_bound_may_depend_on_what_was_recorded(text: str, values: dict[str, str], inside: str, outside: str) -> None:
    """A limit for this patient, of this dose, against this morning's volume."""
    assert accepts(text, inside, **values)
    assert not accepts(text, outside, **values)


@pytest.mark.parametrize(
    ("text", "unit", "column", "said"),
    [
        ("70 %", "%", 0, "write a limit as"),
        ("= 70 %", "%", 0, "write a limit as"),
        ("=> 70 %", "%", 0, "write a limit as"),
        ("", "%", 0, "write a limit as"),
        ("at least 70 %", "%", 0, "write a limit as"),
        ("5 to 10 to 20 mL", "mL", 0, "write a limit as"),
        (">= 5 % to 10 %", "%", 7, "did not expect “to”"),
        (">= 70 mL", "%", 3, "the limit is volume, and the value is in %"),
        (">= 70 prcent", "%", 6, "no unit this system knows"),
        (">= volum", "mL", 3, "did you mean “volume”?"),
        (">= appearance", "mL", 3, "the limit is a text"),
        ("1 to 5 g", "mL", 0, "the limit is mass"),
        ("1 mL to 5 g", "mL", 8, "the limit is mass"),
        ("37.5 to 36.5 °C", "°C", 0, "nothing would be within"),
        ("within 30 % of weight", "mL", 15, "the limit is mass"),
        ("within 5 of volume", "mL", 7, "write how far as a share"),
        ("within 5 kg of volume", "mL", 7, "write how far as a share"),
        ("within 5 % of volum", "mL", 14, "did you mean “volume”?"),
        ("within 5 pct of volume", "mL", 9, "no unit"),
        (">= 1 mL / 0", "mL", 0, "cannot be computed: division by zero"),
        (">= nan", "%", 3, "no value is named “nan”"),
    ],
)
@pytest.mark.requirement("RQ-058")
def test_a_limit_that_could_mislead_is_refused(text: str, unit: str, column: int, said: str) -> None:
    """Nothing of a limit is quietly dropped or guessed."""
    with pytest.raises(FormulaError) as caught:
        limit(text, unit)
    assert said in str(caught.value)
    assert caught.value.column == column


def test_a_choice_is_within_when_it_is_an_accepted_one() -> None:
    """Words are compared to the letter."""
    accepted = Limit.parse("one of negative, not done", {})
    assert [accepted.accepts(word, NOTHING) for word in ("negative", "not done", "Negative", "positive")] == [
        True,
        True,
        False,
        False,
    ]
    assert Limit.parse("no growth", {}).accepts("no growth", NOTHING)


def layers(plausible: str = "", action: str = "", alert: str = "") -> Limits:
    """Return limits in percent."""
    return Limits(*(limit(text, "%") if text else None for text in (plausible, action, alert)))


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("101", Verdict.IMPLAUSIBLE),
        ("69.9", Verdict.ACTION),
        ("70", Verdict.ALERT),
        ("79.9", Verdict.ALERT),
        ("80", Verdict.WITHIN),
        ("100", Verdict.WITHIN),
        ("-1", Verdict.IMPLAUSIBLE),
    ],
)
@pytest.mark.requirement("RQ-069")
def test_the_worst_layer_speaks(value: str, verdict: Verdict) -> None:
    """What cannot be is a slip, what may not be is a deviation, and before that comes a warning."""
    limits = layers("0 to 100 %", ">= 70 %", ">= 80 %")
    assert limits.judge(Quantity.parse(f"{value} %").base, NOTHING) is verdict


def test_only_what_is_outside_opens_a_deviation() -> None:
    """An alert warns; outside the action limit or beyond belief something must be done."""
    assert {verdict for verdict in Verdict if verdict.is_out} == {Verdict.ACTION, Verdict.IMPLAUSIBLE}


def test_without_a_limit_there_is_no_verdict() -> None:
    """A value that is only plausible was not judged good."""
    assert NO_LIMITS.judge(Fraction(5), NOTHING) is Verdict.NONE
    assert layers(plausible="0 to 100 %").judge(Fraction(1, 2), NOTHING) is Verdict.NONE


@pytest.mark.parametrize(
    ("text", "unit", "values", "words"),
    [
        (">= 70 %", "%", {}, "≥ 70 %"),
        ("< 5 copies/cell", "copies/cell", {}, "< 5 copies/cell"),
        ("36.5 to 37.5 °C", "°C", {}, "36.5 to 37.5 °C"),
        (">= 123456 cells", "cells", {}, "≥ 123456 cells"),
        ("within 30 % of cells", "cells", {"cells": "2.0e7 cells"}, "1.4 × 10⁷ to 2.6 × 10⁷ cells"),
        ("within 30 % of cells", "10^6 cells", {"cells": "2.0e7 cells"}, "14 to 26 10^6 cells"),
        ("<= volume / 3", "mL", {"volume": "1 mL"}, "≤ 0.333333 mL"),
        ("<= volume", "mL", {"volume": "0.0001 mL"}, "≤ 1 × 10⁻⁴ mL"),
        ("<= volume", "mL", {"volume": "100 mL"}, "≤ 100 mL"),
        ("<= volume", "mL", {}, "<= volume"),
        ("<= volume / share", "mL", {"volume": "1 mL", "share": "0 %"}, "<= volume / share"),
        ("within 5 % of volume", "mL", {}, "within 5 % of volume"),
    ],
)
def test_a_limit_is_said_with_its_bounds_computed(text: str, unit: str, values: dict[str, str], words: str) -> None:
    """The person sees the numbers beside the field, and the rule itself while they cannot be known."""
    assert limit(text, unit).in_words(recorded(**values), Unit.parse(unit)) == words


def test_all_layers_are_said() -> None:
    """What a verdict was given against is kept with it."""
    said = layers("0 to 100 %", ">= 70 %", ">= 80 %").in_words(NOTHING, Unit.parse("%"))
    assert said == "limit ≥ 70 %, alert ≥ 80 %, plausible 0 to 100 %"
    assert Limits(action=Limit.parse("one of a, b", {})).in_words(NOTHING, None) == "limit a or b"


def test_limits_know_what_they_depend_on() -> None:
    """A correction of any of these judges the value again."""
    limits = Limits(limit("0 to volume", "mL"), limit("within share of volume", "mL"))
    assert set(limits.names) == {"volume", "share"}


def test_a_bound_that_is_not_known_gives_no_verdict() -> None:
    """Neither a missing bound nor one that cannot be computed lets a value pass."""
    with pytest.raises(Missing):
        limit("<= volume", "mL").accepts(Fraction(0), NOTHING)
    with pytest.raises(Uncomputable):
        limit("<= volume / share", "mL").accepts(Fraction(0), recorded(volume="1 mL", share="0"))


@given(st.integers(-999, 999), st.integers(-999, 999), st.integers(-999, 999))
@pytest.mark.requirement("RQ-056")
def test_a_range_agrees_with_plain_arithmetic(low: int, high: int, value: int) -> None:
    """The oracle compares integers."""
    low, high = sorted((low, high))
    assert accepts(f"{low / 10} to {high / 10} mL", f"{value / 10} mL") is (low <= value <= high)


@given(st.integers(0, 100), st.integers(1, 10_000), st.integers(-30_000, 30_000))
def test_a_spread_agrees_with_plain_arithmetic(percent: int, middle: int, value: int) -> None:
    """The oracle multiplies out: a hundred times the distance is at most the percentage of the middle."""
    within = 100 * abs(value - middle) <= percent * middle
    assert accepts(f"within {percent} % of {middle} mL", f"{value} mL") is within


def _is_read_or_refused(text: str) -> bool:
    try:
        limit(text, "mL")
    except FormulaError:
        return True
    return True


@given(st.text(max_size=40) | st.from_regex(r"(>=|<=|within|) ?[0-9a-z.% ]{0,20}( to | of )[0-9a-zA-Z.% ]{0,20}"))
def test_any_text_is_a_limit_or_refused(text: str) -> None:
    """No text makes the reader stumble."""
    assert _is_read_or_refused(text)
