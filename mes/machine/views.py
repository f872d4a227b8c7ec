"""The page of the machine."""

from __future__ import annotations

from flask import Blueprint, render_template

from mes.machine.queries import machine_page

bp = Blueprint("machine", __name__, url_prefix="/server", template_folder="templates")


@bp.get("/")
def machine() -> str:
    """Show how the server's clock and disks are, and which copies of the records were made."""
    return render_template("machine.html", **vars(machine_page()))
