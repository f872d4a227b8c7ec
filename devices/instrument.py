"""What a file in `devices.instruments` declares, and the register that it is entered in.

An instrument's file says what its instrument is: which channels in which units, and how what it sends becomes
measurements. It does no input or output and imports nothing heavy, for the catalogue of all instruments is read by
the web application too. How bytes travel is the business of `devices.transports`, one for each class here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Self, TypeVar
from zoneinfo import ZoneInfo

from devices.protocols import Link
from devices.protocols.opcua_structure import Argument, Structure
from devices.reading import Quality
from devices.toml_table import Table


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value of one channel as an instrument's file read it; the spool makes it a `devices.reading.Reading`.

    ``origin`` tells this measurement from every other of its instrument, where the wire may bring it twice: a message
    sent again after a lost acknowledgement, a file exported again. Empty where the wire itself numbers what it sends.
    """

    channel: str
    value: str
    unit: str
    raw: bytes
    quality: Quality = Quality.GOOD
    status: str = ""
    sample: str | None = None
    source_time: datetime | None = None
    origin: str = ""


BOUNDS = {"channel": 60, "value": 200, "unit": 40, "status": 200, "sample": 60}  # characters that a reading may have
LARGEST_RAW = 75_000  # bytes that it may have
YEARS = range(1971, 2999)  # in which it may have been measured


def within_bounds(made: Measurement) -> Measurement:
    """Return a measurement that can be delivered: one that is too long for a reading is cut short and marked bad.

    The MES refuses a reading out of its bounds, and with it every reading behind it; an analyser's picture in the
    place of a value, or a clock that was never set, must not stop a site's other instruments.
    """
    texts = {name: str(getattr(made, name) or "") for name in BOUNDS}
    long = [name for name, text in texts.items() if len(text) > BOUNDS[name]]
    long += ["raw"] if len(made.raw) > LARGEST_RAW else []
    never = made.source_time is not None and made.source_time.year not in YEARS
    if not long and not never:
        return made
    said = [f"too long: {', '.join(long)}"] if long else []
    said += [f"measured in the year {made.source_time.year}"] if never and made.source_time else []
    cut = {name: text[: BOUNDS[name]] for name, text in texts.items()}
    return replace(
        made,
        channel=cut["channel"],
        value=cut["value"],
        unit=cut["unit"],
        status="; ".join([*said, texts["status"]])[: BOUNDS["status"]],
        sample=None if "sample" in long else made.sample,  # the start of a sample's code may be another sample's
        raw=made.raw[:LARGEST_RAW],
        source_time=None if never else made.source_time,
        quality=Quality.BAD,
    )


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a file held: measurements, and sentences about what in it is none."""

    measurements: list[Measurement] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Serial:
    """A serial line's settings."""

    baud: int = 9_600
    bits: int = 8
    parity: str = "N"
    stop_bits: int = 1


@dataclass(frozen=True, slots=True)
class Model:
    """The object types of a companion specification, by which its devices are known, each as ``URI;name``.

    A device is walked through its ``containers`` and ``parts``, of which only the parts' names become part of a
    channel's; ``values`` are the variables that are read of an object of a type, or of any type made from it, and
    ``quantity`` is the type of those variables that have a unit. ``identity`` is read of the device itself, and of
    what it calls ``identification``. The variable ``silent`` bears the name of its object alone.
    """

    device: str
    containers: frozenset[str]
    parts: frozenset[str]
    values: Mapping[str, tuple[str, ...]]
    quantity: str
    identification: str
    identity: tuple[str, ...]
    silent: str


@dataclass(frozen=True, slots=True)
class Surface:
    """Where a server has its results: names in its own ``namespace``; ``variables`` are its channels that are read."""

    namespace: str
    event: str  # the event's type
    result: str  # the event's field
    method: tuple[str, ...]  # the way to it from the object that holds everything
    variables: Mapping[str, str]


