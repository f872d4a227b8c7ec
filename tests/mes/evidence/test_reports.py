"""Reports on the software: written, signed into the ledger, reviewed by another person, printed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batch_records.executed.draft import Malformed, Refused
from mes import cli
from mes.evidence import commands, matrix
from mes.evidence.commands import ReviewReport, SignReport
from mes.evidence.dossier import dossier
from mes.evidence.report import Report, sign_here, write
from mes.evidence.results import FAILED
from tests.cast import ALICE, QUINN
from tests.mes.evidence.runs import a_run, left_out, ran
from tests.mes.laboratory import ADAM, INES, PASSWORD, Laboratory
from tests.mes.reports.pdf_text import read

# WeasyPrint leaves a colour profile of its own open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning")
DIGEST = "ab" * 32
REPORT = SignReport(DIGEST, "Evidence of the requirements", "passed", "1.2.3 cccc")
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """A report of a run in which one test failed and one was left out."""
    run = a_run(
        ran("tests/a.py::test_it_holds[1]", "RQ-002"),
        ran("tests/a.py::test_it_holds[2]", "RQ-002"),
        ran("tests/a.py::test_it_is_refused", "RQ-008", outcome=FAILED),
        left_out=[left_out("tests/b.py::test_with_a_real_file", "RQ-069")],
    )
    return write(dossier(matrix.matrix(matrix.requirements(), run), run, NOW), tmp_path, "evidence")


def test_the_digest_is_signed_into_the_ledger(lab: Laboratory) -> None:
    """The line has the report's digest, its verdict and what it is about, and the signature's meaning and name."""
    lab.do(REPORT, ADAM)
    (line,) = lab.lines("laboratory", commands.SIGNED)
    assert line["body"] == vars(REPORT)
    assert (line["signed"]["meaning"], line["signed"]["name"]) == ("performed", ADAM.name)
    assert lab.verify().holds


def test_a_report_is_signed_once(lab: Laboratory) -> None:
    """A second signature of who made it would say nothing new."""
    lab.do(REPORT, ADAM)
    with pytest.raises(Refused, match="signed already"):
        lab.do(REPORT, ADAM)


def test_another_person_reviews_it(lab: Laboratory) -> None:
    """Who made it cannot; nor can anybody review it twice; nor what nobody signed, or was altered since."""
    with pytest.raises(Refused, match="nobody has signed this report"):
        lab.do(ReviewReport(DIGEST), QUINN)
    lab.do(REPORT, QUINN)
    with pytest.raises(Refused, match="does not review it"):
        lab.do(ReviewReport(DIGEST), QUINN)
    with pytest.raises(Refused, match="role"):
        lab.do(ReviewReport(DIGEST), ALICE)
    assert lab.lines("laboratory", commands.REVIEWED) == []


def test_whoever_only_looks_signs_nothing(lab: Laboratory) -> None:
    """An auditor changes nothing, this included; and what is no digest is not signed."""
    with pytest.raises(Refused, match="role"):
        lab.do(REPORT, INES)
    with pytest.raises(Malformed, match="64"):
        lab.do(SignReport("ab12", "t", "passed", "1"), ADAM)


@pytest.mark.requirement("RQ-016")
def test_the_print_shows_who_signed_what_it_means_and_when(lab: Laboratory, report: Report) -> None:
    """Both signatures stand on the first page, with their lines; the digest of the file on every page."""
    with lab.app.app_context():
        sign_here(report, ADAM.id, PASSWORD)
        signatures = sign_here(report, QUINN.id, PASSWORD, as_reviewer=True)
    pdf = read(report.print(signatures).read_bytes())
    for words in ("performed", ADAM.name, "reviewed", QUINN.name, signatures[0].line, "16:00:00(+08:00)"):
        assert "".join(words.split()) in "".join(pdf.pages[0].split()), words
    assert all(report.digest in "".join(page.split()) for page in pdf.pages)


def test_the_report_hides_nothing(report: Report) -> None:
    """Failed tests, those left out, open rows with their reason, and every requirement stand in it, and on paper."""
    told, pdf = report.content, read(report.print().read_bytes())
    assert told["verdict"] == FAILED
    assert [each["id"] for each in told["requirements"]] == [f"RQ-{number:03}" for number in range(1, 126)]
    assert any("tests/a.py::test_it_is_refused" in each for each in told["deviations"])
    assert any("1 tests were left out" in each and "RQ-069" in each for each in told["deviations"])
    assert pdf.missing == 0
    for words in ("Nobody has signed this report", "it holds (2 runs)", "it is refused: 1 FAILED", *_open_rows(told)):
        assert pdf.has(words), words


def _open_rows(told: object) -> list[str]:
    rows = told["requirements"] if isinstance(told, dict) else []
    return [row["id"] for row in rows if row["status"] == "open"]


def test_a_wrong_password_signs_nothing(lab: Laboratory, report: Report) -> None:
    """Nor does a file that was altered since it was signed."""
    with lab.app.app_context():
        with pytest.raises(Refused, match="nothing was signed"):
            sign_here(report, ADAM.id, "another passphrase altogether")
        sign_here(report, ADAM.id, PASSWORD)
        report.file.write_text(report.file.read_text().replace("failed", "passed"))
        with pytest.raises(Refused, match="the file was changed"):
            sign_here(report, QUINN.id, PASSWORD, as_reviewer=True)


def test_an_earlier_report_is_never_overwritten(report: Report) -> None:
    """A second one of the same second gets a name of its own."""
    again = write(report.content, report.file.parent, "evidence")
    assert again.file != report.file
    assert again.digest == report.digest


def test_the_command_prints_the_matrix_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON object, requirements first; exit code 0 although rows are open, 1 as soon as a test failed."""
    a_run(ran("a", "RQ-002")).write(tmp_path / "good.json")
    assert cli.main(["evidence", "--json", "--from", str(tmp_path / "good.json")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["requirements"]
    assert told["requirements"][1] == {"id": "RQ-002", "kind": "T", "status": "passed", "tests": ["a"]}
    a_run(ran("a", outcome=FAILED)).write(tmp_path / "bad.json")
    assert cli.main(["evidence", "--json", "--from", str(tmp_path / "bad.json")]) == 1


def test_the_command_writes_both_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says where they are, and their digest; what is no result of a run is told apart."""
    a_run(ran("a", "RQ-002")).write(tmp_path / "run.json")
    assert cli.main(["evidence", "--from", str(tmp_path / "run.json"), "--to", str(tmp_path / "out")]) == 0
    report, pdf, digest, summary = capsys.readouterr().out.splitlines()
    assert digest == f"SHA-256 {Report(Path(report)).digest}"
    assert Path(pdf).read_bytes().startswith(b"%PDF")
    assert summary == "125 requirements: 1 passed, 0 failed, 123 open, 1 procedural"
    assert cli.main(["evidence", "--from", pdf]) == 3
