"""What is asked about batches: the board, one batch, its growth, what can be started."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from flask import abort, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from batch_records.executed import entries as e
from batch_records.executed.batch import Batch, Disposition
from batch_records.executed.commands import Person
from batch_records.executed.progress import Progress, Standing
from batch_records.executed.review import ALARMS, NOTICES, exceptions
from batch_records.master.recipe import Operation, Role
from batch_records.values.quantity import Quantity
from mes.batches import shown
from mes.batches.commands import IssueBatch
from mes.batches.models import BatchView
from mes.context import installation
from mes.execute import HANDLERS
from mes.people.queries import names
from mes.web import shapes

_ENDED = tuple(each.value for each in Disposition if not each.is_open)
_ON_BOARD = 200


@dataclass(frozen=True)
class Card:
    """A batch on the board."""

    number: str
    coi: str
    product: str
    cell_source: str
    url: str
    state: str
    tone: str
    held: str | None
    day: int | None
    planned_days: int | None
    next_step: shapes.StepLink | None
    waits_for: str
    open_deviations: int
    clocks: tuple[shapes.Clock, ...]


@dataclass(frozen=True)
class Group:
    """Batches under one heading."""

    title: str
    batches: tuple[Card, ...]


@dataclass(frozen=True)
class Figure:
    """A number that one asks for first."""

    words: str
    value: str
    unit: str
    note: str
    verdict: str


@dataclass(frozen=True)
class OperationShown:
    """An operation with its steps."""

    key: str
    name: str
    state: str
    done: int
    total: int
    open: bool
    steps: tuple[shapes.StepLink, ...]


@dataclass(frozen=True)
class DeviationLine:
    """A deviation in a list."""

    number: str
    title: str
    state: str
    open: bool
    url: str


@dataclass(frozen=True)
class Material:
    """A lot that was used."""

    lot: str
    name: str
    amount: str
    unit: str
    expiry: str


@dataclass(frozen=True)
class Item:
    """Equipment that was used."""

    name: str
    kind: str
    note: str


@dataclass(frozen=True)
class BatchPage:
    """Everything that ``batch.html`` asks for."""

    batch: shapes.BatchHead
    figures: tuple[Figure, ...]
    operations: tuple[OperationShown, ...]
    next_step: shapes.StepLink | None
    waits_for: str
    clocks: tuple[shapes.Clock, ...]
    growth: bool
    growth_words: str
    deviations: tuple[DeviationLine, ...]
    alarms: tuple[str, ...]
    materials: tuple[Material, ...]
    equipment: tuple[Item, ...]
    comments: tuple[tuple[shapes.Stamp, str], ...]
    signature: shapes.Signature | None
    decision: str


def find(session: Session, batch: str) -> Batch:
    """Return a batch, or answer that there is none."""
    found = installation().folds.get(session.connection(), batch)
    if found is None:
        abort(404, f"There is no batch {batch}.")
    return found


def board() -> list[Group]:
    """Return the batches that are open, those that need somebody first, and the last that ended."""
    with installation().reading() as session:
        query = select(BatchView).order_by(BatchView.changed.desc()).limit(_ON_BOARD)
        rows = session.scalars(query).all()
        open_ = [_card(find(session, row.batch)) for row in rows if row.disposition not in _ENDED]
        ended = [_card(find(session, row.batch)) for row in rows if row.disposition in _ENDED]
    groups = (
        Group("Held", tuple(card for card in open_ if card.held)),
        Group("In process", tuple(card for card in open_ if not card.held)),
        Group("Ended", tuple(ended)),
    )
    return [group for group in groups if group.batches]


def _card(batch: Batch) -> Card:
    progress = Progress(batch)
    held = batch.holds[0][1].cause if batch.holds else None
    day = culture_day(batch, installation().now())
    return Card(
        number=batch.id,
        coi=batch.coi,
        product=batch.issue.product,
        cell_source=shown.whose_cells(batch.facts),
        url=url_for("batches.batch", batch=batch.id),
        state="held" if held else batch.disposition.value,
        tone=_tone(batch),
        held=held,
        day=day,
        planned_days=14 if day is not None else None,
        next_step=shown.next_step(batch, progress) if batch.disposition.is_open else None,
        waits_for=waits_for(batch, progress),
        open_deviations=sum(not each.closed for each in batch.deviations.values()),
        clocks=tuple(shown.clock(each) for each in progress.clocks()) if batch.disposition.is_open else (),
    )


def _tone(batch: Batch) -> str:
    if batch.holds:
        return "action"
    tones = {Disposition.RELEASED: "ok", Disposition.CONDITIONALLY_RELEASED: "half", Disposition.IN_PROCESS: "now"}
    tones |= {Disposition.RELEASED_OUT_OF_SPECIFICATION: "alert", Disposition.CONCLUDED_OUT_OF_SPECIFICATION: "alert"}
    return tones.get(batch.disposition, "stop")


def culture_day(batch: Batch, now: datetime) -> int | None:
    """Return the day of culture, while there is a culture."""
    if batch.recipe.day_zero is None or batch.disposition is not Disposition.IN_PROCESS:
        return None
    start = Progress(batch).edge(batch.recipe.day_zero)
    return max(0, (now - start.at).days) if start else None


def waits_for(batch: Batch, progress: Progress) -> str:
    """Say what happens when no step is next."""
    if not batch.disposition.is_open:
        stamp, _ = batch.disposed[-1]
        return f"{batch.disposition.value} on {shown.local(stamp.at):%Y-%m-%d %H:%M}"
    if any(progress.standing(key) is Standing.WAITING for key in progress):
        return "waits"
    return "the record waits for review and release"


def may_start(person: Person) -> bool:
    """Say whether somebody may start a batch."""
    return bool(person.roles & HANDLERS[IssueBatch].roles)


def batch_page(number: str, person: Person) -> BatchPage:
    """Return the page of one batch."""
    with installation().reading() as session:
        batch = find(session, number)
    people, progress = names(), Progress(batch)
    link = shown.next_step(batch, progress) if batch.disposition.is_open else None
    counted = growth_points(batch)
    return BatchPage(
        batch=shown.head(batch, people),
        figures=tuple(figures(batch)),
        operations=tuple(_operation(batch, progress, each, link) for each in batch.recipe.operations),
        next_step=link,
        waits_for=waits_for(batch, progress),
        clocks=tuple(shown.clock(each) for each in progress.clocks()) if batch.disposition.is_open else (),
        growth=bool(counted),
        growth_words=f"Viable cells in culture, {len(counted)} counts",
        deviations=tuple(_deviation(batch, each.number) for each in batch.deviations.values()),
        alarms=tuple(each.sentence for each in exceptions(batch) if each.check in (ALARMS, NOTICES)),
        materials=tuple(_materials(batch)),
        equipment=tuple(_equipment(batch)),
        comments=tuple((shown.stamp(stamp, people), text) for stamp, text in batch.comments),
        signature=_hold_or_lift(batch) if Role.REVIEWER.value in person.roles else None,
        decision="lift" if batch.holds else "hold",
    )


def _hold_or_lift(batch: Batch) -> shapes.Signature | None:
    if not batch.disposition.is_open:
        return None
    if batch.holds:
        statement = "The batch may go on. What held it is concluded."
        return shapes.Signature(
            *("Lift the hold", statement, "approved", batch.last.hash, shown.record(batch)),
            comment="required",
            comment_ask="Why it may go on",
        )
    return shapes.Signature(
        *("Hold the batch", "Work on the batch stops.", "held", batch.last.hash, shown.record(batch)),
        comment="required",
        comment_ask="Why",
    )


def figures(batch: Batch) -> Iterator[Figure]:
    """Give the newest of the numbers one asks for first, as far as they are recorded."""
    for name in batch.recipe.figures:
        home = batch.recipe.fields.get(name)
        values = batch.all_values().recorded(name) if home else []
        if home and values:
            digits, unit = shown.digits_and_unit(home[1], values[-1].text)
            verdict = shown.VERDICTS[values[-1].verdict]
            note = f"{shown.local(values[-1].stamp.at):%m-%d %H:%M}"
            yield Figure(home[1].ask, digits, unit, note, verdict)


def _operation(
    batch: Batch, progress: Progress, operation: Operation, following: shapes.StepLink | None
) -> OperationShown:
    steps = []
    for number in range(1, progress.rounds(operation) + 1):
        for step in operation.steps:
            key = step.id if number == 1 else f"{step.id}:{number}"
            steps.append(_step_link(batch, progress, key, number if operation.repeat else 0))
    over = [link for link in steps if link.state in ("complete", "not applicable")]
    complete = progress.is_complete(operation)
    begun = any(link.state != "waiting" for link in steps)
    current = following is not None and any(link.key == following.key for link in steps)
    state = "complete" if complete else "in progress" if begun else "waiting"
    return OperationShown(operation.id, operation.title, state, len(over), len(steps), current, tuple(steps))


def _step_link(batch: Batch, progress: Progress, key: str, number: int) -> shapes.StepLink:
    run, step = batch.run(key), batch.recipe.steps[key.partition(":")[0]]
    out = [value.entry for value in run.values.values() if value.verdict.is_out]
    flags = ["does not match" if isinstance(entry, e.IdentityChecked) else entry.verdict.value for entry in out]
    flags += ["reopened" for _ in run.reopened]
    note = f"round {number}" if number else ""
    url = url_for("batches.step", batch=batch.id, step=key)
    return shapes.StepLink(key, step.title, "", url, shown.STATES[progress.standing(key)], note, tuple(flags))


def _deviation(batch: Batch, number: str) -> DeviationLine:
    each = batch.deviations[number]
    state = "closed" if each.closed else "explained" if each.explained else "open"
    url = url_for("quality.deviation", batch=batch.id, number=number)
    return DeviationLine(number, each.description, state, not each.closed, url)


def _materials(batch: Batch) -> Iterator[Material]:
    for run in batch.runs.values():
        for name, value in run.values.items():
            entry = value.entry
            if isinstance(entry, e.MaterialAdded) and name in batch.recipe.fields:
                yield Material(entry.value, entry.material, f"step {run.key}", "", entry.expires[:10])


def _equipment(batch: Batch) -> Iterator[Item]:
    for run in batch.runs.values():
        for value in run.values.values():
            if isinstance(value.entry, e.EquipmentUsed):
                calibrated = f"calibrated until {value.entry.calibrated_until[:10]}"
                yield Item(value.entry.value, value.entry.equipment_class, f"step {run.key}, {calibrated}")


@dataclass(frozen=True)
class GrowthPoint:
    """A count in culture: when, how many viable cells in all, and their viability in percent."""

    at: datetime
    cells: float
    viability: float | None


def growth_points(batch: Batch) -> list[GrowthPoint]:
    """Return the counts of the culture, oldest first."""
    growth, values = batch.recipe.growth, batch.all_values()
    if growth is None:
        return []
    viabilities = {value.entry.step.partition(":")[2]: value for value in values.recorded(growth.viability)}
    points = []
    for value in values.recorded(growth.cells):
        viability = viabilities.get(value.entry.step.partition(":")[2])
        percent = float(Quantity.parse(viability.text).number) if viability else None
        points.append(GrowthPoint(value.stamp.at, float(Quantity.parse(value.text).base), percent))
    return points


def growth(number: str) -> dict[str, object]:
    """Return the growth curve for the page to draw, over days of culture."""
    with installation().reading() as session:
        batch = find(session, number)
    points = growth_points(batch)
    if not points:
        abort(404, "There is no count yet.")
    zero = batch.recipe.day_zero and Progress(batch).edge(batch.recipe.day_zero)
    start = zero.at if zero else points[0].at
    days = [round((point.at - start).total_seconds() / 86_400, 3) for point in points]
    lines = []
    target = batch.all_values().recorded(batch.recipe.growth.target) if batch.recipe.growth else []
    if target:
        lines.append({"label": "planned", "value": float(Fraction(target[-1].base))})
    series = [{"label": "viable cells", "values": [point.cells for point in points]}]
    return {
        "x": days,
        "x_end": max(14, days[-1]),
        "x_label": "day of culture",
        "y_label": "viable cells",
        "log": True,
        "series": series,
        "lines": lines,
    }
