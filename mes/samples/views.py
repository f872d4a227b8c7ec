"""The laboratory's worklist. Results are reported on the step that asks for them."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from mes.samples import queries

bp = Blueprint("samples", __name__, url_prefix="/samples", template_folder="templates")


@bp.get("/")
def samples() -> str | Response:
    """Show which results are due; a scanned tube leads to its result."""
    searched = request.args.get("sample", "").strip()
    found = queries.result_step(searched) if searched else None
    if found:
        return redirect(found)
    return render_template("samples.html", **vars(queries.samples_page(searched)))
