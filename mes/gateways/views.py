"""The page of gateways."""

from __future__ import annotations

from flask import Blueprint, render_template

from mes.gateways.queries import gateways_page

bp = Blueprint("gateways", __name__, url_prefix="/gateways", template_folder="templates")


@bp.get("/")
def gateways() -> str:
    """Show each gateway with its instruments, as they told last."""
    return render_template("gateways.html", **vars(gateways_page()))
