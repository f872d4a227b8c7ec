"""Files that counters and analysers export, read through allotropy into the Allotrope Simple Model.

allotropy is the judge of what a file's columns mean and in which unit. It is not trusted with what a batch record
hangs on, for it was seen to invent 1970 for a time that is missing and +00:00 for a zone, to take “3/4” for March, to
turn the sample “007” into 7 and “S-1” into S, to write -0.0 for a count that is missing, and to refuse a whole file for
one cell. So each sample's text is read here too: its code, its time and its digits are the file's own, allotropy is
given the numbers alone (with stand-ins for everything else), and a value counts as good only where both say the same.

An instrument's file says where the samples are in its export (`samples`), which column is which channel (`columns`),
and how a file looks that holds one sample (`alone`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from io import BytesIO
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from devices.exported_text import Row
from devices.instrument import Conversion, DateOrder, FileInstrument, Measurement, is_number
from devices.local_time import instant, read
from devices.protocols import ProtocolError
from devices.reading import Quality

Quantities = Mapping[str, tuple[Decimal, str]]
"""What a document of the model holds: name → value and unit."""

_SCALES = {("10^6 cells/mL", "cells/mL"): 6}  # allotropy's unit and the channel's → the power of ten between them
_TOLERANCE = Decimal("1e-9")  # of a value: allotropy computes in binary


@dataclass(frozen=True, slots=True)
class Column:
    """Where a channel's value is: headed ``name`` in the file, ``model`` in allotropy's document.

    ``power`` is that of ten between the file's number and the channel's unit: 6 for “x10^6 cells/mL”.
    """

    name: str
    model: str
    power: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of a file, as its text has it.

    ``code``     as the file has it
    ``cells``    column → text
    ``raw``      the bytes it stands in
    ``written``  its time, as the file has it
    ``time``     the same with a zone; None where there is none, or the file says only the day
    ``version``  what tells a result from another of the same sample and time: when it was analysed again, how
    ``doubts``   reasons not to rely on any of its values; ``remarks`` are none, and are kept beside them
    ``units``    channel → unit, where the file says another than the channel's
    """

    code: str
    cells: Mapping[str, str]
    raw: bytes
    written: str
    time: datetime | None
    version: str = ""
    doubts: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)


