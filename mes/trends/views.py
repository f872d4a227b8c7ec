"""The pages of trends: what an instrument says now and said before, as a chart and as a table."""

from __future__ import annotations

import json

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from mes.trends import queries

_AGAIN = 1_000  # milliseconds after which a chart asks for what is newer

bp = Blueprint("trends", __name__, url_prefix="/trends", template_folder="templates")


@bp.get("/<item>")
def trend(item: str) -> str:
    """Show one instrument."""
    as_table = request.args.get("as") == "table"
    return render_template("trend.html", **vars(queries.trend_page(item, _span("1 d"), as_table=as_table)))


@bp.get("/batches/<batch>")
def batch(batch: str) -> str:
    """Show the instruments of a batch, over the time they were its own."""
    item, as_table = request.args.get("item", ""), request.args.get("as") == "table"
    page = queries.trend_page(item, _span(queries.WHOLE), batch, as_table=as_table)
    return render_template("trend.html", **vars(page))


@bp.get("/<item>/events")
def events(item: str) -> Response:
    """Answer at once with what is newer than the browser has seen, as one server-sent event, and end.

    The browser asks again by itself. A stream that is held open would hold a thread for each chart that is looked at.
    """
    columns = request.args.get("columns", "")
    wanted = int(columns) if columns.isascii() and columns.isdigit() and len(columns) < 5 else 800
    seen = request.headers.get("Last-Event-ID", "")
    mark, told = queries.event(item, _span("1 d"), request.args.get("batch", ""), wanted, seen)
    data = json.dumps(told, separators=(",", ":"))
    return Response(f"retry: {_AGAIN}\nid: {mark}\ndata: {data}\n\n", mimetype="text/event-stream")


@bp.get("/<item>/live")
def live(item: str) -> str:
    """Show what an instrument says now, for the page to refresh itself."""
    number = request.args.get("batch", "")
    return render_template("now.html", item=item, number=number, now=queries.live(item, number))


def _span(usual: str) -> str:
    span = request.args.get("span", "")
    return span if span in (*queries.SPANS, queries.WHOLE) else usual
