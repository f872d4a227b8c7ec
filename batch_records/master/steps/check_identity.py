"""The check that keeps the right cells with the right child: a scan that must equal what the batch knows."""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.master.recipe import Consequence, Field, Kind
from batch_records.master.step_text import StepText, step_type


@step_type("check")
def check_identity(step: StepText) -> Iterator[Field]:
    """Scan an identity; a mismatch is recorded and holds the batch."""
    for name, item in step.fields():
        with step.collecting():
            keys = item.keys(("matches",), ("ask", "class", "note"))
            common = step.common(name, keys)
            common["on_action"] = Consequence.HOLD  # not the recipe's to soften: it is the one error that kills
            yield Field(**common, kind=Kind.IDENTITY, matches=keys["matches"].text)
