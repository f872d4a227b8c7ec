"""What an instrument said: one value of one channel, with its quality, its times and the bytes it came in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Quality(Enum):
    """How far a value can be relied on. Only a good one can be taken into a batch record.

    The three severities of an OPC-UA StatusCode; other protocols' marks are mapped to them by the instrument's file.
    """

    GOOD = "good"
    UNCERTAIN = "uncertain"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Reading:
    """One value as received. It is never changed and never dropped; what cannot be used is marked, not masked.

    ``instrument``     the name in the gateway's configuration, the equipment's code in the laboratory
    ``sequence``       dense per instrument from 1, given by the spool; (instrument, sequence) is the reading's key
    ``channel``        ``pH``, ``viability``: a channel of the instrument's file
    ``value``          the digits or text exactly as sent; for a binary number, the shortest text that gives it back
    ``unit``           as the instrument's file states it, in the units of `batch_records.values.unit`; "" for text
    ``status``         the protocol's own mark, kept beside the quality made from it: ``0x808C0000``, ``N``, ``S D``
    ``sample``         the sample's code where the instrument was told one, else None
    ``source_time``    when the instrument says it measured, aware UTC; None where it does not say (never a guess)
    ``received_time``  when the gateway had it, aware UTC
    ``raw``            the frame, line or notification it was read from, byte for byte
    """

    instrument: str
    sequence: int
    channel: str
    value: str
    unit: str
    quality: Quality
    status: str
    sample: str | None
    source_time: datetime | None
    received_time: datetime
    raw: bytes