class Instrument:
    """A kind of instrument. ``channels`` maps each channel to its unit, in `batch_records.values.unit`'s spelling."""

    kind: ClassVar[str]
    verified: ClassVar[date | None]
    channels: ClassVar[Mapping[str, str]]

    @classmethod
    def configured(cls, table: Table) -> Self:  # noqa: ARG003 - most leave nothing to the site
        """Return the instrument as a site's configuration has it. Mistakes are noted in the table."""
        return cls()


class SerialInstrument(Instrument):
    """An instrument on a line: RS-232, or a terminal server that stands for one."""

    settings: ClassVar[Serial] = Serial()

    def link(self) -> Link:
        """Return the line's protocol, as new."""
        raise NotImplementedError

    def measurements(self, text: bytes, raw: bytes, zone: ZoneInfo) -> Iterable[Measurement]:
        """Read one message. Raise `devices.protocols.ProtocolError` where it is none of this instrument's."""
        raise NotImplementedError


class OpcUaInstrument(Instrument):
    """An instrument that serves OPC-UA variables; which nodes they are is the site's configuration."""


class DateOrder(StrEnum):
    """What comes first in the numeric dates of an instrument: see `devices.local_time`."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


class ModelledInstrument(OpcUaInstrument):
    """An OPC-UA server after a companion specification: its nodes are found by their types, and listed by nobody."""

    model: ClassVar[Model]

    def unit(self, namespace: str, number: int, shown: str) -> str:
        """Return the unit that an EUInformation names, in our spelling where there is one, else as it is shown."""
        raise NotImplementedError

    def doubt(self, unit: str) -> str:
        """Return why values in a unit cannot be used, or nothing."""
        raise NotImplementedError


class ResultInstrument(OpcUaInstrument):
    """An OPC-UA server that tells a result as an event, and gives earlier ones when its method is called."""

    surface: ClassVar[Surface]

    def question(self, since: datetime, until: datetime) -> Sequence[Argument]:
        """Return the method's arguments that ask for every result of a time."""
        raise NotImplementedError

    def answer(self, told: Structure) -> Sequence[Structure]:
        """Return the results in what the method returned. Raise `devices.protocols.ProtocolError` for a refusal."""
        raise NotImplementedError

    def measurements(self, result: Structure) -> Iterable[Measurement]:
        """Read one result. Raise `devices.protocols.ProtocolError` where it is none of this instrument's."""
        raise NotImplementedError


class FileInstrument(Instrument):
    """An instrument whose program exports files into a folder."""

    numeric_dates: ClassVar[bool] = False
    """Whether its dates may be read in two ways, so that the site has to say in which its own are written."""

    def convert(self, content: bytes, zone: ZoneInfo, dates: DateOrder | None = None) -> Conversion:
        """Read one file; this may be slow and may crash, so it runs in a process of its own.

        Raise `devices.protocols.ProtocolError` where it is none of this instrument's.
        """
        raise NotImplementedError


_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")

KINDS: dict[str, type[Instrument]] = {}

_Kind = TypeVar("_Kind", bound=type[Instrument])


def instrument(kind: str, *, verified: date | None) -> Callable[[_Kind], _Kind]:
    """Enter a class into the register. ``verified`` is the day it was first seen to work on real hardware, or None."""

    def enter(declared: _Kind) -> _Kind:
        if kind in KINDS:
            raise ValueError(
                f"two files declare the instrument “{kind}”: {KINDS[kind].__module__}, {declared.__module__}"
            )
        declared.kind, declared.verified = kind, verified
        KINDS[kind] = declared
        return declared

    return enter


def at_site(local: datetime | None, zone: ZoneInfo) -> datetime | None:
    """Give a time without a zone its site's; None where the clocks' change makes it two instants, or none."""
    if local is None:
        return None
    first, second = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    return first if first.utcoffset() == second.utcoffset() else None


def is_number(text: str) -> bool:
    """Whether a text is a finite decimal number as instruments write them: ``5.5``, ``.5``, ``-1.2E+06``."""
    return _NUMBER.fullmatch(text) is not None
