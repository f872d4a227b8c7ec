"""Units of measure: a closed list, combined with ``/``, each with an exact factor to its base units.

A cell, a transducing unit and an endotoxin unit are dimensions of their own here, as a second or a gram is. So
``cells * TU/cell / (TU/mL)`` is known to be a volume when the recipe is read, and a titre put where a dose belongs
is a mistake with a line number, not a number in a child's batch record.

Factors are fractions: minutes to hours has no exact decimal, and a verdict must not hang on a rounding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from functools import lru_cache

Dimensions = tuple[tuple[str, int], ...]  # (("cell", 1), ("volume", -1)): sorted, no zero powers

_ATOMS: dict[str, tuple[Fraction, Dimensions]] = {}


def _define(dimension: str | None, **factors: str) -> None:
    dimensions = ((dimension, 1),) if dimension else ()
    for name, factor in factors.items():
        _ATOMS[name] = (Fraction(factor), dimensions)


_define(None, **{"1": "1", "%": "1/100", "fold": "1"})
_define("volume", L="1", dL="1/10", mL="1/1000", uL="1/1000000", nL="1/1000000000", fL="1/1000000000000000")
_define("mass", kg="1000", g="1", mg="1/1000", ug="1/1000000", ng="1/1000000000", pg="1/1000000000000")
_define("time", ms="1/1000", s="1", min="60", h="3600", d="86400")
_define("amount", mol="1", mmol="1/1000", umol="1/1000000", pmol="1/1000000000000")
_define("length", um="1/1000000")
_define("area", cm2="1", m2="10000")
_define("temperature", **{"°C": "1"})
_define("acidity", pH="1")
# A pound-force is 0.45359237 kg × 9.80665 m/s², a square inch 0.0254² m²: exact since 1959.
_define("pressure", Pa="1", hPa="100", kPa="1000", mbar="100", bar="100000", psi="8896443230521/1290320000")
_define("cell", cell="1", cells="1")
_define("transducing unit", TU="1")
_define("endotoxin unit", EU="1")
_define("international unit", IU="1", kIU="1000")
_define("copy", copy="1", copies="1")
_define("event", event="1", events="1")
_define("doubling", doublings="1")
_define("container", bag="1", bags="1")
_define("vial", vial="1", vials="1")
_define("cuvette", cuvette="1", cuvettes="1")
_define("label", label="1", labels="1")
_define("revolution", rev="1")
_define("gravity", x_g="1")
for _name in ("uL", "ug", "umol", "um"):  # the micro sign and the Greek letter look alike, and both are sent
    for _micro in ("\N{MICRO SIGN}", "\N{GREEK SMALL LETTER MU}"):
        _ATOMS[_micro + _name[1:]] = _ATOMS[_name]

_SCALE = re.compile(r"10\^(-?[0-9]{1,2}) ")
_LONGEST = 60
_MEANT = {"percent": "%", "C": "°C", "hr": "h", "hour": "h", "hours": "h", "day": "d", "days": "d", "sec": "s"}


class UnitError(ValueError):
    """A text that names no unit; its sentence says which was meant, where one is near."""


@dataclass(frozen=True)
class Unit:
    """A unit as written, its exact factor to base units, and its dimensions. ``Unit.parse("10^6 cells/mL")``."""

    text: str
    factor: Fraction
    dimensions: Dimensions

    @staticmethod
    @lru_cache(maxsize=1024)
    def parse(text: str) -> Unit:
        """Read ``mL``, ``TU/mL``, ``EU/kg/h`` or ``10^6 cells/mL``. Raise `UnitError` for anything else."""
        if len(text) > _LONGEST:
            raise UnitError(f"a unit is at most {_LONGEST} characters")
        scale = _SCALE.match(text)
        factor = Fraction(10) ** int(scale[1]) if scale else Fraction(1)
        powers: dict[str, int] = {}
        for position, atom in enumerate(text[scale.end() if scale else 0 :].split("/")):
            if atom not in _ATOMS:
                raise UnitError(f"“{text}” is no unit this system knows{_near(atom)}")
            direction = -1 if position else 1
            atom_factor, dimensions = _ATOMS[atom]
            factor *= atom_factor**direction
            for name, power in dimensions:
                powers[name] = powers.get(name, 0) + direction * power
        return Unit(text, factor, tuple(sorted((name, power) for name, power in powers.items() if power)))

    def __str__(self) -> str:
        return self.text


ONE = Unit.parse("1")


def multiply(left: Dimensions, right: Dimensions, direction: int = 1) -> Dimensions:
    """Dimensions of a product, or of a quotient with ``direction=-1``."""
    powers = dict(left)
    for name, power in right:
        powers[name] = powers.get(name, 0) + direction * power
    return tuple(sorted((name, power) for name, power in powers.items() if power))


def describe(dimensions: Dimensions) -> str:
    """Dimensions in words, for a sentence: ``cell per volume``, ``a plain number``."""
    above = [_power(name, power) for name, power in dimensions if power > 0]
    below = [_power(name, -power) for name, power in dimensions if power < 0]
    if not dimensions:
        return "a plain number"
    return " × ".join(above or ["1"]) + "".join(f" per {name}" for name in below)


def _power(name: str, power: int) -> str:
    return name if power == 1 else f"{name}^{power}"


def _near(atom: str) -> str:
    same = [known for known in _ATOMS if known.casefold() == atom.casefold()]  # “ml” is nearer to mL than to mol
    near = [_MEANT[atom]] if atom in _MEANT else same or get_close_matches(atom, _ATOMS, 1)
    return f"; did you mean “{near[0]}”?" if near else ""
