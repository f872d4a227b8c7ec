"""The printed batch record: asked for on a page, made apart, kept under its digest; and all that must be in it."""

from __future__ import annotations

import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.draft import Refused
from batch_records.master.recipe import Stage
from mes.archive.verify import NAMES
from mes.reports.commands import AskForRecord, KeepRecord
from tests.cast import ALICE, QUINN
from tests.mes.laboratory import CLOCK, COI, TOKENS, Laboratory
from tests.mes.played import Played
from tests.mes.reports.making import made, printed
from tests.mes.reports.pdf_text import Pdf, read

# WeasyPrint leaves a colour profile of its own open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning")


@pytest.fixture
def full(batch: Played) -> Played:
    """A batch with everything a record can hold: a correction, a deviation, a remark, a typed value, a release."""
    batch.finish("1.5").do(c.RaiseDeviation(batch.number, "the lamp flickered", "1.5"), ALICE)
    batch.step("1.5").correct("1.5", "volume", "60.0 mL", "typing mistake")
    batch.complete("1.5")
    batch.verify("1.5")
    batch.do(c.AddComment(batch.number, "王医生 asked: 10⁶, ±, “é”, ≥ 70 %", "1.5"), ALICE)
    batch.settle().finish("3.1")
    with pytest.raises(Refused):
        batch.complete("1.1")
    batch.finish().review()
    batch.release()
    return batch


@pytest.mark.requirement("RQ-003")
@pytest.mark.requirement("RQ-016")
@pytest.mark.requirement("RQ-061")
@pytest.mark.requirement("RQ-104")
def test_the_record_holds_everything(full: Played) -> None:
    """Every value, correction, signature, reading, deviation, remark and line: nothing in the ledger is left out."""
    pdf = read(printed(full).content)
    assert pdf.missing == 0
    _must_hold_the_values(full, pdf)
    for stamp, _ in full.entries():
        assert pdf.has(stamp.hash), stamp
    for line in full.lab.lines(full.book):
        if "signed" in line:
            assert pdf.has(f"{line['signed']['meaning']}{line['signed']['name']}"), line
        assert not line.get("reason") or pdf.has(line["reason"])
    for words in (
        "60.0 mL",
        "typing mistake",
        "the lamp flickered",
        "王医生 asked: 10⁶, ±, “é”, ≥ 70 %",
        COI,
        "released",
    ):
        assert pdf.has(words), words


def _must_hold_the_values(batch: Played, pdf: Pdf) -> None:
    for run in batch.batch.runs.values():
        for value in run.values.values():
            for version in (*value.history, value):
                if "T" not in version.text:
                    assert pdf.has(version.text.replace("10^6", "×10⁶")), version
                if isinstance(version.entry, e.ReadingTaken):
                    assert pdf.has(version.entry.raw_digest)


@pytest.mark.requirement("RQ-080")
def test_every_page_says_which_of_how_many_and_of_what(full: Played) -> None:
    """Page x of y, the chain of identity and the head of the book stand on each page."""
    rendered = printed(full)
    pdf = read(rendered.content)
    assert rendered.pages == len(pdf.pages) > 3
    for number, page in enumerate(pdf.pages, 1):
        text = "".join(page.split())
        assert f"page{number}of{rendered.pages}" in text.lower(), number
        assert COI in text
        assert full.batch.last.hash in text
    assert (rendered.page, rendered.head) == (full.batch.last.page, full.batch.last.hash)


def test_times_are_the_sites_and_say_their_zone(full: Played) -> None:
    """What was recorded at 8 UTC is printed as 16 o'clock, with the zone beside it."""
    pdf = read(printed(full).content)
    assert pdf.has("2026-03-02 16:00:00 (+08:00)")
    assert not pdf.has("2026-03-02 08:00:00")


@pytest.mark.requirement("RQ-054")
def test_what_was_pending_at_release_is_named(batch: Played) -> None:
    """The record of a conditional release says what is still awaited."""
    batch.finish("3.1").review(Stage.CONDITIONAL)
    batch.release(Stage.CONDITIONAL)
    pdf = read(printed(batch).content)
    assert pdf.has("Conditionally released while awaited: Sterility")


