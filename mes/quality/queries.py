"""What quality asks: deviations, the review by exception, whether a batch may leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from sqlalchemy.orm import Session

from batch_records.executed import entries as e
from batch_records.executed.batch import Batch, Disposition
from batch_records.executed.commands import Person
from batch_records.executed.draft import Malformed
from batch_records.executed.review import Finding, review
from batch_records.master.recipe import Role, Stage
from batch_records.release.assess import assess, next_stage
from batch_records.release.criteria.review_current import review_current
from batch_records.release.criterion import CRITERIA, Blocks, Pending
from batch_records.release.out_of_specification import SPECIFICATION, findings
from mes.batches import shown
from mes.batches.folds import book_of
from mes.batches.queries import find
from mes.context import installation
from mes.machine.keeping import not_kept
from mes.people.queries import names
from mes.seals.queries import not_witnessed
from mes.web import shapes

_REVIEWED = next(sentence for sentence, ask in CRITERIA.items() if ask is review_current)


@dataclass(frozen=True)
class ExceptionLine:
    """One exception of a review."""

    sentence: str
    value: str | None
    step_key: str
    step_name: str
    url: str
    stamp: shapes.Stamp
    deviation: str | None
    trail: str  # where the very line stands in the audit trail, among those around it


@dataclass(frozen=True)
class FoundGroup:
    """The exceptions that one check found."""

    title: str
    tone: str
    count: int
    found: tuple[ExceptionLine, ...]


@dataclass(frozen=True)
class CheckLine:
    """A check that found nothing, and how much it looked at."""

    words: str
    count: int


@dataclass(frozen=True)
class Signed:
    """A signature that was given, and in words what has become of it since, where anything has."""

    meaning: str
    who: str
    role: str
    at: datetime
    user: str
    since: str


@dataclass(frozen=True)
class ReviewPage:
    """Everything that ``review.html`` asks for."""

    batch: shapes.BatchHead
    exceptions: tuple[FoundGroup, ...]
    passed: tuple[CheckLine, ...]
    passed_total: int
    blocked: tuple[str, ...]
    signature: shapes.Signature | None
    signed: tuple[Signed, ...]
    stage: str
    unwitnessed: str = ""  # what a signature just given still waits for


@dataclass(frozen=True)
class CriterionLine:
    """One criterion of release, and whether it is met."""

    words: str
    state: str  # met, blocks, waits
    sentence: str
    needed_for: str
    url: str | None
    due: datetime | None = None


@dataclass(frozen=True)
class ReleasePage:
    """Everything that ``release.html`` asks for."""

    batch: shapes.BatchHead
    criteria: tuple[CriterionLine, ...]
    blocking_conditional: int
    blocking_final: int
    decided: tuple[Signed, ...]
    stage: str
    signature: shapes.Signature | None
    refusal: str
    rejection: shapes.Signature | None
    supply: str = ""  # words of a link to the supply out of specification, where there may be one
    told: str = ""  # words of a link to who is told
    waived: tuple[str, ...] = ()  # gates that were passed by a waiver
    unwitnessed: str = ""  # what a signature just given still waits for


def review_page(batch: str, person: Person) -> ReviewPage:
    """Return the record's exceptions, and what was checked without finding any."""
    with installation().reading() as session:
        found, altered = find(session, batch), shown.altered(session, batch)
        unwitnessed = _unwitnessed(session, found, [stamp for stamp, _ in found.reviews])
    people, checked = names(), review(found)
    groups = [
        FoundGroup(
            each.otherwise,
            "alert",
            len(each.findings),
            tuple(_exception(found, finding, people) for finding in each.findings),
        )
        for each in checked
        if each.findings
    ]
    counted = [(each, each.looked_at - len(each.findings)) for each in checked]
    passed = [CheckLine(each.check, in_order) for each, in_order in counted if in_order or not each.findings]
    stage = next_stage(found)
    may = Role.REVIEWER.value in person.roles and found.disposition.is_open
    return ReviewPage(
        batch=shown.head(found, people),
        exceptions=tuple(groups),
        passed=tuple(passed),
        passed_total=sum(line.count for line in passed),
        blocked=(*altered, *(_not_to_review(found, stage) if may else ())),
        signature=_reviewing(found, stage) if may else None,
        signed=tuple(_reviewed(found, *each, people) for each in found.reviews),
        stage=stage.value,
        unwitnessed=unwitnessed,
    )


