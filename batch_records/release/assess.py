"""The assessment before release: every criterion asked, each finding a sentence; nothing here releases anything."""

from __future__ import annotations

from dataclasses import dataclass

from batch_records.executed.batch import Batch, Disposition
from batch_records.master.discover import discover
from batch_records.master.recipe import Stage
from batch_records.release import criteria
from batch_records.release.criterion import CRITERIA, Blocks, Finding, Pending

discover(criteria)


@dataclass(frozen=True)
class Assessed:
    """One criterion with what it found."""

    criterion: str
    findings: tuple[Finding, ...]

    @property
    def blocks(self) -> tuple[Blocks, ...]:
        """What stands in the way."""
        return tuple(finding for finding in self.findings if isinstance(finding, Blocks))

    @property
    def pending(self) -> tuple[Pending, ...]:
        """What is awaited."""
        return tuple(finding for finding in self.findings if isinstance(finding, Pending))

    @property
    def is_met(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.blocks


def assess(batch: Batch, stage: Stage) -> list[Assessed]:
    """Ask every criterion for a stage of release."""
    return [Assessed(sentence, tuple(ask(batch, stage))) for sentence, ask in CRITERIA.items()]


def next_stage(batch: Batch) -> Stage:
    """Return the stage of release that comes next: conditional while a result is awaited that may come later."""
    if batch.disposition is not Disposition.IN_PROCESS:
        return Stage.FINAL
    awaited = any(each.pending for each in assess(batch, Stage.CONDITIONAL))
    return Stage.CONDITIONAL if awaited else Stage.FINAL
