"""Tables of codes: none is there until the site loads its own, and what is not in it is shown as it is."""

from __future__ import annotations

import pytest

from mes.codes.commands import LoadCodes
from mes.codes.queries import words_of
from mes.patients.commands import RecordDonation
from tests.architecture.source import ROOT
from tests.cast import ALICE, BOB, QUINN
from tests.mes.laboratory import COI, PASSWORD, START, Laboratory
from tests.mes.tablet import Answer

TABLE = "code,name\nA9999,Nobody's laboratory\nB1234,Somebody's laboratory\n"  # both synthetic


def load(lab: Laboratory, text: str = TABLE, edition: str = "2026-03", kind: str = "facilities") -> Answer:
    """Load a table on the page, signed by Quinn."""
    tablet = lab.tablet(QUINN)
    fields = tablet.open("/codes/").form("/codes/").fields
    sent = {**fields, "kind": kind, "edition": edition, "user": "quinn", "password": PASSWORD}
    return tablet._follow(tablet.http.post("/codes/", data=sent, files={"file": ("table.csv", text.encode())}))


@pytest.mark.requirement("RQ-117")
def test_a_site_loads_its_own_table(lab: Laboratory) -> None:
    """None before; then the facility of a donation has its name, and the line says which edition, and by whom."""
    lab.do(RecordDonation(COI, "=A99992600000100", "", START), ALICE)
    assert "no table of facilities is loaded" in lab.tablet(ALICE).open(f"/orders/{COI}").page.text
    page = load(lab).page
    assert "2026-03" in page.text
    assert "Nobody's laboratory" in lab.tablet(ALICE).open(f"/orders/{COI}").page.text
    line = lab.lines("laboratory", "codes loaded")[-1]
    assert (line["author"], line["signed"]["meaning"], line["body"]["edition"]) == ("quinn", "approved", "2026-03")
    assert lab.verify().holds


@pytest.mark.requirement("RQ-117")
def test_no_table_is_shipped() -> None:
    """No file of codes comes with the product."""
    assert [path.name for path in (ROOT / "mes").rglob("*.csv")] == []


def test_an_unknown_code_is_not_guessed(lab: Laboratory) -> None:
    """It is shown as it is, with where it was looked for; a newer edition takes the place of an older."""
    load(lab)
    lab.time.later(days=1)
    load(lab, "A9999,Its new name\n", "2026-04")
    with lab.app.app_context(), lab.installation.reading() as session:
        assert words_of(session, "facilities", "A9999") == "Its new name"
        assert words_of(session, "facilities", "B1234") == "B1234: not in edition 2026-04 of the table of facilities"
        assert words_of(session, "products", "S1234") == "S1234: no table of products is loaded"


def test_a_file_that_was_changed_names_nothing(lab: Laboratory) -> None:
    """What lies there is no longer what was signed: the page says so."""
    load(lab)
    (file,) = (lab.installation.settings.folder / "codes").glob("*.csv")
    file.write_text(TABLE.replace("Nobody", "Anybody"))
    with lab.app.app_context(), lab.installation.reading() as session:
        assert "no table of facilities is loaded" in words_of(session, "facilities", "A9999")
    assert "not the file that was signed" in lab.tablet(QUINN).open("/codes/").page.text


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        ("A9999,One\nA9999,Two\n", {}, "Line 2 of the file is no new code"),
        ("A9999,One\nO0000,Two\n", {}, "Line 2 of the file"),
        ("A9999,\n", {}, "Line 1 of the file"),
        ("", {}, "1 to 200,000 codes"),
        (TABLE, {"edition": ""}, "which edition it is"),
        (TABLE, {"kind": "people"}, "of facilities or of products"),
    ],
)
def test_what_is_no_table_is_not_loaded(lab: Laboratory, text: str, more: dict[str, str], said: str) -> None:
    """The sentence says which line."""
    answer = load(lab, text, **more)
    assert answer.status == 400
    assert said in answer.page.text


def test_an_edition_is_loaded_once_and_by_quality(lab: Laboratory) -> None:
    """The same name never means another file; nobody else sees the form."""
    load(lab)
    assert "was loaded before" in load(lab, "A9999,Another\n").page.text
    assert lab.tablet(BOB).open("/codes/").page.form("/codes/") is None
    with pytest.raises(Exception, match="is for a person with the role"):
        lab.do(LoadCodes("facilities", "x", TABLE), BOB)
