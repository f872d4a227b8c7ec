"""Copies that leave the laboratory: made when a batch ends, whole in every form, and each of them on record."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import jsonschema
import pytest

from batch_records.executed import commands as c
from mes.archive import verify
from mes.archive.exports import cell
from mes.people.commands import AddMachine
from mes.people.models import AUDITOR
from mes.reports.render import render
from tests.cast import ALICE, QUINN
from tests.mes.laboratory import ADAM, CLOCK, INES, TOKENS, Laboratory
from tests.mes.played import Played
from tests.mes.reports.making import made, printed, seal
from tests.mes.tablet import Tablet

pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning")
_FORMULA = '=HYPERLINK("http://example.org","look")'


def waiting(lab: Laboratory) -> list[str]:
    """Return the batches whose record the clock is told to have made."""
    token = {"Authorization": f"Bearer {TOKENS[CLOCK.id]}"}
    return [each["batch"] for each in lab.tablet().http.post("/api/v1/ticks", headers=token).json()["documents"]]


def copied(tablet: Tablet, batch: Played, form: str) -> bytes:
    """Take a copy along, from the record's page."""
    page = tablet.open(f"{batch.page}/record/")
    fields = page.form("/record/copies").fields | {"form": form}
    answer = tablet.http.post(f"{batch.page}/record/copies", data=fields)
    assert answer.status_code == 200, answer.text
    assert "attachment" in answer.headers["content-disposition"]
    return bytes(answer.content)


@pytest.mark.requirement("RQ-083")
def test_an_archive_is_made_when_a_batch_ends(batch: Played) -> None:
    """Released, rejected or stopped: the clock has the record made, without anybody asking."""
    assert waiting(batch.lab) == []
    batch.finish().review()
    batch.release()
    assert waiting(batch.lab) == [batch.number]
    made(batch)
    assert waiting(batch.lab) == []


def test_one_is_made_of_a_batch_that_was_stopped(batch: Played) -> None:
    """It waits until the last line is sealed, at most a minute."""
    batch.finish("1.5").do(c.StopBatch(batch.number, "too few cells"), QUINN)
    batch.lab.time.later(seconds=1)
    assert waiting(batch.lab) == []
    seal(batch.lab)
    assert waiting(batch.lab) == [batch.number]


@pytest.mark.requirement("RQ-007")
def test_an_inspector_takes_a_copy_along(batch: Played) -> None:
    """Inés, who can change nothing, takes all three forms with her; who took which stands in the ledger."""
    batch.finish().review()
    batch.release()
    content, tablet = made(batch), batch.lab.tablet(INES)
    assert copied(tablet, batch, "pdf") == content
    for form in ("json", "csv"):
        assert copied(tablet, batch, form)
    said = [
        (line["author"], line["body"]["form"]) for line in batch.lab.lines(f"documents:{batch.number}", "record copied")
    ]
    assert said == [(INES.id, "pdf"), (INES.id, "json"), (INES.id, "csv")]


@pytest.mark.requirement("RQ-003")
def test_json_holds_all_of_it(batch: Played) -> None:
    """Each line as it was hashed and as what it says, after a schema that says what that means; readings; the seal."""
    batch.finish("1.8")
    seal(batch.lab)
    content = json.loads(copied(batch.lab.tablet(QUINN), batch, "json"))
    own = [each for each in content["lines"] if each["line"]["book"] == batch.book]
    assert [each["line"] for each in own] == batch.lab.lines(batch.book)
    of_a_batch = {"$ref": "#/$defs/line of a batch", "$defs": content["schema"]["$defs"]}
    for each in own:
        hashed = verify.sha256(bytes.fromhex(each["previous"]), each["text"].encode()).hex()
        assert hashed == each["hash"]
        jsonschema.Draft202012Validator(of_a_batch).validate(each["line"])
    assert content["readings"][0]["raw"]
    assert content["seal"]["checkpoint"].startswith(content["seal"]["keys"][0].partition("+")[0])


@pytest.mark.requirement("RQ-003")
def test_tables_hold_all_of_it_and_no_formula(batch: Played) -> None:
    """Every line with its text; digits and units apart; a remark that a spreadsheet would run begins with a mark."""
    batch.finish("1.5").do(c.AddComment(batch.number, _FORMULA, "1.5"), ALICE)
    batch.do(c.RaiseDeviation(batch.number, "@SUM(1)", "1.5"), ALICE)
    seal(batch.lab)
    batch.enter("1.5", volume="60.0 mL")
    seal(batch.lab)
    with zipfile.ZipFile(io.BytesIO(copied(batch.lab.tablet(QUINN), batch, "csv"))) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("lines.csv").decode("utf-8-sig"))))
        readings = list(csv.DictReader(io.StringIO(archive.read("readings.csv").decode("utf-8-sig"))))
    own = [row for row in rows if row["book"] == batch.book]
    assert [json.loads(row["text"]) for row in own] == batch.lab.lines(batch.book)
    assert ("60.0", "mL") in [(row["value"], row["unit"]) for row in own]
    assert not [
        value
        for row in (*rows, *readings)
        for value in row.values()
        if value.startswith(("=", "+", "-", "@", "\t", "\r"))
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1"])
def test_a_cell_is_never_a_formula(text: str) -> None:
    """Whatever a person, a barcode or an instrument wrote."""
    assert cell(text) == f"'{text}"
    assert cell(f"a{text}") == f"a{text}"


def test_programs_take_copies_too(batch: Played) -> None:
    """The interface gives the same files, to who holds a token; that stands in the ledger as well."""
    batch.lab.do(AddMachine("reader_1", "A program that reads", AUDITOR, "a reader's token, synthetic"), ADAM)
    http, token = batch.lab.tablet().http, {"Authorization": "Bearer a reader's token, synthetic"}
    address = f"/api/v1/batches/{batch.number}/copies"
    assert http.get(f"{address}/json", headers=token).json()["batch"] == batch.number
    assert http.get(f"{address}/csv", headers=token).headers["content-type"] == "application/zip"
    assert http.get(f"{address}/pdf", headers=token).status_code == 404
    assert http.get(f"{address}/json").status_code == 401
    said = batch.lab.lines(f"documents:{batch.number}", "record copied")
    assert [line["author"] for line in said] == ["reader_1", "reader_1"]


@pytest.mark.requirement("RQ-119")
def test_the_same_record_gives_the_same_bytes(batch: Played) -> None:
    """Made again at the same hour, not one byte of the file is another."""
    batch.finish("1.5")
    first = printed(batch)
    with batch.lab.app.app_context(), batch.lab.app.test_request_context():
        assert render(batch.number).content == first.content


@pytest.mark.requirement("RQ-007")
def test_a_copy_stands_in_the_book_of_who_took_it(batch: Played) -> None:
    """By the interface or from a page, as lines or as a file: the taker's own book says which, by its digest."""
    reader = batch.lab.tablet(INES)
    taken = reader.http.get(f"/api/v1/batches/{batch.number}").json()
    copied(reader, batch, "json")
    assert reader.http.get(f"/api/v1/batches/{batch.number}/copies/csv").status_code == 200
    said = [line["body"] for line in batch.lab.lines(f"user:{INES.id}", "copy taken")]
    assert [body["what"] for body in said] == [
        f"record of {batch.number} by the interface",
        f"record of {batch.number} as JSON",
        f"record of {batch.number} as CSV",
    ]
    assert said[0]["head"] == taken["head"]
    files = [line["body"]["digest"] for line in batch.lab.lines(f"documents:{batch.number}", "record copied")]
    assert [body["digest"] for body in said[1:]] == files
