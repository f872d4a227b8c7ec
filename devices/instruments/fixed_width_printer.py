"""Any instrument that prints a line a result in which every field has its place: balances, meters, older counters.

There is no standard for such lines: the site says what the fields are (`devices.printer`), and how wide each is. Where
an instrument can print either, this is the better: a line with a character missing has another length.

    [instruments.PR-02]
    kind = "fixed-width-printer"
    port = "/dev/ttyUSB2"
    fields = ["sample", "mass", "=g"]
    widths = [12, 10, 3]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from devices.instrument import instrument
from devices.printer import ResultPrinter, distinct, printout
from devices.protocols.fixed_width import FixedWidthLines
from devices.toml_table import Table


@instrument("fixed-width-printer", verified=None)
class FixedWidthPrinter(ResultPrinter):
    """Any instrument that prints a line a result, with a place for every field."""

    widths: Sequence[int] = (16, 20, 12, 12, 8)

    @classmethod
    def configured(cls, table: Table) -> Self:
        """Return a printer whose lines are as the site says."""
        made = cls()
        made.printout = printout(table, ("sample", "time", "-", *cls.channels))
        made.widths = table.counts("widths", cls.widths)
        if len(made.widths) != len(made.printout.fields):
            table.mistake("widths", f"there are {len(made.printout.fields)} fields and {len(made.widths)} widths")
            made.widths = [1] * len(made.printout.fields)
        return made

    def link(self) -> FixedWidthLines:
        """Return the line, as new."""
        fields = distinct(self.printout.fields)
        return FixedWidthLines(self.printout.end, widths=dict(zip(fields, self.widths, strict=True)))
