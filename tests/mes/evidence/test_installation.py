"""Installation qualification: each look finds what is wrong, and names it."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from mes.evidence import installation
from mes.evidence.check import OPEN, Found, Site, check, verdict_of
from mes.evidence.results import FAILED, PASSED
from mes.evidence.variables import VARIABLES
from tests.mes.laboratory import Laboratory


@pytest.fixture
def site(lab: Laboratory, tmp_path: Path) -> Site:
    """A site whose folder is its own."""
    folder = tmp_path / "site"
    folder.mkdir(mode=0o700)
    return Site(replace(lab.installation.settings, folder=folder), {})


def asked(site: Site, title: str) -> Found:
    """Return what one of the questions finds."""
    (question,) = [each for each in installation.QUESTIONS if each.title == title]
    return question.look(site)


@pytest.mark.parametrize(
    "title",
    [
        "The packages",
        "The database",
        "The schema",
        "Tables and triggers",
        "The ledger",
        "What the site is",
        "The settings",
        "Secrets",
    ],
)
def test_a_laboratory_as_released_is_found_good(site: Site, title: str) -> None:
    """On both databases, in the application's own role."""
    found = asked(site, title)
    assert found.good, found.actual


def test_the_role_that_serves_can_change_nothing(site: Site, lab: Laboratory) -> None:
    """On PostgreSQL its rights say so; on SQLite nobody can tell, and the check stays open."""
    assert asked(site, "Rights in the database").good is (None if lab.is_sqlite else True)


def test_the_owner_is_not_whom_the_application_may_be(site: Site, lab: Laboratory) -> None:
    """Somebody has let it serve with the owner's rights: each right too much is named."""
    found = asked(Site(replace(site.settings, database_url=lab.owner_url), {}), "Rights in the database")
    assert found.good is None if lab.is_sqlite else "may UPDATE line" in found.actual


def test_a_trigger_that_was_switched_off_is_named(site: Site, lab: Laboratory) -> None:
    """An administrator who wanted to change a line would begin with this."""
    with lab.dba():
        pass
    found = asked(site, "Tables and triggers")
    assert found.good is False
    assert "line_follows is" in found.actual


@pytest.mark.parametrize("table", ["reading", "leaf", "witnessed", "vouched"])
def test_the_triggers_beside_the_lines_are_looked_at_too(site: Site, lab: Laboratory, table: str) -> None:
    """Whoever would take away a seal, or what vouches for a signature, would begin with this."""
    engine = lab.owner()
    with engine.begin() as connection:
        off = f"DROP TRIGGER {table}_no_delete" if lab.is_sqlite else f"ALTER TABLE {table} DISABLE TRIGGER ALL"
        connection.execute(text(off))
    engine.dispose()
    assert f"trigger {table}_no_" in asked(site, "Tables and triggers").actual


def test_a_line_that_was_altered_fails_the_ledger(site: Site, lab: Laboratory) -> None:
    """The qualification of an installation is that of its records, too."""
    with lab.dba() as dba:
        dba.run("UPDATE line SET author = 'somebody' WHERE book = 'laboratory' AND page = 1")
    assert "laboratory, page 1" in asked(site, "The ledger").actual


def test_a_misspelt_setting_is_found(site: Site) -> None:
    """It would silently mean nothing; a password in an address is not told."""
    told = {"MES_IDEL_MINUTES": "5", "MES_DATABASE_URL": "postgresql+psycopg://mes_app:secret@/mes"}
    found = asked(replace(site, environment=told), "The settings")
    assert found.actual == "MES_IDEL_MINUTES is no setting"
    good = asked(replace(site, environment={"MES_DATABASE_URL": told["MES_DATABASE_URL"]}), "The settings")
    assert good.good
    assert "secret" not in good.actual


@pytest.mark.parametrize("name", ["MES_INSECURE_COOKIES", "MES_PROCESS_CLOCK"])
def test_what_is_a_demonstrations_has_no_place_in_a_laboratory(site: Site, name: str) -> None:
    """A cookie in the open, or a clock that can skip."""
    assert not asked(replace(site, environment={name: "1"}), "The settings").good
    assert name in VARIABLES


def test_a_secret_that_others_can_read_is_named(site: Site) -> None:
    """The folder itself, and each file of a secret."""
    (site.settings.folder / "secret.key").touch(mode=0o600)
    assert asked(site, "Secrets").good
    (site.settings.folder / "clock-1.token").touch()
    (site.settings.folder / "clock-1.token").chmod(0o644)
    assert asked(site, "Secrets").actual == "clock-1.token is open to others (-rw-r--r--)"


@pytest.mark.parametrize(("url", "words"), [("", "nobody said"), ("http://mes", "is not https")])
def test_the_way_to_the_tablets_must_be_tls(site: Site, url: str, words: str) -> None:
    """Where nobody says the address it is open; plain HTTP fails."""
    found = asked(replace(site, url=url), "The way to the tablets")
    assert words in found.actual
    assert found.good is (None if not url else False)


def test_copies_must_be_new_and_elsewhere(site: Site, tmp_path: Path) -> None:
    """None, one on the same disk, and one of last week are no copies; a new one on another disk is."""
    copies = tmp_path / "copies"
    copies.mkdir()
    assert asked(replace(site, backups=copies), "Copies").good is False
    (copies / "lab.sqlite").touch()
    assert "the same disk" in asked(replace(site, backups=copies), "Copies").actual
    shared = Path(f"/dev/shm/copies-{os.getpid()}")  # noqa: S108 - another file system, of this process's own name
    shared.mkdir()
    try:
        (shared / "lab.sqlite").touch()
        assert asked(replace(site, backups=shared), "Copies").good
        a_week_ago = time.time() - 7 * 86_400
        os.utime(shared / "lab.sqlite", (a_week_ago, a_week_ago))
        assert not asked(replace(site, backups=shared), "Copies").good
    finally:
        shutil.rmtree(shared)


@pytest.mark.parametrize(
    ("toml", "good"),
    [
        ("", False),
        ('[witnesses.share]\nkind = "file"\npath = "here.jsonl"\n', True),
        ('[witnesses.share]\nkind = "file"\npath = "not/mounted/here.jsonl"\n', False),
        ("[witnesses", False),
    ],
)
def test_a_witness_is_named_and_in_reach(site: Site, toml: str, *, good: bool) -> None:
    """A share that is not mounted sees nothing."""
    assert asked(site, "Witnesses of the seals").good is None
    (site.settings.folder / "seals.toml").write_text(toml)
    assert asked(site, "Witnesses of the seals").good is good


def test_a_process_clock_is_no_laboratorys(site: Site, lab: Laboratory) -> None:
    """What says what it is in its first line is asked for it."""
    with lab.reading() as connection:
        assert connection.execute(text("SELECT kind FROM site")).scalar() == "laboratory"
    assert asked(site, "What the site is").actual == "a laboratory, on the machine's clock"


def test_the_worst_verdict_is_the_reports() -> None:
    """One failure fails all; what nobody could judge leaves it open."""
    good, bad, unknown = (check("IQ-01", "t", "e", Found(good, "a")) for good in (True, False, None))
    assert verdict_of([good, bad, unknown]) == FAILED
    assert verdict_of([good, unknown]) == OPEN
    assert verdict_of([good]) == PASSED
