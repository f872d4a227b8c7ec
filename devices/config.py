"""The gateway's configuration: one TOML file, read at start; every mistake is named with its line and what was meant.

    name = "gateway-1"                     # how this gateway calls itself towards the MES
    zone = "Europe/Berlin"                 # the site's, for instruments whose times have none
    spool = "spool.sqlite"                 # paths are relative to this file
    spool_megabytes = 4000                 # what it may hold; then nothing is acknowledged until something is delivered
    spool_days = 0                         # how long its oldest reading may wait; 0: for as long as there is room
    certificates = "pki"                   # see `devices.certificates`; only OPC-UA needs it

    [mes]
    url = "https://mes.example.org"
    token_file = "secrets/mes-token"       # secrets are in files of their own, never here
    retention_days = 30                    # how long a delivered reading stays in the spool

    [instruments.BR-01]                    # the equipment's code
    kind = "bioreactor"
    url = "opc.tcp://192.0.2.10:4840/"
    user = "gateway"
    password_file = "secrets/br-01"
    [instruments.BR-01.nodes]              # by namespace URI: an index may change when the server restarts
    temperature = { node = "nsu=urn:example:bioreactor;s=Temperature", unit = "°C" }
    pH = { node = "nsu=urn:example:bioreactor;s=pH", unit = "pH", sampling = 0.5, deadband = 0.01 }

    [instruments.CC-01]
    kind = "cell-counter"
    port = "/dev/ttyUSB0"                  # or any URL of pyserial: socket://192.0.2.11:4001, rfc2217://…

    [instruments.VC-01]
    kind = "vicell-blu-export"
    folder = "exports/vicell"
    dates = "month-first"                  # or "day-first": where its dates may be read in two ways

The defaults of all other keys are the dataclasses' below.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from devices.certificates import exposed
from devices.discover import kinds
from devices.instrument import (
    DateOrder,
    FileInstrument,
    Instrument,
    ModelledInstrument,
    OpcUaInstrument,
    ResultInstrument,
    Serial,
    SerialInstrument,
)
from devices.room import Room
from devices.toml_table import ConfigurationError, Mistakes, Table

POLICIES = ("Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss")
_NODE = re.compile(r"nsu=[^;]+;(i=[0-9]{1,10}|s=.+|g=[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|b=[\w+/=-]+)")


@dataclass(frozen=True)  # without slots: its defaults are read from the class
class Mes:
    """Where readings go. ``authority`` is a PEM file for a site that signs its own server certificates."""

    url: str
    token: str
    retention_days: float = 30
    authority: Path | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One OPC-UA variable: ``nsu=<namespace URI>;s=<identifier>``, and the channel that it is.

    ``sampling``     seconds between the server's looks at it, where it is not the instrument's
    ``deadband``     a change that is no larger is not told; 0 tells every measurement, changed or not
    ``server_unit``  how the server spells the unit, where that is a spelling which this system does not know
    ``steady``       it says what a thing is, and is told when that changes: where nothing came, nothing is missing
    """

    channel: str
    node: str
    unit: str
    sampling: float | None = None
    deadband: float = 0
    server_unit: str = ""
    steady: bool = False


@dataclass(frozen=True)  # without slots: its defaults are read from the class
class OpcUaSettings:
    """One OPC-UA server. All times are seconds.

    ``queue`` values of each node are held by the server while nobody fetches them: it is how long an outage may last
    with nothing lost (1,000 values at one a second are 17 minutes). ``sampling`` 0 asks for every change.
    Who we are is a user with a password, or a certificate with its key. Every ``watch`` the server is asked for its
    clock, its units and its nodes; its clock may be wrong by ``clock_limit``.
    """

    url: str
    nodes: tuple[Node, ...]
    security: str | None = POLICIES[0]  # None: neither signed nor encrypted; only where allow_unsecured says so
    user: str | None = None
    password: str | None = None
    user_certificate: Path | None = None
    user_key: Path | None = None
    sampling: float = 0
    publishing: float = 0.25
    queue: int = 5_000
    keep_alive: float = 2
    outage: float = 3_600
    watch: float = 60
    clock_limit: float = 2
    device: str = ""  # of a server with several: the one that is this instrument
    names: tuple[tuple[str, str], ...] = ()  # channel, and the name that was found: for servers known by their types


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """One line: a device, a pseudo-terminal, or a pyserial URL."""

    port: str
    line: Serial


@dataclass(frozen=True)  # without slots: its defaults are read from the class
class FileSettings:
    """One watched folder. A file is read when its size has not changed for ``settle`` seconds."""

    folder: Path
    poll: float = 0.5
    settle: float = 2
    dates: DateOrder | None = None  # needed where the instrument writes dates like 3/4/2022


