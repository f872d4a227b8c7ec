"""An incubator under alarm limits, and ways to have it say something."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from devices.reading import Quality, Reading
from mes.alarms.commands import ApproveAlarm, ProposeAlarm
from mes.alarms.models import AlarmView
from mes.clock import Tick
from tests.cast import ALICE, QUINN
from tests.mes.furnishing import INCUBATOR
from tests.mes.laboratory import CLOCK, Laboratory

BOOK = f"equipment:{INCUBATOR}"


class Watched:
    """The incubator of a laboratory."""

    def __init__(self, lab: Laboratory) -> None:
        self.lab, self.sequence = lab, 0

    def limit(self, **changes: str) -> str:
        """Have a limit approved, and return its number."""
        parts: dict[str, Any] = {
            "equipment_class": "incubator",
            "channel": "temperature",
            "kind": "high",
            "limit": "37.5 °C",
            "priority": "high",
            "justification": "Cells suffer above, see the process description",
            "deadband": "0.2 °C",
            "on_delay": "60",
            "off_delay": "30",
        }
        number: str = self.lab.do(ProposeAlarm(**parts | changes), ALICE)["number"]
        self.lab.do(ApproveAlarm(number), QUINN)
        return number

    def says(self, value: str, at: datetime | None = None, **changes: Any) -> None:  # noqa: ANN401 - any part of a reading
        """Deliver one reading of the temperature, as of now."""
        self.sequence += 1
        now = at or self.lab.time()
        parts: dict[str, Any] = {
            "channel": "temperature",
            "unit": "°C",
            "quality": Quality.GOOD,
            "status": "0x00000000",
            "sample": None,
        }
        parts |= {"source_time": now, "received_time": now, "raw": value.encode(), "value": value} | changes
        self.lab.deliver(Reading(instrument=INCUBATOR, sequence=self.sequence, **parts))

    def tick(self, **later: float) -> None:
        """Let time pass, and the clock tick."""
        self.lab.time.later(**later)
        self.lab.do(Tick(), by=CLOCK)

    def raise_one(self, value: str = "38.1") -> str:
        """Have the alarm of the one approved limit raised, and return the limit's number."""
        self.says(value)
        self.tick(seconds=61)
        return self.kinds_and_rules()[-1][1]

    def alarm(self, rule: str = "A1") -> AlarmView:
        """Return where an alarm stands."""
        return self.lab.row(AlarmView, (INCUBATOR, rule))

    def kinds_and_rules(self) -> list[tuple[str, str]]:
        """Return what was written about alarms into the instrument's book."""
        return [(line["kind"], line["body"]["rule"]) for line in self.lab.lines(BOOK) if "alarm" in line["kind"]]

    def kinds(self) -> list[str]:
        """Return the kinds of those lines."""
        return [kind for kind, _ in self.kinds_and_rules()]
