"""What is asked about gateways."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import url_for
from sqlalchemy import select

from batch_records.executed.span import apart, in_words
from mes.context import installation
from mes.gateways.models import GatewayTold

_SILENT = timedelta(seconds=30)  # a gateway tells every few seconds
_ALARM = 0.5  # of its spool
_SKEW = 2.0  # seconds
_SHOWN = 96  # bytes of a frame
_CONTROL = {2: "STX", 3: "ETX", 4: "EOT", 5: "ENQ", 6: "ACK", 9: "TAB", 10: "LF", 13: "CR", 21: "NAK", 23: "ETB"}
_NOTES = {"garbled": ("garbled", "garbled"), "gap": ("gap", "gaps"), "notice": ("notice", "notices")}


@dataclass(frozen=True)
class InstrumentShown:
    """One instrument of a gateway, in words."""

    name: str
    kind: str
    state: str
    tone: str
    reason: str
    heard: str
    rate: str
    lag: str
    clock: str
    clock_tone: str
    notes: tuple[str, ...]
    frame: str
    url: str


@dataclass(frozen=True)
class GatewayShown:
    """One gateway, in words."""

    name: str
    state: str
    tone: str
    reason: str
    heard: str
    waiting: str
    share: int  # % of its spool
    share_tone: str
    instruments: tuple[InstrumentShown, ...]


@dataclass(frozen=True)
class GatewaysPage:
    """Everything that ``gateways.html`` asks for."""

    gateways: tuple[GatewayShown, ...]
    place: str = "equipment.equipment"


def gateways_page() -> GatewaysPage:
    """Return every gateway that ever told anything, with its instruments."""
    now = installation().now()
    with installation().reading() as session:
        rows = session.scalars(select(GatewayTold).order_by(GatewayTold.gateway)).all()
        return GatewaysPage(tuple(_gateway(row.gateway, row.heard, row.told, now) for row in rows))


def _gateway(name: str, heard: datetime, told: Mapping[str, Any], now: datetime) -> GatewayShown:
    lost = apart(now, heard) > _SILENT
    well = told["state"] == "delivering" and not lost
    return GatewayShown(
        name=name,
        state="not heard" if lost else told["state"] or "not begun",
        tone="ok" if well else "action",
        reason="" if lost else told["reason"] or "",
        heard=_ago(heard, now),
        waiting=_waiting(told, now),
        share=round(100 * told["share"]),
        share_tone="action" if told["share"] >= 1 else "alert" if told["share"] > _ALARM else "none",
        instruments=tuple(_instrument(each, now, lost=lost) for each in told["instruments"]),
    )


def _instrument(told: Mapping[str, Any], now: datetime, *, lost: bool) -> InstrumentShown:
    ahead = told["ahead"]
    return InstrumentShown(
        name=told["name"],
        kind=told["kind"],
        state="not known" if lost else _state(told),
        tone="stale" if lost else "ok" if told["well"] else "action",
        reason=told["reason"] or "",
        heard=f"heard {_ago(datetime.fromisoformat(told['heard']), now)}" if told["heard"] else "never heard",
        rate="" if lost else f"{told['rate']:.0f} a minute",
        lag="" if told["lag"] is None else f"{told['lag']:.1f} s",
        clock="" if ahead is None else f"{abs(ahead):.1f} s {'ahead' if ahead > 0 else 'behind'}",
        clock_tone="alert" if ahead is not None and abs(ahead) > _SKEW else "none",
        notes=tuple(_notes(told["notes"])),
        frame=_frame(base64.b64decode(told["last"])),
        url=url_for("equipment.equipment", item=told["name"]),
    )


def _state(told: Mapping[str, Any]) -> str:
    if told["silent"] and told["state"] in ("connected", "listening", "watching"):
        return "silent"
    return told["state"] or "not begun"


def _waiting(told: Mapping[str, Any], now: datetime) -> str:
    if not told["waiting"]:
        return "nothing waits"
    oldest = f", the oldest since {_ago(datetime.fromisoformat(told['oldest']), now)}" if told["oldest"] else ""
    return f"{told['waiting']:,} readings wait{oldest}"


def _notes(notes: Mapping[str, Any]) -> Iterator[str]:
    for kind, (one, many) in _NOTES.items():
        if kind in notes:
            count = notes[kind]["count"]
            yield f"{count} {one if count == 1 else many}, the last: {notes[kind]['text']}"


def _frame(raw: bytes) -> str:
    """Write the beginning of a frame so that a person can read it; what is no text is written in hexadecimal."""
    shown, more = raw[:_SHOWN], " …" if len(raw) > _SHOWN else ""
    is_text = sum(byte in _CONTROL or 0x20 <= byte < 0x7F for byte in shown) > 0.75 * len(shown)
    return ("".join(map(_character, shown)) if is_text else shown.hex(" ")) + more


def _character(byte: int) -> str:
    if byte in _CONTROL:
        return f"‹{_CONTROL[byte]}›"
    return chr(byte) if 0x20 <= byte < 0x7F else f"‹{byte:02x}›"


def _ago(at: datetime, now: datetime) -> str:
    return f"{in_words(max(now - at, timedelta(0)))} ago"