@dataclass(frozen=True, slots=True)
class Station:
    """One configured instrument: its code, its kind, how it is reached, and after how many seconds it is too quiet.

    A bioreactor talks all the time and is quiet after a minute; what speaks only when a person uses it never is.
    """

    name: str
    instrument: Instrument
    settings: OpcUaSettings | SerialSettings | FileSettings
    silent_after: float | None


@dataclass(frozen=True, slots=True)
class Config:
    """A gateway."""

    path: Path
    name: str
    zone: ZoneInfo
    spool: Path
    certificates: Path
    mes: Mes
    stations: tuple[Station, ...]
    room: Room


def load(path: Path) -> Config:
    """Read a configuration. Raises `ConfigurationError` with every mistake in it."""
    try:
        text = path.read_text("utf-8")
        values = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    mistakes = Mistakes(path, text)
    config = _gateway(Table(values, (), mistakes, path.parent), path)
    mistakes.raise_any()
    return config


def _gateway(top: Table, path: Path) -> Config:
    instruments = top.table("instruments").tables()
    for key in ("port", "folder"):
        _must_differ(instruments, key)
    config = Config(
        path=path,
        name=top.text("name"),
        zone=_zone(top),
        spool=top.path("spool", "spool.sqlite"),
        certificates=top.path("certificates", "pki"),
        mes=_mes(top.table("mes")),
        stations=tuple(_station(name, each) for name, each in instruments.items()),
        room=Room(top.number("spool_megabytes", Room.megabytes, least=1), top.number("spool_days", Room.days, least=0)),
    )
    top.nothing_else()
    return config


def _must_differ(instruments: Mapping[str, Table], key: str) -> None:
    """Note a mistake where two instruments are to be read from one place: each would get half of what comes."""
    first: dict[str, str] = {}
    for name, table in instruments.items():
        place = table.values.get(key)
        if isinstance(place, str) and first.setdefault(place, name) != name:
            table.mistake(key, f"{name} cannot have the {key} of {first[place]}")


def _zone(top: Table) -> ZoneInfo:
    name = top.text("zone")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        if name:
            top.mistake("zone", f"“{name}” is no time zone; write one like Europe/Berlin or UTC")
        return ZoneInfo("UTC")


def _mes(table: Table) -> Mes:
    url = table.text("url")
    if url and not url.startswith(("http://", "https://")):
        table.mistake("url", "the MES's address begins with https:// (or http:// on this machine)")
    mes = Mes(
        url=url.rstrip("/"),
        token=table.secret("token_file"),
        retention_days=table.number("retention_days", Mes.retention_days, least=0),
        authority=table.path("certificate_authority") if "certificate_authority" in table.values else None,
    )
    if mes.authority and not mes.authority.is_file():
        table.mistake("certificate_authority", f"there is no file {mes.authority}")
    table.nothing_else()
    return mes


def _station(name: str, table: Table) -> Station:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        table.mistake("", f"“{name}” is no code of an instrument: letters, digits, dot, hyphen, underscore")
    kind = table.choice("kind", kinds())
    instrument = kinds()[kind].configured(table) if kind else Instrument()
    talks = isinstance(instrument, OpcUaInstrument) and not isinstance(instrument, ResultInstrument)
    quiet = 60 if talks else 0
    silent_after = table.number("silent_after", quiet, least=0) or None
    station = Station(name, instrument, _settings(instrument, table), silent_after)
    if kind:
        table.nothing_else()
    return station


def _settings(instrument: Instrument, table: Table) -> OpcUaSettings | SerialSettings | FileSettings:
    if isinstance(instrument, OpcUaInstrument):
        return _opcua(instrument, table)
    if isinstance(instrument, SerialInstrument):
        return _serial(instrument.settings, table)
    if isinstance(instrument, FileInstrument):
        return _file(instrument, table)
    return FileSettings(Path())  # the kind was a mistake, and is named


def _serial(line: Serial, table: Table) -> SerialSettings:
    return SerialSettings(
        port=table.text("port"),
        line=Serial(
            baud=int(table.number("baud", line.baud, least=50)),
            bits=int(table.number("bits", line.bits, least=5)),
            parity=table.choice("parity", ("N", "E", "O", "M", "S"), line.parity),
            stop_bits=int(table.number("stop_bits", line.stop_bits, least=1)),
        ),
    )


