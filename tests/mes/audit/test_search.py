"""The audit trail as an auditor asks: by what, why and where, from an exception, further back, and taken along."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from mes.audit import search as searching
from mes.audit.search import Filter, everything, search
from mes.audit.words import cell
from mes.ledger.line import canonical
from mes.ledger.reasons import ReasonView
from tests.batch_records.playing import RUTH
from tests.cast import ALICE
from tests.mes.laboratory import INES, Laboratory
from tests.mes.played import Played
from tests.mes.reports.making import made
from tests.mes.tablet import Tablet


@pytest.fixture
def corrected(batch: Played) -> Played:
    """A batch in which the volume was corrected."""
    batch.answers["volume"] = "50 mL"
    batch.finish("1.5").step("1.5").correct("1.5", "volume", "55 mL", "Typing mistake: =1+1")
    return batch


def found(lab: Laboratory, **asked: str) -> list[tuple[str, int]]:
    """Return where the lines stand that answer, all of them."""
    with lab.app.app_context(), lab.reading() as connection:
        return [(row.book, row.page) for row in everything(connection, Filter(**asked), 7)]


def look_through(monkeypatch: pytest.MonkeyPatch, lines: int) -> None:
    """Let no more lines or reasons be looked through at a time."""
    for bound in ("LOOKED_THROUGH", "LINES_IN_A_ROW", "REASONS_IN_A_ROW"):
        monkeypatch.setattr(searching, bound, lines)


def lines(lab: Laboratory) -> list[dict[str, object]]:
    """Return every line there is, by its content."""
    with lab.reading() as connection:
        return [json.loads(text) for text in connection.exec_driver_sql("SELECT text FROM line").scalars()]


@pytest.mark.requirement("RQ-076")
@pytest.mark.parametrize(
    ("asked", "key", "value"),
    [
        ({"who": "bob"}, "author", "bob"),
        ({"what": "value corrected"}, "kind", "value corrected"),
        ({"where": "tablet-1"}, "workstation", "tablet-1"),
        ({"where": "tablet"}, "workstation", "tablet"),
        ({"book": "batch:", "which": "B26-0001"}, "book", "batch:B26-0001"),
        ({"book": "laboratory"}, "book", "laboratory"),
        ({"why": "typing MISTAKE"}, "reason", "Typing mistake: =1+1"),
        ({"who": "alice", "what": "step completed"}, "kind", "step completed"),
    ],
)
@pytest.mark.parametrize("looked_through", [10_000, 9])
def test_each_filter_finds_what_answers_and_nothing_else(
    corrected: Played, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str], key: str, value: str, looked_through: int
) -> None:
    """As told from the lines themselves; and the same, however few are looked through at a time."""
    look_through(monkeypatch, looked_through)
    answers = [line for line in lines(corrected.lab) if line.get(key) == value]
    if "who" in asked:
        answers = [line for line in answers if line["author"] == asked["who"]]
    wanted = sorted((str(line["book"]), int(str(line["page"]))) for line in answers)
    got = found(corrected.lab, **asked)
    assert sorted(got) == wanted
    assert found(corrected.lab, **asked, order="oldest") == got[::-1]


QUESTIONS: list[dict[str, str]] = [
    {"why": "mistake", "who": "alice"},
    {"why": "mistake", "what": "value corrected", "where": "tablet"},
    {"why": "mistake", "book": "batch:", "which": "B26-0001"},
    {"why": "mistake", "since": "2026-03-01", "until": "2026-03-31"},
    {"why": "nobody gave this reason"},
    {"why": "mistake", "words": "no such word"},
    {"words": "volume", "who": "alice"},
    {"words": "volume", "what": "step completed"},
    {"words": "volume", "book": "batch:"},
    {"words": "volume", "book": "batch:", "which": "B26-0001"},
    {"book": "lot:"},
    {"book": "lot:", "who": "alice"},
    {"book": "user:", "what": "copy taken"},
    {"who": "alice", "since": "2026-03-01"},
    {"who": "alice", "until": "2026-03-01"},
    {"who": "alice", "what": "value corrected", "where": "tablet", "words": "55"},
]


def answers(line: dict[str, object], asked: dict[str, str]) -> bool:
    """Say whether a line answers, told from its content alone."""
    exact = {"who": "author", "what": "kind", "where": "workstation"}
    if any(line.get(key) != asked[name] for name, key in exact.items() if name in asked):
        return False
    book = asked.get("book", "") + asked.get("which", "")
    if not (line["book"] == book if "which" in asked else str(line["book"]).startswith(book)):
        return False
    local = str(datetime.fromisoformat(str(line["at"])).astimezone(ZoneInfo("Asia/Kuala_Lumpur")).date())
    if not asked.get("since", "") <= local <= asked.get("until", "9999"):
        return False
    reason, text = str(line.get("reason", "")).lower(), canonical(line).lower()
    whole = [(reason, asked.get("why", "")), (text, asked.get("words", ""))]
    return all(word in said for said, words in whole for word in words.lower().split())


@pytest.mark.requirement("RQ-076")
@pytest.mark.parametrize("asked", QUESTIONS, ids=" ".join)
@pytest.mark.parametrize("looked_through", [10_000, 40, 1])
def test_filters_together_find_what_answers_to_all(
    corrected: Played, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str], looked_through: int
) -> None:
    """Both ways through time, each line once, whichever filter leads and however few are looked through at a time."""
    corrected.correct("1.5", "volume", "56 mL", "another mistake")
    look_through(monkeypatch, looked_through)
    answering = [line for line in lines(corrected.lab) if answers(line, asked)]
    wanted = sorted((str(line["book"]), int(str(line["page"]))) for line in answering)
    got = found(corrected.lab, **asked)
    assert sorted(got) == wanted
    assert found(corrected.lab, **asked, order="oldest") == got[::-1]


@pytest.mark.requirement("RQ-076")
@pytest.mark.parametrize("order", ["", "oldest"])
def test_every_line_comes_once_however_few_are_looked_through(
    corrected: Played, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    """Page after page, what is written meanwhile neither doubles nor hides a line."""
    look_through(monkeypatch, 11)
    got = found(corrected.lab, order=order)
    assert len(got) == len(set(got)) == corrected.lab.count("line")


def test_a_search_that_reached_nothing_yet_says_how_far_it_looked(
    corrected: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where every filter is wide, the page says back to when, and goes on from there."""
    look_through(monkeypatch, 5)
    with corrected.lab.app.app_context(), corrected.lab.reading() as connection:
        answer = search(connection, Filter(words="no such word"))
    assert not answer.rows
    assert answer.after.startswith(answer.reached)
    page = corrected.lab.tablet(INES).open("/audit/?words=no+such+word")
    assert "were looked through" in page.page.text
    assert "Look further" in page.page.text


