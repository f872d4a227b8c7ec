"""The front door, on machines that lack things: each test has a copy of it that it may wreck."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = [
    "setup",
    "run",
    "demo",
    "test",
    "check",
    "bench",
    "soak",
    "doctor",
    "verify",
    "backup",
    "restore",
    "archive",
    "evidence",
    "qualify",
    "periodic",
    "seal",
    "witness",
    "user",
    "recipe",
]
# All that a bare Debian has of what the script calls, and no Python.
PROGRAMS = ["cat", "cksum", "date", "dirname", "flock", "grep", "id", "mkdir", "readlink", "sh"]


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A checkout on a machine without Python, where nothing may be installed."""
    for name in ("lab", "requirements-setup.lock", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "bin").mkdir()
    for name in PROGRAMS:
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or name)
    return tmp_path


def pretend_installed(checkout: Path, program: str) -> None:
    python = checkout / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\n[ "$1" = -c ] || {program}\n')
    python.chmod(0o755)
    state = 'echo "requirements.lock $(cat requirements-setup.lock requirements.lock | cksum)" >.venv/installed'
    subprocess.run(["/bin/sh", "-c", state], cwd=checkout, check=True)


def lab(checkout: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [checkout / "lab", *arguments],
        env={"PATH": str(checkout / "bin"), "MES_NO_APT": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_alone_it_lists_its_commands(bare: Path) -> None:
    """A newcomer types ./lab and sees what there is, a line for each."""
    told, _ = lab(bare).communicate()
    assert [line.split()[1] for line in told.splitlines() if line.startswith("  ./lab ")] == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_before_anything_is_installed(bare: Path, command: str) -> None:
    """Help needs nothing, and installs nothing."""
    asked = lab(bare, command, "--help")
    assert asked.communicate()[0].startswith(f"  ./lab {command} ")
    assert asked.returncode == 0
    assert not (bare / ".lab").exists()


@pytest.mark.parametrize("words", [["rnu"], ["."], ["--version"], ["setup", "--all"]])
def test_wrong_use_is_told_apart(bare: Path, words: list[str]) -> None:
    """A mistyped command ends with 2 and a sentence."""
    asked = lab(bare, *words)
    assert words[-1] in asked.communicate()[1]
    assert asked.returncode == 2


def test_what_is_missing_is_named_with_the_command_that_brings_it(bare: Path) -> None:
    """Where nothing may be installed, one sentence names the packages and what to type, and the exit code is 3."""
    asked = lab(bare, "setup")
    (sentence,) = asked.communicate()[1].splitlines()
    assert "this machine lacks python3 python3-venv" in sentence
    assert "type: sudo apt-get install" in sentence
    assert asked.returncode == 3


def test_a_folder_that_cannot_be_written_is_named(bare: Path) -> None:
    """Somebody else's checkout, or a full or broken disk: the sentence says where."""
    (bare / ".lab").write_text("in the way")
    asked = lab(bare, "setup")
    assert asked.communicate()[1] == f"lab: cannot write to {bare}/.lab\n"
    assert asked.returncode == 3


def test_the_doctor_changes_nothing(bare: Path) -> None:
    """It answers without Python, and leaves no trace."""
    before = sorted(bare.rglob("*"))
    asked = lab(bare, "doctor")
    assert "missing  Python 3.11 or newer: python3 python3-venv" in asked.communicate()[0]
    assert asked.returncode == 3
    assert sorted(bare.rglob("*")) == before


def test_a_second_one_waits_for_the_first(bare: Path) -> None:
    """Two at once do not install over each other; when the first dies, the second goes on."""
    (bare / ".lab").mkdir()
    with (bare / ".lab/lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        second = lab(bare, "setup")
        assert second.stderr
        assert "another ./lab is installing" in second.stderr.readline()
    assert "this machine lacks" in second.communicate()[1]


def test_python_takes_its_place(bare: Path) -> None:
    """Ctrl-C and kill reach Python, for the shell is gone; what was typed arrives as typed."""
    pretend_installed(bare, 'echo $$ "$@"')
    asked = lab(bare, "user", "add", "Alice Wang")
    assert asked.communicate() == (f"{asked.pid} -m mes user add Alice Wang\n", "")


def test_bytecode_is_written(bare: Path) -> None:
    """Continuous integration likes to forbid it, and every start would compile a hundred packages."""
    pretend_installed(bare, 'echo "[$PYTHONDONTWRITEBYTECODE]"')
    assert lab(bare, "verify", PYTHONDONTWRITEBYTECODE="1").communicate() == ("[]\n", "")