def test_what_people_wrote_opens_nothing(lab: Laboratory) -> None:
    """Markup in a remark is printed as typed: no address is asked, no file is read, nothing is attached."""
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{server.server_port}"
    batch = Played(lab).start(COI).finish("1.5")
    payload = (
        f'<img src="{here}/img"><link rel=attachment href="file:///etc/passwd"><style>@import url({here}/css)</style>'
    )
    for text in (payload, f"url({here}/url)", f"<object data='{here}/object'></object>"):
        batch.do(c.AddComment(batch.number, text, "1.5"), ALICE)
    pdf = read(printed(batch).content)
    server.shutdown()
    server.server_close()
    assert asked == []
    assert set(pdf.attachments) == {*NAMES, "manifest.txt"}
    assert pdf.has(payload)
    assert not pdf.has("root:x:0:0")


def test_the_same_record_prints_the_same_text(full: Played) -> None:
    """Printed again, only the hour of printing is another."""
    first = printed(full)
    full.later(hours=1)
    again = printed(full)
    texts = [re.sub(r"Printed\d{4}-\d\d-\d\d\d\d:\d\d:\d\d", "", read(each.content).text) for each in (first, again)]
    assert texts[0] == texts[1]


# --- the page -----------------------------------------------------------------------------------------------------


def test_a_record_is_asked_for_made_and_opened(batch: Played) -> None:
    """Quinn asks; the clock's process makes it; the page offers the file, and says when the record has grown since."""
    tablet = batch.lab.tablet(QUINN)
    page = f"{batch.page}/record/"
    assert "No PDF has been made yet" in tablet.open(page).page.text
    assert tablet.open(f"{page}batch-record.pdf").status == 404
    assert "being made" in tablet.press(page, "/record/").page.text
    content = made(batch)
    ready = tablet.open(page).page.text
    assert hashlib.sha256(content).hexdigest() in ready.replace(" ", "")
    answer = tablet.http.get(f"{page}batch-record.pdf")
    assert (answer.content, answer.headers["content-type"]) == (content, "application/pdf")
    batch.do(c.AddComment(batch.number, "one more"), ALICE)
    assert "1 lines were written since" in tablet.open(page).page.text or "1 line" in tablet.open(page).page.text
    assert batch.lab.verify().holds


def test_a_document_is_kept_once(batch: Played) -> None:
    """What was made is not made again under the same asking."""
    document = batch.lab.do(AskForRecord(batch.number), QUINN)["document"]
    keep = KeepRecord(document, batch.number, digest="ab" * 32)
    batch.lab.do(keep, CLOCK)
    with pytest.raises(Refused, match="is being made"):
        batch.lab.do(keep, CLOCK)
    assert [line["kind"] for line in batch.lab.lines(f"documents:{batch.number}")][:2] == [
        "document added",
        "document changed",
    ]


def test_what_could_not_be_made_says_why(batch: Played) -> None:
    """The renderer failed: its words are on the page, and it can be asked again."""
    document = batch.lab.do(AskForRecord(batch.number), QUINN)["document"]
    batch.lab.do(KeepRecord(document, batch.number, problem="no font <b>here</b>"), CLOCK)
    answer = batch.lab.tablet(QUINN).open(f"{batch.page}/record/")
    assert "no font <b>here</b>" in answer.page.text
    assert answer.page.form("/record/")


@pytest.mark.parametrize("digest", ["../../secret", "x" * 64, "AB" * 32, "ab"])
def test_a_digest_is_a_digest(sqlite: Laboratory, digest: str) -> None:
    """A path that calls itself a digest is refused at the door of the interface."""
    token = {"Authorization": f"Bearer {TOKENS[CLOCK.id]}"}
    told = {"batch": "B26-0001", "digest": digest}
    assert sqlite.tablet().http.post("/api/v1/documents/1", json=told, headers=token).status_code == 422


def test_there_is_no_record_of_no_batch(sqlite: Laboratory) -> None:
    """Asked for what does not exist: said."""
    with pytest.raises(Refused, match="there is no batch"):
        sqlite.do(AskForRecord("B99-0001"), QUINN)
