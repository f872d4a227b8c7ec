"""The page of a batch record's PDF, and the file."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, redirect, render_template, send_file, url_for
from werkzeug.wrappers import Response

from mes.archive.copies import copy_of
from mes.audit.commands import NoteCopy
from mes.execute import execute
from mes.reports import queries
from mes.reports.commands import AskForRecord, CopyRecord
from mes.web import frame
from mes.web.forms import form

bp = Blueprint("reports", __name__, url_prefix="/batches/<batch>/record", template_folder="templates")


@bp.get("/")
def record(batch: str) -> str:
    """Show whether the PDF is there, and the head of the batch's book."""
    return render_template("record.html", **vars(queries.record_page(batch)))


@bp.post("/")
def render(batch: str) -> Response:
    """Have the PDF made."""
    execute(AskForRecord(batch), by=frame.actor(), tap=form().tap)
    return redirect(url_for("reports.record", batch=batch))


@bp.get("/batch-record.pdf")
def download(batch: str) -> Response:
    """Send the newest PDF; that it was taken is a line."""
    file = queries.newest_file(batch)
    execute(NoteCopy(f"record of {batch} as PDF", (("digest", file.stem),)), by=frame.actor(), tap="")
    return send_file(file, mimetype="application/pdf", download_name=f"{batch}.pdf")


@bp.post("/copies")
def copy(batch: str) -> Response:
    """Give a copy of the record to take along; who took which stands in the ledger."""
    entered = form()
    made = copy_of(batch, entered.text("form"))
    execute(CopyRecord(batch, made.form, made.digest), by=frame.actor(), tap=entered.tap)
    return send_file(BytesIO(made.content), mimetype=made.mime, as_attachment=True, download_name=made.name)
