"""Rows: the alarm limits that quality approved. Views: where each alarm stands, and what is being watched."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from batch_records.values.quantity import Quantity
from mes.alarms.states import Condition, Watched
from mes.db import Row, Utc, View

BOOK = "alarms"


class AlarmRule(Row):
    """One limit on one channel of a class of equipment. It is never changed: another takes its place.

    ``limit`` and ``deadband`` are quantities as written; of a lost signal ``limit`` is the longest silence.
    """

    __tablename__ = "alarm_rule"

    number: Mapped[str] = mapped_column(String(10), primary_key=True)
    equipment_class: Mapped[str] = mapped_column(String(60), index=True)
    channel: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(20))
    limit: Mapped[str] = mapped_column("threshold", String(60))
    deadband: Mapped[str] = mapped_column(String(60), default="")
    on_delay: Mapped[int] = mapped_column(default=0)  # seconds
    off_delay: Mapped[int] = mapped_column(default=0)  # seconds
    priority: Mapped[str] = mapped_column(String(20))
    justification: Mapped[str] = mapped_column(String(500))
    status: Mapped[str] = mapped_column(String(20))  # proposed, approved, retired
    proposed_by: Mapped[str] = mapped_column(String(60))
    approved_by: Mapped[str | None] = mapped_column(String(60))
    approved_at: Mapped[datetime | None] = mapped_column(Utc)

    @property
    def book(self) -> str:
        """The one book of all limits."""
        return BOOK

    @property
    def words(self) -> str:
        """The condition in words."""
        if self.kind == "signal lost":
            return f"signal lost for {self.limit}"
        return f"{self.kind}, {'above' if self.kind.startswith('high') else 'below'} {self.limit}"

    @property
    def condition(self) -> Condition:
        """The condition as numbers."""
        deadband = Quantity.parse(self.deadband).base if self.deadband else Fraction(0)
        delays = (timedelta(seconds=self.on_delay), timedelta(seconds=self.off_delay))
        return Condition(self.kind, Quantity.parse(self.limit).base, deadband, *delays)


class AlarmView(View):
    """Where one alarm of one instrument stands, made from the lines of the instrument's book."""

    __tablename__ = "alarm_view"

    instrument: Mapped[str] = mapped_column(String(60), primary_key=True)
    rule: Mapped[str] = mapped_column(String(10), primary_key=True)
    state: Mapped[str] = mapped_column(String(30), index=True)
    is_out: Mapped[bool]
    occurrence: Mapped[int]
    channel: Mapped[str] = mapped_column(String(60))
    condition: Mapped[str] = mapped_column(Text)
    priority: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(Text)
    raised: Mapped[datetime] = mapped_column(Utc)
    returned: Mapped[datetime | None] = mapped_column(Utc)
    shelved_until: Mapped[datetime | None] = mapped_column(Utc)
    batches: Mapped[str] = mapped_column(Text)  # in whose records it stands, with blanks between
    line: Mapped[str] = mapped_column(String(64))  # the hash of the line that raised it: what a signer has seen

    @property
    def name(self) -> str:
        """What this occurrence is called."""
        return f"{self.instrument}/{self.rule}/{self.occurrence}"


class AlarmWatch(View):
    """A value that is out, or just back: it follows from the readings and the delays, and no line speaks of it."""

    __tablename__ = "alarm_watch"

    instrument: Mapped[str] = mapped_column(String(60), primary_key=True)
    rule: Mapped[str] = mapped_column(String(10), primary_key=True)
    out_since: Mapped[datetime | None] = mapped_column(Utc)
    back_since: Mapped[datetime | None] = mapped_column(Utc)
    out: Mapped[str] = mapped_column(Text, default="")
    back: Mapped[str] = mapped_column(Text, default="")
    is_raised: Mapped[bool] = mapped_column(default=False)

    @property
    def known(self) -> Watched:
        """What is known, as a value."""
        return Watched(self.out_since, self.back_since, self.out, self.back, self.is_raised)
