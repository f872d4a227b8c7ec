"""The batch record as PDF, made by WeasyPrint in a process of its own: a large record takes memory that stays taken."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from weasyprint import CSS, HTML
from weasyprint.document import Document

from batch_records.executed.batch import Batch
from batch_records.executed.progress import Progress
from mes.archive.embed import embed
from mes.archive.files import files_of
from mes.archive.gather import gather
from mes.archive.sealed import sealed, sealed_pages
from mes.batches import shown
from mes.batches.queries import find, growth_points
from mes.batches.shown import local, unit_words
from mes.context import installation
from mes.people.queries import names
from mes.reports.charts import Chart, Line, seconds
from mes.reports.nowhere import nowhere
from mes.reports.record import Record, lay_out
from mes.reports.seal import SealShown, seal_shown
from mes.reports.series import series_of
from mes.reports.supply import lay_out_supply

_TEMPLATES = Environment(
    loader=PackageLoader("mes.reports", "templates/document"),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
)
_CHANNELS = ("temperature", "pH", "dissolved_oxygen", "carbon_dioxide", "viable_cell_density")


@dataclass(frozen=True)
class Rendered:
    """A record that was rendered: the file's bytes, its pages, and which state of the record it shows."""

    content: bytes
    pages: int
    page: int
    head: str

    @property
    def digest(self) -> str:
        """The name it is kept under."""
        return hashlib.sha256(self.content).hexdigest()


def render(number: str) -> Rendered:
    """Render the record of a batch, as far as it is sealed, and attach to it all that it rests on."""
    with installation().database.snapshot() as connection:
        batch = _as_sealed(connection, number)
        gathered, seal = sealed(connection, gather(connection, batch))
        altered = shown.altered(Session(connection), number)
        charts = [*_growth(batch), *_process(Session(connection), batch)]
    files, now = files_of(gathered, seal), installation().now()
    printed = _print(lay_out(batch, gathered.own, names(), altered), charts, seal_shown(seal, files), now)
    content = embed(printed.write_pdf(pdf_variant="pdf/a-3u"), files, now)
    return Rendered(content, len(printed.pages), batch.last.page, batch.last.hash)


def render_supply(number: str) -> Rendered:
    """Render the document that goes with a product out of specification; it is no certificate, and says so."""
    with installation().database.snapshot() as connection:
        batch = find(Session(connection), number)
    content = lay_out_supply(batch, names())
    printed = _document("supply.html", content.coi, content.batch, batch.last.hash, supply=content)
    return Rendered(printed.write_pdf(), len(printed.pages), batch.last.page, batch.last.hash)


def _as_sealed(connection: Connection, number: str) -> Batch:
    """Return a batch up to its last line that is sealed; all of it where nothing is."""
    batch = find(Session(connection), number)
    pages = sealed_pages(connection, number)
    return installation().folds.until(connection, number, pages) or batch


def _print(record: Record, charts: list[Chart], seal: SealShown, now: datetime) -> Document:
    shows = {"record": record, "charts": charts, "seal": seal, "now": now}
    return _document("record.html", record.coi, record.batch, record.head, **shows)


def _document(template: str, coi: str, batch: str, head: str, **shows: Any) -> Document:  # noqa: ANN401 - what a template shows
    settings = installation().settings
    printed = local(shows.pop("now", None) or installation().now())
    html = _TEMPLATES.get_template(template).render(laboratory=settings.laboratory, printed=printed, **shows)
    band = "Demonstration · synthetic data · process time" if settings.is_demonstration else ""
    words = {"coi": coi, "batch": batch, "head": head, "band": band}
    style = CSS(string=_TEMPLATES.get_template("record.css").render(words), url_fetcher=nowhere())
    return HTML(string=html, url_fetcher=nowhere()).render(stylesheets=[style])


def _zero(batch: Batch) -> float:
    edge = batch.recipe.day_zero and Progress(batch).edge(batch.recipe.day_zero)
    return seconds(edge.at if edge else batch.started.at)


def _growth(batch: Batch) -> list[Chart]:
    points = growth_points(batch)
    if len(points) < 2 or batch.recipe.growth is None:
        return []
    at = [seconds(point.at) for point in points]
    cells = [point.cells for point in points]
    target = batch.all_values().recorded(batch.recipe.growth.target)
    lines = [Line(float(target[-1].base), "planned")] if target else []
    viable = [
        (moment, point.viability) for moment, point in zip(at, points, strict=True) if point.viability is not None
    ]
    zero = _zero(batch)
    moments, percents = [moment for moment, _ in viable], [percent for _, percent in viable]
    return [
        Chart(
            "Viable cells in culture",
            "cells",
            at,
            cells,
            cells,
            zero,
            points=True,
            logarithmic=True,
            lines=lines,
            height=140,
        ),
        Chart("Viability of the culture", "%", moments, percents, percents, zero, points=True, height=100),
    ]


def _process(session: Session, batch: Batch) -> list[Chart]:
    zero = _zero(batch)
    instrument, drawn = series_of(session, batch, "bioreactor")
    return [
        Chart(
            f"{each.name.replace('_', ' ')}, {instrument}, {each.count:,} readings",
            unit_words(each.unit),
            each.at,
            each.low,
            each.high,
            zero,
            height=84,
            gap=each.gap,
        )
        for each in drawn
        if each.name in _CHANNELS
    ]
