"""What plays at random try: texts, and the commands of a supply out of specification and of who is told."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from batch_records.executed import supply_commands as s
from batch_records.executed.commands import Command
from batch_records.executed.endings import Ending
from tests.batch_records.playing import B

NUMBERS = ["20", "100", "7", "0", "-1", "1e3", "9e9", "20.0"]
TEXTS = st.sampled_from([*NUMBERS, "1,5", "nan", "", "5 g", "COI-1", "COI-2", "x"])
REASONS = st.sampled_from(["", "misread"])
COMMANDS: tuple[Callable[[str, str], Command], ...] = (
    lambda text, seen: s.RequestSupply(B, text, text, text, seen),
    lambda text, seen: s.EvaluateRisk(B, text, seen),
    lambda text, seen: s.AcceptSupply(B, text, seen),
    lambda text, seen: s.AuthoriseSupply(B, text, text, text, seen),
    lambda _, seen: s.ReleaseOutOfSpecification(B, seen),
    lambda _, seen: s.ConcludeSupply(B, seen),
    lambda text, _: s.ReportLateResult(B, text, text),
    lambda text, _: s.MakeNotification(B, "N1", text, text),
    lambda text, _: s.AcknowledgeNotification(B, "N1", text),
    lambda text, seen: s.EndBatch(B, Ending.FAILED, "poor growth" if text else "", text, seen),
    lambda text, seen: s.EndBatch(B, Ending.NEVER_USED, "other", text, seen),
    lambda _, __: s.NameSuccessor(B, "B2"),
    lambda text, seen: s.WaiveGate(B, "2.5", "enough", text, seen),
)
TRIED = {type(command("x", "y")) for command in COMMANDS}
