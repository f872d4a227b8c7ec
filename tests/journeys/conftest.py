"""What journeys share: the demonstration, which takes a minute and is played once."""

from __future__ import annotations

import fcntl
import os

import pytest

from tests.journeys.batch_record import Played, play


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A batch that was played to its final release: by the first who asks, in whatever process the tests run."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # the processes' own are in it
    said = folder / "demonstration.txt"
    with (folder / "demonstration.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            said.write_text(play(folder / "demonstration").said)
    return Played(folder / "demonstration", said.read_text())
