"""What is done with labels: printed, printed again, scanned back, accounted for. The core decides all of it."""

from __future__ import annotations

from batch_records.executed import commands as c
from batch_records.executed import label_commands as lc
from batch_records.master.recipe import Role
from mes.batches.commands import carry_out, show_attempt
from mes.batches.folds import batch_only
from mes.execute import handles

_WORKERS = tuple(role.value for role in Role)


for _command, _sentence in (
    (c.PrintLabels, "printed labels"),
    (lc.ReprintLabels, "printed labels again"),
    (lc.ScanLabel, "scanned a label back"),
    (lc.ReconcileLabels, "accounted for labels"),
):
    handles(_command, _sentence, roles=_WORKERS, books=batch_only, refused=show_attempt)(carry_out)