class AllotropeExport(FileInstrument):
    """An instrument whose exports allotropy reads."""

    vendor: ClassVar[str]
    extension: ClassVar[str] = "csv"
    columns: ClassVar[Mapping[str, Column]]

    @property
    def headed(self) -> list[str]:
        """The names of the columns that hold the channels' values."""
        return [column.name for column in self.columns.values()]

    def samples(self, content: bytes, zone: ZoneInfo, dates: DateOrder | None) -> Iterator[Sample]:
        """Read a file's samples. Raise `ProtocolError` where it is none of this instrument's, or is cut off."""
        raise NotImplementedError

    def alone(self, sample: Sample) -> bytes:
        """Return a file that holds one sample's numbers and nothing else of it."""
        raise NotImplementedError

    def documents(self, content: bytes, samples: list[Sample]) -> Iterator[Quantities]:  # noqa: ARG002 - for those whose file is read whole
        """Return what allotropy reads for each sample, one at a time: what it refuses in one stops no other."""
        for sample in samples:
            try:
                documents = self.model(self.alone(sample), self.extension)
            except ProtocolError:
                documents = []  # so that each value says that allotropy does not read it
            yield {name: quantity for document in documents for name, quantity in document.items()}

    def model(self, content: bytes, extension: str) -> list[Quantities]:
        """Return a file's documents in the Allotrope Simple Model. Raise `ProtocolError` where allotropy refuses."""
        from allotropy.exceptions import AllotropyError  # noqa: PLC0415 - with pandas, a second and a half
        from allotropy.to_allotrope import allotrope_from_io  # noqa: PLC0415 - the same

        name = f"SampleResults2000-01-01_000000.{extension}"  # one instrument's parser insists; it is used for nothing
        try:
            model = allotrope_from_io(BytesIO(content), name, self.vendor)
        except (AllotropyError, ValueError, LookupError, ArithmeticError) as error:
            raise ProtocolError(f"allotropy cannot read it: {error}") from error
        (aggregate,) = (each for key, each in model.items() if key.endswith("aggregate document"))
        return [
            dict(_quantities(each)) for key, found in aggregate.items() if isinstance(found, list) for each in found
        ]

    def convert(self, content: bytes, zone: ZoneInfo, dates: DateOrder | None = None) -> Conversion:
        """Read a file. A result is known again by its sample, its time and its values."""
        status = f"sha256:{sha256(content).hexdigest()}"
        samples, found = list(self.samples(content, zone, dates)), Conversion()
        if not samples:
            found.notices.append("it holds no sample")
        for sample, document in zip(samples, self.documents(content, samples), strict=True):
            measurements = list(self._measurements(sample, document, status))
            found.measurements.extend(measurements)
            for channel in sorted(self._expected(sample) - {each.channel for each in measurements}):
                said = sample.cells[self.columns[channel].name]
                found.notices.append(f"sample {sample.code}: no {channel}, the file says “{said}”")
        return found

    def sample(self, row: Row, code: str, written: str, zone: ZoneInfo, dates: DateOrder | None) -> Sample:
        """Return a line's sample, with its time read as the site's. Raise `ProtocolError` for an ambiguous date."""
        try:
            time = instant(written, zone, dates)
        except ProtocolError as unclear:
            raise ProtocolError(f"sample {code}: {unclear}") from unclear
        unread = bool(written) and read(written, dates) is None
        return Sample(
            code, row.cells, row.raw, written, time, doubts=(f"its time is none: {written}",) if unread else ()
        )

    def numbers(self, sample: Sample) -> dict[str, str]:
        """Return a sample's columns with their numbers, 0 standing in for what is none."""
        texts = {column.name: sample.cells.get(column.name) for column in self.columns.values()}
        return {name: text if is_number(text) else "0" for name, text in texts.items() if text is not None}

    def _expected(self, sample: Sample) -> set[str]:
        """Return the channels that a sample should have: those whose column the file has."""
        return {channel for channel, column in self.columns.items() if column.name in sample.cells}

    def _measurements(self, sample: Sample, document: Quantities, status: str) -> Iterator[Measurement]:
        values = {
            channel: Decimal(text).scaleb(0 if channel in sample.units else column.power)
            for channel, column in self.columns.items()
            if is_number(text := sample.cells.get(column.name, ""))
        }
        common = [*sample.doubts, *_contradictions(values)]
        identity = "|".join(
            [sample.code, sample.written, sample.version, *(f"{each}={values[each]}" for each in values)]
        )
        for channel, value in values.items():
            doubts = [*common, *self._doubts(channel, value, document)]
            unit = self.channels[channel]
            if other := sample.units.get(channel):
                doubts = [f"unit is not {unit}"]
            yield Measurement(
                channel=channel,
                value=f"{value:f}",
                unit=other or unit,
                raw=sample.raw,
                quality=Quality.BAD if other else Quality.UNCERTAIN if doubts else Quality.GOOD,
                status="; ".join([status, *doubts, *sample.remarks]),
                sample=sample.code or None,
                source_time=sample.time,
                origin=f"{channel}|{identity}",
            )

    def _doubts(self, channel: str, value: Decimal, document: Quantities) -> Iterator[str]:
        read, unit = document.get(self.columns[channel].model, (None, ""))
        power = 0 if unit == self.channels[channel] else _SCALES.get((unit, self.channels[channel]))
        if read is None:
            yield "allotropy does not read it"
        elif power is None:
            yield f"allotropy reads it in {unit}"
        elif abs(read.scaleb(power) - value) > abs(value) * _TOLERANCE:
            yield f"allotropy reads {read.scaleb(power):f}"
        if value.is_signed():
            yield "below zero"
        elif self.channels[channel] == "%" and value > 100:
            yield "above 100 %"


def _contradictions(values: Mapping[str, Decimal]) -> Iterator[str]:
    if values.get("viable_cells", Decimal(0)) > values.get("total_cells", Decimal("Infinity")):
        yield "viable above total"


def _quantities(node: Any) -> Iterator[tuple[str, tuple[Decimal, str]]]:  # noqa: ANN401 - whatever JSON holds
    """Return every named value with a unit; an analyte's name is that of its concentration."""
    for name, each in node.items():
        parts = each if isinstance(each, list) else [each]
        for part in parts:
            if isinstance(part, dict) and {"value", "unit"} <= part.keys():
                if isinstance(part["value"], int | float):
                    yield node.get("analyte name", name), (Decimal(str(part["value"])), part["unit"])
            elif isinstance(part, dict):
                yield from _quantities(part)
