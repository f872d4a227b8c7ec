"""Charts as SVG for the printed record: points and stretches between axes, with the limits drawn in."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from itertools import pairwise

from batch_records.values.quantity import power_of_ten

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 680, 64, 14, 14, 30
_INK, _GREY, _LIMIT = "#12181b", "#77838a", "#a33b2a"


@dataclass(frozen=True)
class Line:
    """A horizontal line with a word on it: a limit, a target."""

    value: float
    word: str


@dataclass(frozen=True)
class Chart:
    """One chart: times in seconds since the epoch, and lowest and highest values (the same for single points)."""

    title: str
    unit: str
    at: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    zero: float  # what day 0 is, in seconds since the epoch
    points: bool = False
    logarithmic: bool = False
    lines: Sequence[Line] = field(default_factory=tuple)
    height: int = 150
    gap: float = 0.0  # from how many seconds on nothing is drawn between two stretches; 0 draws all as one

    def svg(self) -> str:
        """Return the chart as an SVG element with a title that says it in words."""
        frame = _Frame(self)
        marks = frame.dots() if self.points else frame.band()
        parts = [frame.grid(), frame.limits(), marks]
        described = f"{self.title}, {self.unit}: {len(self.at)} points, {min(self.low):.4g} to {max(self.high):.4g}"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {self.height}" width="{_WIDTH}" '
            f'height="{self.height}" font-family="DejaVu Sans, sans-serif" font-size="9" role="img">'
            f"<title>{escape(described)}</title>{''.join(parts)}</svg>"
        )


class _Frame:
    """The scales of one chart, and what is drawn on them."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.low: float
        self.high: float
        values = [*chart.low, *chart.high, *(line.value for line in chart.lines)]
        if chart.logarithmic:
            values = [value for value in values if value > 0]
            self.low, self.high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)) + 0.01)
        else:
            room = (max(values) - min(values)) * 0.08 or abs(max(values)) * 0.05 or 1.0
            self.low, self.high = min(values) - room, max(values) + room
        self.days = [(at - chart.zero) / 86_400 for at in chart.at]
        self.first, self.last = math.floor(min(self.days)), math.ceil(max(*self.days, min(self.days) + 1))

    def x(self, day: float) -> float:
        """Place a day."""
        return round(_LEFT + (day - self.first) / (self.last - self.first) * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        """Place a value."""
        scaled = math.log10(value) if self.chart.logarithmic else value
        share = (scaled - self.low) / (self.high - self.low)
        return round(self.chart.height - _BOTTOM - share * (self.chart.height - _TOP - _BOTTOM), 1)

    def grid(self) -> str:
        """Draw the axes, their ticks and words."""
        bottom = self.chart.height - _BOTTOM
        drawn = [
            f'<path d="M{_LEFT} {_TOP}V{bottom}H{_WIDTH - _RIGHT}" fill="none" stroke="{_GREY}" stroke-width="0.8"/>'
        ]
        for value in self.ticks():
            y = self.y(value)
            drawn.append(f'<path d="M{_LEFT} {y}H{_WIDTH - _RIGHT}" stroke="#e0e4e6" stroke-width="0.6"/>')
            drawn.append(f'<text x="{_LEFT - 5}" y="{y + 3}" text-anchor="end" fill="{_GREY}">{_number(value)}</text>')
        drawn += [
            f'<text x="{self.x(day)}" y="{bottom + 12}" text-anchor="middle" fill="{_GREY}">{day}</text>'
            for day in range(self.first, self.last + 1)
        ]
        words = f"{self.chart.title}, {self.chart.unit}" if self.chart.unit else self.chart.title
        drawn.append(f'<text x="{_LEFT}" y="{_TOP - 4}" fill="{_INK}" font-weight="bold">{escape(words)}</text>')
        drawn.append(
            f'<text x="{_WIDTH - _RIGHT}" y="{bottom + 24}" text-anchor="end" fill="{_GREY}">day of culture</text>'
        )
        return "".join(drawn)

    def ticks(self) -> list[float]:
        """Return some five round values."""
        if self.chart.logarithmic:
            return [10.0**power for power in range(int(self.low), int(self.high) + 1)]
        span = self.high - self.low
        step = 10 ** math.floor(math.log10(span / 3))
        step *= next(factor for factor in (1, 2, 5, 10) if span / (step * factor) <= 5)
        first = math.ceil(self.low / step)
        return [round(index * step, 10) for index in range(first, math.floor(self.high / step) + 1)]

    def limits(self) -> str:
        """Draw the lines, each with its word."""
        return "".join(
            f'<path d="M{_LEFT} {self.y(line.value)}H{_WIDTH - _RIGHT}" stroke="{_LIMIT}" stroke-width="0.8" '
            f'stroke-dasharray="5 3"/><text x="{_WIDTH - _RIGHT}" y="{self.y(line.value) - 3}" text-anchor="end" '
            f'fill="{_LIMIT}">{escape(line.word)}</text>'
            for line in self.chart.lines
        )

    def dots(self) -> str:
        """Draw points with lines between them."""
        places = [(self.x(day), self.y(value)) for day, value in zip(self.days, self.chart.high, strict=True)]
        path = " ".join(f"{x},{y}" for x, y in places)
        dots = "".join(
            f'<circle cx="{x}" cy="{y}" r="3" fill="#fff" stroke="{_INK}" stroke-width="1.4"/>' for x, y in places
        )
        return f'<polyline points="{path}" fill="none" stroke="{_INK}" stroke-width="1.4"/>{dots}'

    def band(self) -> str:
        """Draw a band from the lowest to the highest of each stretch: no peak is lost by thinning, a gap is a gap."""
        return "".join(self._stretch(*ends) for ends in _unbroken(self.chart.at, self.chart.gap))

    def _stretch(self, first: int, last: int) -> str:
        days, low, high = (each[first:last] for each in (self.days, self.chart.low, self.chart.high))
        above = [(self.x(day), self.y(value)) for day, value in zip(days, high, strict=True)]
        below = [(self.x(day), self.y(value)) for day, value in zip(days, low, strict=True)]
        path = " ".join(f"{x},{y}" for x, y in [*above, *reversed(below)])
        return f'<polygon points="{path}" fill="{_INK}" stroke="{_INK}" stroke-width="0.8"/>'


def _unbroken(at: Sequence[float], gap: float) -> Iterator[tuple[int, int]]:
    """Give from where to where times follow without a gap longer than so."""
    breaks = [index for index in range(1, len(at)) if gap and at[index] - at[index - 1] > gap]
    yield from pairwise([0, *breaks, len(at)])


def _number(value: float) -> str:
    if value and (abs(value) >= 100_000 or abs(value) < 0.001):
        mantissa, _, power = f"{value:.0e}".partition("e")
        raised = power_of_ten(int(power))
        return raised if mantissa == "1" else f"{mantissa} × {raised}"
    return f"{value:g}"


def seconds(at: datetime) -> float:
    """Return a time in seconds since the epoch."""
    return at.timestamp()
