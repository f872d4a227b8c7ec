"""The how-to guides: what they print is typed as it stands, and does what they say."""

from __future__ import annotations

import argparse
import re
from importlib import import_module
from pathlib import Path

import pytest

from mes.cli import COMMANDS
from mes.processes import free_port
from mes.seals.configured import BESIDE
from tests.architecture.source import ROOT
from tests.devices.support import until
from tests.journeys.batch_record import Played
from tests.journeys.guide import Reader, commands, of_the_front_door, section
from tests.journeys.laboratory import answers
from tests.journeys.terminal import Terminal, processes_of

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OF_THE_DOOR_ITSELF = ("setup", "test", "check", "bench", "soak")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_every_command_that_is_printed_is_understood(document: Path) -> None:
    """No guide prints a command or an option that does not exist."""
    for command, *words in of_the_front_door(document.read_text("utf-8")):
        assert command in COMMANDS + OF_THE_DOOR_ITSELF
        if command in COMMANDS:
            parser = argparse.ArgumentParser(exit_on_error=False)
            import_module(f"mes.cli.{command}").arguments(parser)
            assert parser.parse_args(words)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """Somebody who reads a guide, with nothing but a checkout and empty folders."""
    folder, backups = tmp_path / "cell-lab", tmp_path / "backup"
    backups.mkdir()
    places = {"/var/lib/cell-lab": str(folder), "/mnt/backup": str(backups), "runuser -u cell-lab -- ": ""}
    places["/etc/cell-lab.phrase"] = str(tmp_path / "backup.phrase")
    return Reader(tmp_path / "checkout", places, {"MES_FOLDER": str(folder)})


@pytest.mark.requirement("RQ-064")
def test_a_laboratory_is_set_up_as_the_guide_says(reader: Reader) -> None:
    """It is opened for its first administrator, gets people and its clock, runs, and lets somebody go."""
    typed = commands(section("set-up-a-laboratory.md", "4. Open", "5. Start", "7. People", "12. The first"))
    # another database, somebody who is not there yet, a shell, a secret and settings that are typed in
    others = ("postgresql", "--as sara", "-- bash", "sso.secret", "MES_SSO")
    opening, own, *later = (line for line in typed if not any(each in line for each in others))
    reader.choose(own, reader.type(opening).split()[-1], "eleven owls over a frozen pond")
    reader.type("./lab user add boris 'Boris Berg' --role operator --as ada --folder $MES_FOLDER")
    said = {line.split(" --")[0]: start(reader, line) if " run " in line else reader.type(line) for line in later}
    assert len(said) == 9
    assert people(said["./lab user list"]) == {
        ("ada", "active"): "Ada Arslan: administrator",
        ("adam", "active"): "Adam Adler: administrator",
        ("boris", "active"): "Boris Berg: operator",
        ("clock-1", "active"): "Clock: clock",
        ("olga", "active"): "Olga Orlova: operator",
    }
    assert ("olga", "inactive") in people(reader.type("./lab user list --folder $MES_FOLDER"))
    assert "The ledger is whole" in said["./lab verify"]


def start(reader: Reader, line: str) -> str:
    """Start a laboratory, see that it answers, and stop it."""
    port = free_port()
    with Terminal(f"exec {line} --port {port}", reader.environment, reader.checkout) as terminal:
        said = terminal.until(f"The laboratory is open at http://127.0.0.1:{port}")
        assert answers(f"http://127.0.0.1:{port}")
        until((Path(reader.environment["MES_FOLDER"]) / BESIDE).exists)  # what stands there is sealed and confirmed
        terminal.press_ctrl_c()
        assert terminal.end() == 0
    assert processes_of(Path(reader.environment["MES_FOLDER"])) == {}
    return said


def people(listed: str) -> dict[tuple[str, str], str]:
    """Return name and state of each person in a list, with the rest of the line."""
    words = [line.split(maxsplit=2) for line in listed.splitlines()]
    return {(name, state): rest for name, state, rest in words}


@pytest.mark.requirement("RQ-030")
def test_records_are_copied_put_back_and_verified_as_the_guide_says(
    played: Played, reader: Reader, tmp_path: Path
) -> None:
    """On a laboratory with a whole batch: the copy, its place, and the head on paper all hold."""
    folder = Path(reader.environment["MES_FOLDER"])
    folder.mkdir()
    played.copy_to(folder)
    (tmp_path / "backup.phrase").write_text("nine grey herons by the weir")
    printed = r"batch:B26-0001:519:[0-9a-f]{64}"
    typed = [
        re.sub(printed, f"batch:{played.batch}:{len(played.lines)}:{played.head}", line)
        for line in commands(section("back-up-and-verify.md", "Back up", "Restore", "Verify"))
        if "postgresql" not in line and line.split()[0] == "./lab"
    ]
    said = [reader.type(line) for line in typed]
    assert [line.split()[1] for line in typed] == ["backup", "backup", "restore", "verify", "restore", *["verify"] * 2]
    assert all(" is whole" in text for text in said)
    assert "--head" in typed[-1]


def test_a_recipe_is_checked_as_the_guide_says(reader: Reader) -> None:
    """The smallest recipe of the guide is copied, linted and digested; with a mistake in it, the line is named."""
    guide = (ROOT / "docs" / "how-to" / "write-a-recipe.md").read_text("utf-8")
    recipe = reader.checkout / "my_recipe.yaml"
    recipe.write_text(re.findall(r"^```yaml\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)[0])
    typed = {line.split()[2]: line for line in commands(guide) if line.startswith("./lab recipe")}
    assert list(typed) == ["lint", "prove", "simulate", "digest", "diff"]
    lint, digest = typed["lint"], typed["digest"]
    assert "no problem found in 1 operations, 1 steps, 1 values" in reader.type(lint)
    assert re.fullmatch(r"[0-9a-f]{64}  my_recipe.yaml\n", reader.type(digest))
    recipe.write_text(recipe.read_text().replace("one of:", "one off:"))
    with Terminal(lint, folder=reader.checkout) as terminal:
        assert terminal.end() == 1
        assert re.match(r"my_recipe.yaml:\d+:\d+: ", terminal.shown)
