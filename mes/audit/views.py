"""The audit trail's page."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from mes.audit.queries import Filter, audit_page

bp = Blueprint("audit", __name__, url_prefix="/audit", template_folder="templates")


@bp.get("/")
def audit() -> str:
    """Show the lines that answer to a filter."""
    known = Filter.__dataclass_fields__
    asked = Filter(**{name: text.strip() for name, text in request.args.items() if name in known})
    return render_template("audit.html", **vars(audit_page(asked)))
