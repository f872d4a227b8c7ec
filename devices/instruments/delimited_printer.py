"""Any instrument that prints a line a result with separators between the fields: counters, meters, loggers.

There is no standard for such lines: the site says what the fields are (`devices.printer`).

    [instruments.PR-01]
    kind = "delimited-printer"
    port = "/dev/ttyUSB1"
    separator = ";"
    fields = ["sample", "time", "-", "mass", "=g"]
    dates = "day-first"
"""

from __future__ import annotations

from typing import Self

from devices.instrument import instrument
from devices.printer import ResultPrinter, distinct, printout
from devices.protocols.delimited import DelimitedLines
from devices.toml_table import Table


@instrument("delimited-printer", verified=None)
class DelimitedPrinter(ResultPrinter):
    """Any instrument that prints a line a result, with separators between its fields."""

    separator = ","

    @classmethod
    def configured(cls, table: Table) -> Self:
        """Return a printer whose lines are as the site says."""
        made = cls()
        made.printout = printout(table, ("sample", "time", "-", *cls.channels))
        made.separator = table.text("separator", cls.separator) or cls.separator
        return made

    def link(self) -> DelimitedLines:
        """Return the line, as new."""
        return DelimitedLines(self.printout.end, fields=distinct(self.printout.fields), separator=self.separator)