def _file(instrument: FileInstrument, table: Table) -> FileSettings:
    dates = table.choice("dates", [*DateOrder], None if instrument.numeric_dates else "")
    return FileSettings(
        folder=table.path("folder"),
        poll=table.number("poll", FileSettings.poll, least=0.01),
        settle=table.number("settle", FileSettings.settle, least=0),
        dates=DateOrder(dates) if dates else None,
    )


def _opcua(instrument: OpcUaInstrument, table: Table) -> OpcUaSettings:
    url = table.text("url")
    if url and not url.startswith("opc.tcp://"):
        table.mistake("url", "an OPC-UA server's address begins with opc.tcp://")
    user, certificate = table.text("user", ""), "user_certificate" in table.values
    if user and certificate:
        table.mistake("user", "the server is told a user with a password or a certificate, not both")
    if not (table.flag("allow_anonymous") or user or certificate):
        table.mistake("", "as whom to connect? write user and password_file, or user_certificate and user_key")
    modelled = isinstance(instrument, ModelledInstrument)
    found = modelled or isinstance(instrument, ResultInstrument)
    return OpcUaSettings(
        url=url,
        nodes=() if found else _nodes(instrument.channels, table.table("nodes")),
        device=table.text("device", "") if modelled else "",
        names=_names(instrument.channels, table.table("channels")) if modelled else (),
        security=_security(table),
        user=user or None,
        password=_password(table) if user else None,
        user_certificate=_existing("user_certificate", table) if certificate else None,
        user_key=_private("user_key", _existing("user_key", table), table) if certificate else None,
        sampling=table.number("sampling", OpcUaSettings.sampling, least=0),
        publishing=table.number("publishing", OpcUaSettings.publishing, least=0.01),
        queue=int(table.number("queue", OpcUaSettings.queue, least=1)),
        keep_alive=table.number("keep_alive", OpcUaSettings.keep_alive, least=0.1),
        outage=table.number("outage", OpcUaSettings.outage, least=1),
        watch=table.number("watch", OpcUaSettings.watch, least=0.1),
        clock_limit=table.number("clock_limit", OpcUaSettings.clock_limit, least=0.001),
    )


def _password(table: Table) -> str:
    password = table.secret("password_file")
    if password:
        _private("password_file", table.path("password_file"), table)
    return password


def _existing(key: str, table: Table) -> Path:
    path = table.path(key)
    if key in table.values and not path.is_file():
        table.mistake(key, f"there is no file {path}")
    return path


def _private(key: str, path: Path, table: Table) -> Path:
    """Return a secret's path, and note a mistake where others than its owner and its group can read it."""
    if path.is_file() and exposed(path):
        table.mistake(key, f"{path} can be read or changed by others: chmod 600 {path}")
    return path


def _names(channels: Mapping[str, str], table: Table) -> tuple[tuple[str, str], ...]:
    for channel in table.values.keys() - channels.keys():
        table.mistake(channel, f"{channel} is no channel; there are {', '.join(channels)}")
    return tuple((channel, table.text(channel)) for channel in table.values)


def _security(table: Table) -> str | None:
    allowed = table.flag("allow_unsecured")
    policy = table.choice("security", (*POLICIES, "None"), POLICIES[0])
    if policy != "None":
        return policy
    if not allowed:
        table.mistake(
            "security", "readings would travel unsigned and unencrypted; if that is meant, add allow_unsecured = true"
        )
    return None


def _nodes(channels: Mapping[str, str], table: Table) -> tuple[Node, ...]:
    nodes = tuple(_node(channel, channels, each) for channel, each in table.tables().items())
    if not nodes:
        table.mistake("", "no node is configured; write a line for each channel: " + ", ".join(channels))
    first: dict[str, str] = {}
    for node in nodes:
        if node.node and first.setdefault(node.node, node.channel) != node.channel:
            table.mistake(node.channel, f"{node.channel} is the same node as {first[node.node]}")
    return nodes


def _node(channel: str, channels: Mapping[str, str], table: Table) -> Node:
    node = Node(
        channel,
        table.text("node"),
        table.text("unit"),
        sampling=table.number("sampling", 0, least=0) if "sampling" in table.values else None,
        deadband=table.number("deadband", 0, least=0),
        server_unit=table.text("server_unit", ""),
    )
    if node.node and not _NODE.fullmatch(node.node):
        table.mistake("node", f"“{node.node}” is no node; write nsu=<namespace URI>;s=<identifier> (or i=, g=, b=)")
    if node.unit and node.unit != channels.get(channel, node.unit):
        table.mistake("unit", f"{channel} is in {channels[channel]}, not in {node.unit}: set the server to that unit")
    table.nothing_else()
    return node
