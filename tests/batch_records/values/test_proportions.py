"""The exact interval of a rate, against figures that anybody can work out or look up."""

from __future__ import annotations

import pytest

from batch_records.values.proportion import interval


@pytest.mark.parametrize(
    ("seen", "of", "low", "high"),
    [
        (0, 3, 0.0, 0.7076),  # 1 - 0.025^(1/3)
        (3, 3, 0.2924, 1.0),
        (0, 10, 0.0, 0.3085),  # 1 - 0.025^(1/10)
        (1, 2, 0.0126, 0.9874),  # 1 - √0.975
        (5, 10, 0.1871, 0.8129),
    ],
)
def test_the_bounds_of_a_rate(seen: int, of: int, low: float, high: float) -> None:
    """Nothing seen in three leaves a rate of up to 71 % possible."""
    found = interval(seen, of)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(("seen", "of"), [(0, 0), (4, 3), (-1, 3)])
def test_what_cannot_be_counted_is_refused(seen: int, of: int) -> None:
    """Nobody treated gives no rate."""
    with pytest.raises(ValueError, match="patients"):
        interval(seen, of)