def _unwitnessed(session: Session, batch: Batch, signed: Sequence[e.Stamp]) -> str:
    """Say what the newest of these signatures still waits for; nothing where it is sealed and confirmed."""
    page = max((stamp.page for stamp in signed), default=0)
    return not_witnessed(session.connection(), book_of(batch.id), page) if page else ""


def _not_to_review(batch: Batch, stage: Stage) -> list[str]:
    """Say what keeps a review from being of any use: release would be blocked by the same.

    What is out of specification does not, once the physician has accepted it: then the review is of that supply.
    """
    apart = {_REVIEWED, SPECIFICATION} if batch.supply.acceptance else {_REVIEWED}
    assessed = [each for each in assess(batch, stage) if each.criterion not in apart]
    return [f"{finding.sentence[:1].upper()}{finding.sentence[1:]}." for each in assessed for finding in each.blocks]


def _reviewing(batch: Batch, stage: Stage) -> shapes.Signature:
    statement = (
        "I did none of this work. I have read the record, its exceptions and its audit trail "
        f"up to line {batch.last.page}, for {stage.value}."
    )
    return shapes.Signature("Sign the review", statement, "reviewed", batch.last.hash, shown.record(batch))


def _exception(batch: Batch, finding: Finding, people: Mapping[str, str]) -> ExceptionLine:
    step = batch.recipe.steps.get(finding.step.partition(":")[0])
    url = (
        url_for("batches.step", batch=batch.id, step=finding.step) if step else url_for("batches.batch", batch=batch.id)
    )
    raised = [each for each in batch.deviations.values() if each.step == finding.step and finding.step]
    word = ", ".join(f"{each.number} {'closed' if each.closed else 'open'}" for each in raised)
    return ExceptionLine(
        finding.sentence[:1].upper() + finding.sentence[1:],
        None,
        finding.step,
        step.title if step else "the whole batch",
        url,
        shown.stamp(finding.stamp, people),
        word or None,
        f"{url_for('audit.audit', book=book_of(batch.id), line=finding.stamp.page)}#line-{finding.stamp.page}",
    )


def release_page(batch: str, person: Person) -> ReleasePage:
    """Return the criteria of release with what they found, and the signatures that can be given."""
    with installation().reading() as session:
        found, altered = find(session, batch), shown.altered(session, batch)
        unwitnessed = _unwitnessed(session, found, [stamp for stamp, _ in (*found.reviews, *found.disposed)])
        clock = not_kept(session.connection(), installation().now())
    people, stage = names(), next_stage(found)
    conditional, final = (_criteria(found, each, clock) for each in (Stage.CONDITIONAL, Stage.FINAL))
    may = Role.RELEASER.value in person.roles and found.disposition.is_open
    shown_lines = conditional if stage is Stage.CONDITIONAL else ()
    mine = conditional if stage is Stage.CONDITIONAL else final
    blocking = [*altered, *(line.sentence for line in mine if line.state == "blocks")]
    if found.disposition is Disposition.RELEASED_OUT_OF_SPECIFICATION:
        blocking = ["Released out of specification: its record is concluded, never released.", *altered]
    return ReleasePage(
        batch=shown.head(found, people),
        criteria=(*shown_lines, *final),
        blocking_conditional=sum(line.state == "blocks" for line in conditional),
        blocking_final=sum(line.state != "met" for line in final),
        decided=tuple(_decided(found, *each, people) for each in found.disposed),
        stage="conditional" if stage is Stage.CONDITIONAL else "final",
        signature=_releasing(found, stage) if may and not blocking else None,
        refusal="; ".join(blocking if may else altered),
        rejection=_rejecting(found) if may else None,
        supply="Supply out of specification" if found.recipe.supply and findings(found) else "",
        told=_to_tell(found),
        waived=tuple(
            f"Step {entry.step}: “{entry.choice}” waived by {stamp.who}, {entry.role}: {entry.justification}"
            for stamp, entry in found.waivers
        ),
        unwitnessed=unwitnessed,
    )


