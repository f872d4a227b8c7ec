"""What is asked about deviations: all of them, one of them, and what departed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flask import abort, url_for
from sqlalchemy import select

from batch_records.executed.batch import Batch
from batch_records.executed.commands import Person
from batch_records.executed.labelling import is_stop
from batch_records.executed.span import in_words
from batch_records.master.recipe import Role
from mes.batches import shown
from mes.batches.models import DeviationView
from mes.batches.queries import find
from mes.context import installation
from mes.people.queries import names
from mes.web import shapes

_TONES = {"open": "action", "explained": "alert", "closed": "ok"}


@dataclass(frozen=True)
class DeviationRow:
    """A deviation in the list of all."""

    number: str
    title: str
    state: str
    open: bool
    tone: str
    batch_number: str
    coi: str
    step_key: str
    raised: shapes.Stamp
    age: str
    url: str


@dataclass(frozen=True)
class DeviationsPage:
    """Everything that ``deviations.html`` asks for."""

    deviations: tuple[DeviationRow, ...]
    filters: tuple[shapes.Option, ...]
    chosen_filter: str
    counted: str


@dataclass(frozen=True)
class DeviationShown:
    """One deviation."""

    number: str
    title: str
    state: str
    open: bool
    tone: str
    raised: shapes.Stamp
    step_key: str
    step_name: str
    step_url: str


@dataclass(frozen=True)
class StoryLine:
    """What was written about a deviation since it was raised."""

    stamp: shapes.Stamp
    words: str
    text: str


@dataclass(frozen=True)
class DeviationPage:
    """Everything that ``deviation.html`` asks for."""

    batch: shapes.BatchHead
    deviation: DeviationShown
    entries: tuple[StoryLine, ...]
    may_explain: bool
    blocked: tuple[str, ...]
    signature: shapes.Signature | None
    error: str = ""
    draft: Mapping[str, str] = field(default_factory=dict)


def deviations(show: str) -> DeviationsPage:
    """Return the deviations of all batches, the open ones first."""
    with installation().reading() as session:
        rows = session.scalars(select(DeviationView).order_by(DeviationView.raised.desc())).all()
    people, now = names(), installation().now()
    shown_rows = [row for row in rows if show == "all" or row.state != "closed"]
    counted = sum(row.state != "closed" for row in rows)
    return DeviationsPage(
        deviations=tuple(_row(row, people, now) for row in shown_rows),
        filters=(shapes.Option("open", "Open"), shapes.Option("all", "All")),
        chosen_filter=show,
        counted=f"{counted} open, {len(rows) - counted} closed",
    )


def _row(row: DeviationView, people: Mapping[str, str], now: datetime) -> DeviationRow:
    return DeviationRow(
        number=f"{row.batch} {row.number}",
        title=row.description,
        state=row.state,
        open=row.state != "closed",
        tone=_TONES[row.state],
        batch_number=row.batch,
        coi=row.coi,
        step_key=row.step,
        raised=shapes.Stamp(people.get(row.raised_by, row.raised_by), "", shown.local(row.raised)),
        age=in_words(now - row.raised),
        url=url_for("quality.deviation", batch=row.batch, number=row.number),
    )


def deviation(batch: str, number: str, person: Person) -> DeviationPage:
    """Return one deviation."""
    with installation().reading() as session:
        found = find(session, batch)
    each, people = found.deviations.get(number), names()
    if each is None:
        abort(404, f"Batch {batch} has no deviation {number}.")
    state = "closed" if each.closed else "explained" if each.explained else "open"
    step = found.recipe.steps.get(each.step.partition(":")[0])
    url = url_for("batches.step", batch=batch, step=each.step) if step else url_for("batches.batch", batch=batch)
    story = [StoryLine(shown.stamp(stamp, people), "explained", text) for stamp, text in each.explained]
    if each.closed and each.closing:
        text = f"{each.closing.conclusion} Impact: {each.closing.impact} Other batches: {each.closing.other_batches}"
        story.append(StoryLine(shown.stamp(each.closed, people), "closed", text))
    reviewer = Role.REVIEWER.value in person.roles
    return DeviationPage(
        batch=shown.head(found, people),
        deviation=DeviationShown(
            f"{batch} {number}",
            each.description,
            state,
            not each.closed,
            _TONES[state],
            shown.stamp(each.raised, people),
            each.step or "whole batch",
            step.title if step else "",
            url,
        ),
        entries=tuple(story),
        may_explain=not each.closed and (bool(each.explained) or not is_stop(found, each.number)),
        blocked=("It is explained first: what happened, and what was done at once.",)
        if reviewer and not each.explained and not each.closed
        else (),
        signature=_closing(found, number) if reviewer and each.explained and not each.closed else None,
    )


def _closing(batch: Batch, number: str) -> shapes.Signature:
    statement = "The deviation is concluded as written here."
    return shapes.Signature("Close the deviation", statement, "approved", batch.last.hash, f"{batch.id} {number}")


@dataclass(frozen=True)
class ReportPage:
    """Everything that ``report.html`` asks for."""

    batch: shapes.BatchHead
    from_step: shapes.StepLink | None
    back_url: str
    error: str = ""
    draft: str = ""


def report_page(batch: str, key: str) -> ReportPage:
    """Return the page that asks what departed from the recipe."""
    with installation().reading() as session:
        found = find(session, batch)
    step = found.recipe.steps.get(key.partition(":")[0])
    back = url_for("batches.step", batch=batch, step=key) if step else url_for("batches.batch", batch=batch)
    link = shapes.StepLink(key, step.title, url=back) if step else None
    return ReportPage(shown.head(found, names()), link, back)
