"""The pages of archives that other installations made: imported, and only to read."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from batch_records.executed.draft import Refused
from mes.archive import queries
from mes.archive.inspection import inspect
from mes.execute import execute
from mes.web import frame
from mes.web.errors import sentence_of, status_of
from mes.web.forms import form

bp = Blueprint("archive", __name__, url_prefix="/archives", template_folder="templates")


@bp.get("/")
def archives() -> str:
    """List the archives that were imported."""
    return render_template("archives.html", **vars(queries.archives_page(frame.actor().person)))


@bp.post("/")
def import_archive() -> Response | tuple[str, int]:
    """Import an archive, if it is whole and sealed with the key that was entered."""
    entered, file = form(), request.files.get("file")
    command = inspect(file.read() if file else b"", entered.text("key"), frame.actor().person)
    try:
        execute(command, by=frame.actor(), tap=entered.tap)
    except Refused as error:
        page = queries.archives_page(frame.actor().person, sentence_of(error))
        return render_template("archives.html", **vars(page)), status_of(error)
    return redirect(url_for("archive.archive", digest=command.digest))


@bp.get("/<digest>")
def archive(digest: str) -> str:
    """Show an archive, laid out by this version from the lines in it."""
    return render_template("archive.html", **vars(queries.archive_page(digest)))


@bp.get("/<digest>/record.pdf")
def download(digest: str) -> Response:
    """Send the file as it came."""
    return send_file(queries.file_of(digest), mimetype="application/pdf", download_name=f"{digest[:16]}.pdf")
