"""``qualify``: what it tries in a laboratory of its own, and the report that it leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from devices.clock import machine_clock
from mes.demonstration.player import Player
from mes.demonstration.processes import Laboratory
from mes.evidence import operation
from mes.evidence.check import Site
from mes.evidence.results import PASSED
from mes.processes import free_port
from mes.settings import Settings
from tests.journeys.batch_record import Played
from tests.journeys.terminal import done


@pytest.fixture
def laboratory(tmp_path: Path) -> Iterator[Laboratory]:
    """A demonstration laboratory that runs."""
    with Laboratory(tmp_path / "own", free_port()) as running:
        yield running


def site_at(folder: Path) -> Site:
    """Return a site on SQLite in a folder."""
    settings = Settings(folder, f"sqlite:///{folder}/mes.sqlite", "a key, synthetic", machine_clock, ZoneInfo("UTC"))
    return Site(settings, {})


# A thread reads the instruments' pipe to its end, and the end of the process closes it.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <_io.FileIO:pytest.PytestUnraisableExceptionWarning")
def test_what_must_be_refused_is_refused(laboratory: Laboratory) -> None:
    """Who is not signed in, a wrong password, nobody's account, an auditor who orders: each turned away, on record."""
    player = Player(laboratory.url, laboratory.panel, laboratory.passphrase)
    checks = list(operation._refusals(laboratory, player))
    player.close()
    assert [(each.id, each.verdict) for each in checks] == [(f"OQ-{number:02}", PASSED) for number in range(3, 7)]
    assert "role" in checks[-1].actual
    assert list(Path(laboratory.folder).glob("*.pdf")) == []


def test_the_ledger_of_a_played_batch_is_whole_and_refuses_changes(played: Played, tmp_path: Path) -> None:
    """Its lines take no UPDATE and no DELETE, and hold after the attempts."""
    url = f"sqlite:///{played.copy_to(tmp_path)}"
    for statement in ("UPDATE line SET text = ''", "DELETE FROM line"):
        found = operation._statement(url, statement)
        assert found.good
        assert "append-only" in found.actual
    assert operation._ledger(url).good


def test_another_engine_qualifies_nothing(tmp_path: Path) -> None:
    """PostgreSQL is not qualified by a batch on SQLite: without an empty database of its kind, the check is open."""
    site = site_at(tmp_path)
    on_postgresql = replace(site, settings=replace(site.settings, database_url="postgresql+psycopg:///mes"))
    batch, instruments = operation.checks(on_postgresql, tmp_path)
    assert (batch.verdict, batch.actual.endswith("--scratch")) == ("open", True)
    assert instruments.verdict == "open"


def test_instruments_that_are_silent_fail(tmp_path: Path) -> None:
    """A gateway is configured and has never run: its doctor says so, and the check has its words."""
    (tmp_path / "gateway.toml").write_text(
        'name = "gateway-1"\nspool = "spool.sqlite"\n[mes]\nurl = "http://127.0.0.1:9"\ntoken_file = "token"\n'
    )
    found = operation._instruments(site_at(tmp_path))
    assert found.good is False
    assert found.actual


def test_an_installation_is_qualified_and_the_report_kept(tmp_path: Path) -> None:
    """Each check with its verdict, printed as it is made; the report as JSON and PDF in the installation's folder."""
    folder = tmp_path / "laboratory"
    assert done("user", "open", "ada", "Ada Arslan", "--folder", folder)[0] == 0
    _, said = done("qualify", "--only", "IQ", "--folder", folder)
    assert "IQ-06  passed  The schema" in said
    (report,) = (folder / "qualification").glob("*.json")
    told = json.loads(report.read_text())
    assert [each["id"] for each in told["checks"]] == [f"IQ-{number:02}" for number in range(1, 19)]
    assert all(each["expected"] and each["actual"] and each["at"] for each in told["checks"])
    assert report.with_suffix(".pdf").read_bytes().startswith(b"%PDF")


def test_where_there_is_no_laboratory_nothing_is_qualified(tmp_path: Path) -> None:
    """A folder given by mistake: a sentence, and exit code 3."""
    for words in (["qualify"], ["periodic", "2026-01-01", "2027-01-01"]):
        code, said = done(*words, "--folder", tmp_path)
        assert code == 3
        assert "no laboratory is set up" in said
