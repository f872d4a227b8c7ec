"""Making the printed record as the renderer's process does: asked by the clock, kept under its digest."""

from __future__ import annotations

from mes.clock import Tick
from mes.reports.queries import file_of
from mes.reports.render import Rendered, render
from mes.seals.commands import Seal
from tests.mes.laboratory import CLOCK, TOKENS, Laboratory
from tests.mes.played import Played


def printed(batch: Played) -> Rendered:
    """Return the record of a batch as a PDF; all that was written is sealed first, as it is within a minute."""
    seal(batch.lab)
    with batch.lab.app.app_context(), batch.lab.app.test_request_context():
        return render(batch.number)


def seal(lab: Laboratory) -> None:
    """Let the clock seal all readings and all lines."""
    lab.time.later(seconds=61)
    lab.do(Tick(), CLOCK)
    lab.time.later(seconds=61)
    lab.do(Seal(), CLOCK)


def made(batch: Played) -> bytes:
    """Make what was asked for, and return it."""
    http, token = batch.lab.tablet().http, {"Authorization": f"Bearer {TOKENS[CLOCK.id]}"}
    (asked,) = http.post("/api/v1/ticks", headers=token).json()["documents"]
    rendered = printed(batch)
    with batch.lab.app.app_context():
        file = file_of(rendered.digest)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(rendered.content)
    told = {"batch": batch.number, "page": rendered.page, "head": rendered.head, "digest": rendered.digest}
    answer = http.post(
        f"/api/v1/documents/{asked['id']}", json=told | {"pages": rendered.pages, "size": 1}, headers=token
    )
    assert answer.status_code == 204
    return rendered.content
