"""Units as LADS devices tell them."""

from __future__ import annotations

import pytest

from batch_records.values.unit import Unit
from devices.instruments import lads
from devices.instruments.lads import Lads

UNECE = "http://www.opcfoundation.org/UA/units/un/cefact"


@pytest.mark.parametrize(
    ("number", "shown", "unit"),
    [
        (4408652, "°C", "°C"),
        (20529, "% or pct", "%"),
        (5321520, "pH", "pH"),
        (5394509, "r/min", "rev/min"),
        (19506, "l/min", "L/min"),
        (5059379, "mmol/l", "mmol/L"),
        (4403766, "", "ms"),
    ],
)
def test_a_code_is_our_unit_however_it_is_shown(number: int, shown: str, unit: str) -> None:
    """UNECE Recommendation 20, as OPC-UA numbers it."""
    assert Lads().unit(UNECE, number, shown) == unit
    assert not Lads().doubt(unit)


@pytest.mark.parametrize(
    ("namespace", "number", "shown", "said"),
    [
        (UNECE, 4604232, "°F", "°F"),
        (UNECE, 4604232, "°C", "°C, by its code FAH"),
        (UNECE, 4408652, "%", "%, by its code CEL"),
        ("urn:vendor", 4408652, "degrees", "degrees"),
        ("", 0, "", "no unit"),
        ("urn:vendor", 1, "x" * 100, "x" * 40),
    ],
)
def test_another_unit_is_said_and_doubted(namespace: str, number: int, shown: str, said: str) -> None:
    """None of ours, one whose code and text disagree, none at all: never silently one of ours."""
    assert Lads().unit(namespace, number, shown) == said
    assert Lads().doubt(said) == f"the unit “{said}” is not known"


def test_a_vendors_own_code_may_show_a_unit_of_ours() -> None:
    """UNECE counts no cells."""
    assert Lads().unit("urn:vendor", 7, "cells/mL") == "cells/mL"
    assert not Lads().doubt("cells/mL")


def test_every_unit_is_one_that_recipes_know() -> None:
    """Whatever is not doubted can be calculated with."""
    assert all(Unit.parse(unit) for unit in lads._OURS)
