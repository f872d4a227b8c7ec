"""Review, release and rejection: the signatures of quality, refused while anything blocks them."""

from __future__ import annotations

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.batch import Disposition
from batch_records.executed.decide import decides
from batch_records.executed.decisions.steps import must_be_open, must_hold
from batch_records.executed.draft import Draft, Malformed, Refused
from batch_records.executed.review import exceptions
from batch_records.master.recipe import Role, Stage
from batch_records.release.assess import Assessed, assess


@decides(c.ReviewBatch)
def review_batch(draft: Draft, command: c.ReviewBatch) -> None:
    """Sign that the record was read, its exceptions among it, by one who did none of the work."""
    must_hold(draft, Role.REVIEWER)
    must_sign_what_was_seen(draft, command.seen)
    must_be_another(draft, "reviewed")
    found = tuple(finding.sentence for finding in exceptions(draft.batch))
    draft.write(e.BatchReviewed(command.stage.value, found, str(draft.batch.last.page)))


@decides(c.ReleaseBatch)
def release_batch(draft: Draft, command: c.ReleaseBatch) -> None:
    """Release for a stage, when every criterion is met."""
    must_hold(draft, Role.RELEASER)
    must_sign_what_was_seen(draft, command.seen)
    must_be_another(draft, "released")
    if command.stage is Stage.CONDITIONAL and draft.batch.disposition is not Disposition.IN_PROCESS:
        raise Refused(f"the batch is {draft.batch.disposition.value} already")
    if draft.batch.disposition is Disposition.RELEASED_OUT_OF_SPECIFICATION:
        raise Refused("the batch is released out of specification: its record is concluded, never released again")
    assessed = assess(draft.batch, command.stage)
    if blocking := [finding.sentence for criterion in assessed for finding in criterion.blocks]:
        raise Refused("release is blocked: " + "; ".join(blocking))
    criteria = tuple(criterion.criterion for criterion in assessed)
    pending = _pending(assessed)
    if command.stage is Stage.FINAL:
        draft.write(e.BatchReleased(criteria))
    elif pending:
        draft.write(e.BatchConditionallyReleased(pending, criteria))
    else:
        raise Refused("every result is in: review and release the batch finally")


@decides(c.RejectBatch)
def reject_batch(draft: Draft, command: c.RejectBatch) -> None:
    """Reject a batch, with the conclusion."""
    must_hold(draft, Role.RELEASER)
    must_sign_what_was_seen(draft, command.seen)
    if not command.conclusion.strip():
        raise Malformed("conclusion", "say why the batch is rejected")
    draft.write(e.BatchRejected(command.conclusion.strip()))


def must_sign_what_was_seen(draft: Draft, seen: str) -> None:
    """Refuse a signature on a record that was not the one on the screen, or has ended."""
    must_be_open(draft)
    if seen != draft.batch.last.hash:
        raise Refused("the record has changed since it was shown: read it again, then sign")


def must_be_another(draft: Draft, what: str) -> None:
    """Refuse who did some of the work, and to release also who reviewed it."""
    batch = draft.batch
    corrected = any(draft.by.id == stamp.author for stamp, _ in (*batch.corrected, *batch.waivers))
    if corrected or any(draft.by.id in run.people | run.verifiers for run in batch.runs.values()):
        raise Refused(f"{draft.by.name} did some of the work: the batch is {what} by another person")
    if what == "released" and batch.review and draft.by.id == batch.review[0].author:
        raise Refused(f"{draft.by.name} reviewed the record: the batch is released by another person")


def _pending(assessed: list[Assessed]) -> tuple[str, ...]:
    return tuple(finding.name for criterion in assessed for finding in criterion.pending)
