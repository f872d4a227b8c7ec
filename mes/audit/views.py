"""The audit trail's page, and copies of what it finds."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Response, render_template, request, stream_with_context

from mes.audit.commands import NoteCopy
from mes.audit.queries import audit_page, copied
from mes.audit.search import Filter
from mes.execute import execute
from mes.web import frame
from mes.web.forms import form

bp = Blueprint("audit", __name__, url_prefix="/audit", template_folder="templates")
_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@bp.get("/")
def audit() -> str:
    """Show the lines that answer to a filter."""
    return render_template("audit.html", **vars(audit_page(_asked(request.args.items()))))


@bp.post("/copy")
def copy() -> Response:
    """Send every line that answers to a filter, as a file; that it was taken is a line itself."""
    entered = form()
    asked, how = _asked(entered.fields.items()), "json" if entered.text("how") == "json" else "csv"
    said = tuple((name, value) for name, value in vars(asked).items() if value)
    found = copied(asked, how)
    execute(NoteCopy(f"audit trail as {how.upper()}", said), by=frame.actor(), tap=entered.tap)
    headers = {"Content-Disposition": f'attachment; filename="audit-trail.{how}"'}
    return Response(stream_with_context(found), content_type=_TYPES[how], headers=headers)


def _asked(told: Iterable[tuple[str, str]]) -> Filter:
    known = Filter.__dataclass_fields__
    return Filter(**{name: text.strip() for name, text in told if name in known})
