"""Beckman Coulter Vi-CELL BLU, over the OPC-UA server of its own software.

Source: the vendor's published information model (github.com/beckman-pbw/Vi-Cell_OpcUa, ModelDesign.xml of 2024-05-01),
of which only names and types are used here.

Its server tells a finished sample to the user who started it, and to nobody else: whoever counts at the instrument's
own screen is another user. So the event is only the faster way; what counts is `GetSampleResults`, which is asked
after each connection and from time to time. A sample that is analysed again gets a new result, with the time of the
re-analysis; the old one stays, and both are readings.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from devices.instrument import Measurement, ResultInstrument, Surface, instrument
from devices.protocols import ProtocolError
from devices.protocols.opcua_structure import Argument, Structure
from devices.reading import Quality

_VALUES = {  # channel → the field of a SampleResult, and its unit
    "total_cells": ("TotalCellsPerMilliliter", "cells/mL"),
    "viable_cells": ("ViableCellsPerMilliliter", "cells/mL"),
    "viability": ("ViabilityPercent", "%"),
    "average_diameter": ("AverageDiameter", "um"),
    "average_viable_diameter": ("AverageViableDiameter", "um"),
}
_COUNTS = {"cell_count": ("CellCount", "cells"), "viable_cell_count": ("ViableCells", "cells")}
_STATUS = (
    "NotProcessed",
    "InProcessAspirating",
    "InProcessMixing",
    "InProcessImageAcquisition",
    "InProcessCleaning",
    "AcquisitionComplete",
    "Completed",
    "SkipManual",
    "SkipError",
)
_SUCCESS, _SAMPLE = 1, 1  # of MethodResultEnum and of FilterOnEnum
_LONGEST_SAMPLE = 60


@instrument("vicell-blu", verified=None)
class ViCellBlu(ResultInstrument):
    """Beckman Coulter Vi-CELL BLU cell counter, over OPC-UA."""

    channels: ClassVar = {channel: unit for channel, (_, unit) in (_VALUES | _COUNTS).items()}
    surface: ClassVar = Surface(
        namespace="https://www.beckman.com/BeckmanUa",
        event="SampleCompleteEvent",
        result="SampleResult",
        method=("Methods", "GetSampleResults"),
        variables={
            "identifier": "ViCellIdentifier",
            "status": "ViCellStatus",
            "reagent_uses_remaining": "ReagentUsesRemaining",
            "waste_tube_remaining_capacity": "WasteTubeRemainingCapacity",
            "software_version": "SoftwareVersion",
            "firmware_version": "FirmwareVersion",
        },
    )

    def question(self, since: datetime, until: datetime) -> Sequence[Argument]:
        """Ask for every user's samples of a time, whatever their cell type, name and tag."""
        everything = ("String", "")
        times: list[Argument] = [("DateTime", since), ("DateTime", until)]
        return [everything, *times, ("Int32", _SAMPLE), everything, everything, everything]

    def answer(self, told: Structure) -> Sequence[Structure]:
        """Return the sample results."""
        if told.integer("MethodResult") != _SUCCESS:
            raise ProtocolError(f"GetSampleResults failed: {told.text('ResponseDescription') or 'no reason is told'}")
        return told.structures("SampleResults")

    def measurements(self, result: Structure) -> Iterator[Measurement]:
        """Read one result. A value is known again by its sample's number, the time of re-analysis, and what it says."""
        impossible = result.number("ViableCellsPerMilliliter") > result.number("TotalCellsPerMilliliter")
        for channel, (field, unit) in _VALUES.items():
            number = result.number(field)
            quality = Quality.BAD if not math.isfinite(number) else Quality.UNCERTAIN if impossible else Quality.GOOD
            yield _measurement(
                result, channel, str(number).replace("nan", "NaN").replace("inf", "Infinity"), unit, quality
            )
        for channel, (field, unit) in _COUNTS.items():
            yield _measurement(result, channel, str(result.integer(field)), unit, Quality.GOOD)


def _measurement(result: Structure, channel: str, value: str, unit: str, quality: Quality) -> Measurement:
    sample, marks = result.text("SampleId"), list(_marks(result))
    if _status(result) != "Completed":
        quality = Quality.BAD
    if len(sample) > _LONGEST_SAMPLE:
        sample, quality = "", Quality.BAD
    return Measurement(
        channel=channel,
        value=value,
        unit=unit,
        raw=result.raw,
        quality=quality,
        status="; ".join(marks),
        sample=sample or None,
        source_time=result.time("AnalysisDateTime"),
        origin="|".join([*marks, channel, value]),
    )


def _marks(result: Structure) -> Iterator[str]:
    """Say which result this is. The names of the people who analysed are in the bytes, not here: this is an origin."""
    yield _status(result)
    yield result.text("SampleDataUuid")
    again = result.time("ReanalysisDateTime")
    if again:
        yield f"reanalysed {again:%Y-%m-%dT%H:%M:%S.%fZ}"
    if result.number("ViableCellsPerMilliliter") > result.number("TotalCellsPerMilliliter"):
        yield "viable above total"
    if len(result.text("SampleId")) > _LONGEST_SAMPLE:
        yield f"the sample's name is longer than {_LONGEST_SAMPLE} characters"


def _status(result: Structure) -> str:
    number = result.integer("Status")
    return _STATUS[number] if 0 <= number < len(_STATUS) else f"status {number}"
