"""A measured figure, and the bar that it should hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A figure, its bar, and whether it holds; without a bar it only informs."""

    value: float
    unit: str
    bar: float | None = None
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the bar is held."""
        if self.bar is None:
            return True
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def as_json(self) -> dict[str, object]:
        """Return it as the table's JSON has it."""
        return {"value": round(self.value, 3), "bar": self.bar, "holds": self.holds, "unit": self.unit}


Named = Iterator[tuple[str, Figure]]
