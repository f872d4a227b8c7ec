"""The web application is killed outright while tablets save: what was acknowledged is there, and nothing twice.

MES_KILLS says how often in each way; once, if it is not set.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from sqlalchemy import make_url

from mes.demonstration.tablet import Tablet
from tests.devices.support import until
from tests.journeys.laboratory import Open, answers, opened, port_to_keep
from tests.journeys.saving import Save, Saving, entries, guard_of, remarks, send, values
from tests.journeys.terminal import PATIENCE, done, processes_of
from tests.services import postgres

KILLS = int(os.environ.get("MES_KILLS", "1"))
TABLETS = 4
ACKNOWLEDGED = 25  # by each tablet, before the kill


@pytest.fixture(params=["sqlite", "postgresql"])
def environments(request: pytest.FixtureRequest) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """What a laboratory is told: the first time, by the database's owner, and later, in the application's role."""
    if request.param == "sqlite":
        yield {}, {}
        return
    cluster: postgres.Cluster = request.getfixturevalue("postgresql")
    with cluster.database() as owner:
        role = make_url(owner).set(username="mes_app").render_as_string()
        yield {"MES_DATABASE_URL": owner}, {"MES_DATABASE_URL": role}


def saving(laboratory: Open, batch: str) -> list[Saving]:
    """Have several people save into one batch, each at a tablet of their own, and wait until all are at it."""
    tablets = [Tablet(laboratory.url) for _ in range(TABLETS)]
    for tablet, user in zip(tablets, ("alice", "bob") * TABLETS, strict=False):
        tablet.sign_in(user, laboratory.passphrase)
    working = [Saving(tablet, plan(tablet, batch, number)) for number, tablet in enumerate(tablets)]
    until(lambda: all(len(each.acknowledged) >= ACKNOWLEDGED for each in working), PATIENCE)
    return working


def plan(tablet: Tablet, batch: str, number: int) -> Iterator[Save]:
    """Return what a tablet saves: one only remarks, the others record their share of the values first."""
    guard = guard_of(tablet, batch)
    recorded = values(guard, batch, number - 1, TABLETS - 1) if number else ()
    return chain(recorded, remarks(guard, batch, number))


def assert_each_is_there_once(laboratory: Open, batch: str, working: list[Saving]) -> None:
    """Compare what the tablets were told with the record; have them send all of it again, and compare once more."""
    acknowledged = {save.entry for each in working for save in each.acknowledged}
    unanswered = {save.entry for each in working for save in each.unanswered}
    assert [each.refused for each in working if each.refused] == []
    assert len(unanswered) <= TABLETS  # none was cut off twice
    found = entries(laboratory.lines(batch))
    assert len(found) == len(set(found))
    assert acknowledged <= set(found) <= acknowledged | unanswered
    for each in working:
        for save in each.acknowledged + each.unanswered:
            assert send(each.tablet, save).is_redirect
        each.tablet.close()
    assert sorted(entries(laboratory.lines(batch))) == sorted(acknowledged | unanswered)


def kill_the_workers(laboratory: Open) -> None:
    """Kill the processes that answer, not the one that watches over them."""
    programs = [pid for pid, command in processes_of(laboratory.folder).items() if "gunicorn" in command]
    workers = [pid for pid in programs if parent_of(pid) in programs]
    assert workers
    for pid in workers:
        os.kill(pid, signal.SIGKILL)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


@pytest.mark.requirement("RQ-101")
def test_what_was_acknowledged_survives(tmp_path: Path, environments: tuple[dict[str, str], dict[str, str]]) -> None:
    """Killed in the middle of saves, worker or whole: what was acknowledged is there; the rest can be sent again."""
    folder, port = tmp_path / "new", port_to_keep()
    batch, working = "", list[Saving]()
    for kill in range(KILLS):
        with opened(folder, port, **environments[kill > 0]) as laboratory:
            if batch:
                assert_each_is_there_once(laboratory, batch, working)
            else:
                laboratory.approve()
            lose_the_workers(laboratory, laboratory.batch(f"COI-26-{kill:04}-A"))
            batch = laboratory.batch(f"COI-26-{kill:04}-B")
            working = lose_all(laboratory, batch)
    with opened(folder, port, **environments[1]) as laboratory:
        assert_each_is_there_once(laboratory, batch, working)
        laboratory.close()
    assert done("verify", "--folder", folder, **environments[1])[0] == 0


def lose_the_workers(laboratory: Open, batch: str) -> None:
    """Kill what answers while tablets save: it is replaced by itself, and nothing is amiss."""
    working = saving(laboratory, batch)
    kill_the_workers(laboratory)
    until(lambda: answers(laboratory.url), PATIENCE)
    for each in working:  # who was between two saves was not cut off: whoever came after the dead worker answers
        each.has_done_enough = True
    until(lambda: not any(each.thread.is_alive() for each in working), PATIENCE)
    assert_each_is_there_once(laboratory, batch, working)


def lose_all(laboratory: Open, batch: str) -> list[Saving]:
    """Kill the whole web application while tablets save: the laboratory says so and ends."""
    working = saving(laboratory, batch)
    laboratory.kill("gunicorn")
    assert laboratory.terminal.end() == 1
    said = f"The web ended with exit code {-signal.SIGKILL}; its log is {laboratory.folder}/logs/web.log"
    assert said in laboratory.terminal.shown
    until(lambda: not any(each.thread.is_alive() for each in working), PATIENCE)
    return working
