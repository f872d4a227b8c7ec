"""PostgreSQL brought to a moment between two copies, as the guide says: a base copy and the archived log after it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from batch_records.executed import commands as c
from mes.schema import upgrade
from tests.cast import ALICE
from tests.mes.furnishing import furnish
from tests.mes.laboratory import COI, opened
from tests.mes.played import Played
from tests.services import postgres

_AS_NOBODY = {"user": 65_534, "group": 65_534, "extra_groups": []} if os.geteuid() == 0 else {}


def run(folder: Path, program: str, *arguments: object) -> None:
    command = [str(postgres.programs() / program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False, **_AS_NOBODY)
    assert done.returncode == 0, done.stderr


def archived(cluster: postgres.Cluster) -> Path:
    """Have a server archive its log, as the guide says."""
    archive = cluster.folder / "archive"
    archive.mkdir()
    shutil.chown(archive, *_owner(cluster.folder))
    copy = f"test ! -f {archive}/%f && cp %p {archive}/%f.part && mv {archive}/%f.part {archive}/%f"
    cluster.execute("ALTER SYSTEM SET archive_mode = on")
    cluster.execute(f"ALTER SYSTEM SET archive_command = '{copy}'")
    run(
        cluster.folder,
        "pg_ctl",
        "restart",
        "--wait",
        "--pgdata",
        cluster.folder / "data",
        "--log",
        cluster.folder / "log",
    )
    return archive


def _owner(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_uid, status.st_gid


def ask(url: str, statement: str) -> object:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        found = connection.exec_driver_sql(statement).scalar()
    engine.dispose()
    return found


@pytest.mark.requirement("RQ-060")
@pytest.mark.requirement("RQ-119")
def test_records_are_brought_to_a_moment_between_two_copies(tmp_path: Path) -> None:
    """What was committed before the moment is there with its hashes, what came after is not, and it all verifies."""
    with postgres.running(durable=True) as cluster, cluster.database() as url:
        archive = archived(cluster)
        upgrade(url)
        with opened(url, tmp_path) as lab:
            furnish(lab)
            batch = Played(lab).start(COI)
            base = cluster.folder / "base"
            where = ("--host", cluster.folder, "--username", "postgres", "--wal-method=none", "--checkpoint=fast")
            run(cluster.folder, "pg_basebackup", "--pgdata", base, *where)
            batch.do(c.AddComment(batch.number, "before the moment"), ALICE)
            moment, head = ask(url, "SELECT clock_timestamp()::text"), batch.batch.last.hash
            batch.do(c.AddComment(batch.number, "after the moment"), ALICE)
            number, page = batch.number, batch.batch.last.page - 1
        last = ask(url, "SELECT pg_walfile_name(pg_switch_wal())")
        while not (archive / str(last)).exists():
            ask(url, "SELECT pg_stat_clear_snapshot()")
        run(cluster.folder, "pg_ctl", "stop", "--mode=fast", "--pgdata", cluster.folder / "data")
        with (base / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"restore_command = 'cp {archive}/%f %p'\nrecovery_target_time = '{moment}'\n")
            settings.write("recovery_target_action = 'promote'\narchive_mode = off\n")
        (base / "recovery.signal").touch()
        shutil.rmtree(cluster.folder / "data")
        base.rename(cluster.folder / "data")
        run(
            cluster.folder,
            "pg_ctl",
            "start",
            "--wait",
            "--pgdata",
            cluster.folder / "data",
            "--log",
            cluster.folder / "log",
        )
        while ask(url, "SELECT pg_is_in_recovery()"):
            assert (cluster.folder / "data" / "postmaster.pid").exists()
        with opened(url, tmp_path) as restored:
            assert restored.head(f"batch:{number}") == head
            assert restored.verify({f"batch:{number}": (page, head)}).holds
            texts = [line["body"]["text"] for line in restored.lines(f"batch:{number}", "comment added")]
            assert texts == ["before the moment"]
