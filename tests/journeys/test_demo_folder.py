"""Where ``demo`` plays: in a folder that it makes anew, and never in one that holds anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from mes.processes import hold
from tests.journeys.terminal import done


@pytest.mark.parametrize("name", ["mes.sqlite", "thesis.tex"])
def test_a_demonstration_removes_nobodys_records(tmp_path: Path, name: str) -> None:
    """A laboratory's folder, or anybody's, is given by mistake: it is refused in a sentence, and nothing is gone."""
    (tmp_path / name).write_text("years of work")
    code, said = done("demo", "--folder", tmp_path)
    assert (code, said.count("\n")) == (3, 1)
    assert "holds something else than a demonstration" in said
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [(name, "years of work")]


def test_a_demonstration_that_runs_is_not_removed(tmp_path: Path) -> None:
    """Somebody is trying things in it: the second hears so, and the first goes on."""
    (tmp_path / "instruments").mkdir()
    (tmp_path / "instruments" / "clock.json").touch()
    with hold(tmp_path):
        code, said = done("demo", "--folder", tmp_path)
    assert (code, said) == (3, f"a laboratory runs in {tmp_path} already: stop it, or give another with --folder\n")
    assert (tmp_path / "instruments" / "clock.json").exists()


def test_a_demonstration_is_not_played_in_a_laboratory(tmp_path: Path) -> None:
    """MES_DATABASE_URL names real records: a sentence, and they are as they were."""
    assert done("user", "open", "ada", "Ada Arslan", "--folder", tmp_path / "lab")[0] == 0
    records = tmp_path / "lab" / "mes.sqlite"
    before = records.read_bytes()
    code, said = done("demo", "--folder", tmp_path / "demo", MES_DATABASE_URL=f"sqlite:///{records}")
    assert (code, said) == (3, "the records there are a laboratory's: no demonstration is played in them\n")
    assert records.read_bytes() == before
