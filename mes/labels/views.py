"""The page of some labels, and the labels themselves for a printer."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from batch_records.executed import label_commands as lc
from batch_records.executed.draft import Malformed, Refused
from mes.execute import execute
from mes.labels import commands, queries  # noqa: F401 - registers what is done with labels
from mes.web import frame
from mes.web.errors import sentence_of, status_of
from mes.web.forms import form

bp = Blueprint(
    "labels", __name__, url_prefix="/batches/<batch>/steps/<step>/labels/<field>", template_folder="templates"
)


@bp.get("")
def labels(batch: str, step: str, field: str) -> str:
    """Show some labels: what was printed, and what was scanned back."""
    return render_template("labels.html", **vars(queries.labels_page(batch, step, field)))


@bp.get("/<form>")
def sheet(batch: str, step: str, field: str, form: str) -> Response:
    """Hand out the labels of one printing, as PDF or for a label printer."""
    first = request.args.get("first", "")
    content = queries.sheet(batch, step, field, int(first) if first.isdecimal() and len(first) < 7 else 0, form)
    name = f"labels-{batch}-{first or 'last'}.{form}"
    how = {"Content-Disposition": f'{"inline" if form == "pdf" else "attachment"}; filename="{name}"'}
    return Response(content, headers=how, content_type=queries.FORMS[form])


@bp.post("/reprint")
def reprint(batch: str, step: str, field: str) -> AnyResponse | tuple[str, int]:
    """Print labels again, with the reason."""
    entered = form()
    command = lc.ReprintLabels(batch, step, field, entered.number("copies"), entered.reason())
    try:
        execute(command, by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        return _again(command, error)
    return _on(command)


@bp.post("/scan")
def scan(batch: str, step: str, field: str) -> AnyResponse | tuple[str, int]:
    """Scan a label where it was put."""
    entered = form()
    command = lc.ScanLabel(batch, step, field, entered.text("code"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        return _again(command, error)
    return _on(command)


@bp.post("/reconciliation")
def reconcile(batch: str, step: str, field: str) -> AnyResponse | tuple[str, int]:
    """Account for the labels that were put nowhere."""
    entered = form()
    destroyed, kept = entered.number("destroyed"), entered.number("kept")
    command = lc.ReconcileLabels(batch, step, field, destroyed, kept, entered.text("why"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        return _again(command, error)
    return _on(command)


_Command = lc.ReprintLabels | lc.ScanLabel | lc.ReconcileLabels


def _again(command: _Command, error: Malformed | Refused) -> tuple[str, int]:
    page = queries.labels_page(command.batch, command.step, command.field, sentence_of(error))
    return render_template("labels.html", **vars(page)), status_of(error)


def _on(command: _Command) -> AnyResponse:
    """Go on with the labels; back to the step when they are accounted for, or where a wrong one stopped it."""
    frame.say_saved()
    batch, step, field = command.batch, command.step, command.field
    if isinstance(command, lc.ReconcileLabels) or queries.is_stopped(batch, step):
        return redirect(url_for("batches.step", batch=batch, step=step))
    return redirect(url_for("labels.labels", batch=batch, step=step, field=field))
