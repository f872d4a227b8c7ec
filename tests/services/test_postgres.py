"""The throw-away PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.services import postgres


def _tables(url: str) -> int:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE lot (number TEXT)"))
        connection.execute(text("INSERT INTO lot VALUES ('A1')"))
        found = connection.execute(text("SELECT count(*) FROM lot")).scalar_one()
    engine.dispose()
    return found


@pytest.mark.parametrize("turn", ["first", "second"])
def test_every_test_finds_an_empty_database(database_url: str, turn: str) -> None:
    """What one test writes, on either engine, the next does not find."""
    assert _tables(database_url) == 1, turn


def test_a_database_can_start_like_another(postgresql: postgres.Cluster) -> None:
    """Tables made once for the run spare each test making them."""
    with postgresql.database() as pattern:
        _tables(pattern)
        with postgresql.database(like=pattern) as copy:
            engine = create_engine(copy)
            with engine.connect() as connection:
                assert connection.execute(text("SELECT number FROM lot")).scalar_one() == "A1"
            engine.dispose()


def test_it_is_reached_through_its_own_folder_alone(postgresql: postgres.Cluster) -> None:
    """It listens on no port, so two runs on one machine never meet."""
    assert (postgresql.folder / ".s.PGSQL.5432").is_socket()
    assert "listen_addresses = ''" in (postgresql.folder / "data/postgresql.conf").read_text()


def test_without_postgresql_the_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine that lacks it is told how to get it; its tests fail, they are not skipped."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres, "_ROOTS", (tmp_path,))
    with pytest.raises(RuntimeError, match=r"\./lab setup --dev installs it"):
        postgres.programs()