@pytest.mark.requirement("RQ-102")
@pytest.mark.requirement("RQ-077")
def test_an_exception_leads_to_its_very_line(corrected: Played) -> None:
    """One tap from the review: the correction's line, marked, among those around it."""
    tablet = corrected.lab.tablet(RUTH)
    review = tablet.open(f"{corrected.page}/review").html
    page = corrected.lab.lines(corrected.book, "value corrected")[0]["page"]
    address = f"/audit/?book=batch:{corrected.number}&amp;line={page}#line-{page}"
    assert f'href="{address}"' in review
    trail = tablet.open(f"/audit/?book=batch:{corrected.number}&line={page}")
    assert f'class="chosen" id="line-{page}"' in trail.html
    assert "Typing mistake: =1+1" in trail.page.text
    assert f"{corrected.book} · {page + 5}" not in trail.page.text or trail.html.count("<tr") <= 12


def copy(tablet: Tablet, how: str, **asked: str) -> str:
    """Take a copy of what answers."""
    form = tablet.open("/audit/", params=asked).form("/copy")
    return tablet.send(form, how=how).html


@pytest.mark.requirement("RQ-076")
@pytest.mark.requirement("RQ-101")
def test_a_copy_holds_every_line_that_answers(corrected: Played) -> None:
    """As JSON the text that was hashed, with its hash; as a table who, what, old, new, when with its zone, why."""
    tablet = corrected.lab.tablet(INES)
    texts = [json.loads(each["text"]) for each in json.loads(copy(tablet, "json", book=corrected.book))["lines"]]
    assert sorted(texts, key=lambda line: line["page"]) == corrected.lab.lines(corrected.book)
    table = list(csv.DictReader(io.StringIO(copy(tablet, "csv", what="value corrected"))))
    (row,) = table
    assert (row["who"], row["user"], row["old"], row["new"]) == ("Alice Operator", "alice", "50 mL", "55 mL")
    assert row["at"].endswith("+08:00")
    assert row["why"] == "Typing mistake: =1+1"


@pytest.mark.requirement("RQ-074")
def test_who_takes_a_copy_is_on_record(corrected: Played) -> None:
    """Who, what was asked for, in which form; the batch's own book, and so its review, is left alone."""
    before = corrected.batch.last.page
    copy(corrected.lab.tablet(INES), "csv", who="alice")
    line = corrected.lab.lines("user:ines", "copy taken")[-1]
    assert line["body"] == {"what": "audit trail as CSV", "who": "alice"}
    assert corrected.batch.last.page == before


# WeasyPrint leaves a colour profile of its own open.
@pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning")
@pytest.mark.requirement("RQ-074")
def test_who_takes_the_printed_record_is_on_record(batch: Played) -> None:
    """Ines opens the PDF: a line in her book names the file by its digest."""
    tablet = batch.lab.tablet(INES)
    tablet.press(f"{batch.page}/record/", "/record/")
    content = made(batch)
    tablet.open(f"{batch.page}/record/batch-record.pdf")
    (line,) = batch.lab.lines("user:ines", "copy taken")
    assert line["body"] == {"what": f"record of {batch.number} as PDF", "digest": hashlib.sha256(content).hexdigest()}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1 °C", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=1"])
def test_no_cell_of_a_copy_is_a_formula(text: str) -> None:
    """A reason that a spreadsheet would compute stays a text, with all its letters."""
    assert cell(text) == f"'{text}"
    assert cell(f"so {text}") == f"so {text}"


def test_the_reasons_beside_the_lines_are_held_against_them(corrected: Played) -> None:
    """One altered, one left out, one made up: each is named."""
    assert corrected.lab.verify().holds
    page = corrected.lab.lines(corrected.book, "value corrected")[0]["page"]
    for statement in (
        "UPDATE reason_view SET reason = 'no reason' WHERE book = :book AND page = :page",
        "DELETE FROM reason_view WHERE book = :book AND page = :page",
    ):
        with corrected.lab.dba() as dba:
            dba.run(statement, book=corrected.book, page=page)
        assert (corrected.book, page) in [(flaw.book, flaw.page) for flaw in corrected.lab.verify().flaws]
    with corrected.lab.dba() as dba:
        dba.run("INSERT INTO reason_view VALUES ('batch:none', 1, 'now', 'made up')")
    assert "batch:none" in [flaw.book for flaw in corrected.lab.verify().flaws]


def test_a_save_without_a_reason_writes_none(batch: Played) -> None:
    """Beside the lines stands only what has a reason: a save costs what it did."""
    before = batch.lab.count(ReasonView.__tablename__)
    batch.finish("1.4")
    assert batch.lab.count(ReasonView.__tablename__) == before
    assert batch.performer("1.5") == ALICE