def _to_tell(batch: Batch) -> str:
    """Say how many notifications wait; nothing before anything left."""
    waiting = sum(not each.is_done for each in batch.notifications.values())
    if waiting:
        return f"Who is told: {waiting} to be done"
    return "Who is told" if batch.disposition.has_left else ""


def _criteria(batch: Batch, stage: Stage, clock: str) -> tuple[CriterionLine, ...]:
    needed = "conditional" if stage is Stage.CONDITIONAL else "final"
    lines = []
    for each in assess(batch, stage):
        for finding in each.findings:
            state = "blocks" if isinstance(finding, Blocks) else "waits"
            url = url_for("batches.step", batch=batch.id, step=finding.step) if finding.step else None
            words = finding.name if isinstance(finding, Pending) else each.criterion
            lines.append(CriterionLine(words, state, _as_sentence(finding.sentence), needed, url))
        if not each.findings:
            lines.append(CriterionLine(each.criterion, "met", "", needed, None))
    if clock and batch.disposition.is_open:  # what is released already bears its time
        words, url = "The server's clock is kept", url_for("machine.machine")
        lines.append(CriterionLine(words, "blocks", _as_sentence(clock), needed, url))
    return tuple(lines)


def _as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _releasing(batch: Batch, stage: Stage) -> shapes.Signature:
    if stage is Stage.CONDITIONAL:
        pending = [finding.name for each in assess(batch, stage) for finding in each.pending]
        statement = f"Released while these are awaited: {', '.join(pending)}."
        return shapes.Signature("Conditional release", statement, "released", batch.last.hash, shown.record(batch))
    statement = "Every criterion is met; the batch may leave."
    return shapes.Signature("Final release", statement, "released", batch.last.hash, shown.record(batch))


def _rejecting(batch: Batch) -> shapes.Signature:
    return shapes.Signature(
        "Reject the batch",
        "The batch does not leave, and nothing can be added to it.",
        "rejected",
        batch.last.hash,
        shown.record(batch),
        comment="required",
        comment_ask="Why",
    )


def _signed(stamp: e.Stamp, meaning: str, people: Mapping[str, str], since: str = "") -> Signed:
    who = shown.stamp(stamp, people)
    return Signed(meaning, who.who, who.role, who.at, stamp.author, since)


def _reviewed(batch: Batch, stamp: e.Stamp, entry: e.BatchReviewed, people: Mapping[str, str]) -> Signed:
    amended = batch.amended.get(stamp.page)
    since = f"amended on {shown.minute(amended.at)}, unsigned until signed again" if amended else ""
    return _signed(stamp, f"reviewed for {entry.stage}", people, since)


def _decided(batch: Batch, stamp: e.Stamp, entry: e.Entry, people: Mapping[str, str]) -> Signed:
    amended = batch.reopened_since(stamp)
    since = f"signed steps were opened again on {shown.minute(amended.at)}, after this decision" if amended else ""
    return _signed(stamp, _decision(entry), people, since)


def _decision(entry: e.Entry) -> str:
    if isinstance(entry, e.BatchConditionallyReleased):
        return f"conditionally released, awaiting {', '.join(entry.pending)}"
    return e.kind(entry).removeprefix("batch ")


def stage_of(text: str) -> Stage:
    """Return the stage of release that a form names."""
    if text not in {stage.value for stage in Stage}:
        raise Malformed("stage", "a batch is reviewed for conditional or for final release")
    return Stage(text)
