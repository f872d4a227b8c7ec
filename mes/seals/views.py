"""The page of the seals."""

from __future__ import annotations

from flask import Blueprint, render_template

from mes.seals.queries import seals_page

bp = Blueprint("seals", __name__, url_prefix="/seals", template_folder="templates")


@bp.get("/")
def seals() -> str:
    """Show what is sealed, and who confirmed it."""
    return render_template("seals.html", **vars(seals_page()))
