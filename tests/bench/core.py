"""What needs no server: the fold, the check of the ledger, the page of a step, the record as PDF."""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median

from flask import render_template
from sqlalchemy import select

from batch_records.executed import commands as c
from batch_records.executed.commands import Person
from batch_records.executed.entries import AttemptRefused, BatchStarted, Entry, Stamp, StepStarted, ValueRecorded
from batch_records.executed.fold import fold
from batch_records.master.load import load
from mes.batches import step_page
from mes.batches.folds import Folds
from mes.execute import Actor, execute
from mes.integrity import with_seals
from mes.ledger.tables import line
from mes.ledger.verify import verify
from mes.people.models import CLOCK
from mes.seals.commands import Seal
from tests.bench import recipe
from tests.bench.installation import PASSWORD, Installed, do, token


def timed(act: Callable[[], object], times: int = 5) -> float:
    """Return the median time of something, in ms."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        act()
        took.append(1000 * (time.perf_counter() - started))
    return median(took)


def fold_of(entries: int) -> float:
    """Return how long the fold of so many entries takes, in ms."""
    made = load(recipe.text())
    lines: list[Entry] = [BatchStarted("B", "COI", "none", recipe.CODE, "1", made.digest, {"weight": "20 kg"})]
    for step, name in recipe.places():
        if name.endswith("_1"):
            lines.append(StepStarted(step))
        lines.append(ValueRecorded(step, name, "50 %"))
    lines += [AttemptRefused("Decide", "not yet")] * (entries - len(lines))
    at = datetime.now(UTC)
    stamped = [(Stamp(page, at, "alice", "", "", f"{page:064x}"), entry) for page, entry in enumerate(lines, 1)]
    return timed(lambda: fold(made, stamped))


def verify_against_hashing(installed: Installed) -> tuple[float, float]:
    """Return seconds per million lines, all sealed, and how many times longer than hashing the same bytes."""
    database = installed.app.extensions["mes"].database
    with installed.app.app_context():
        clock = Actor(Person("clock", "Clock", frozenset({CLOCK})), "bench", "clock")
        if execute(Seal(all_of_it=True), by=clock, tap="")["not_witnessed"]:
            raise RuntimeError("what is measured is not sealed")
    with database.snapshot() as connection:
        rows = connection.execute(select(line.c.previous, line.c.text)).all()
        parts = [bytes(previous) + text.encode() for previous, text in rows]
        bare = timed(lambda: [hashlib.sha256(part).digest() for part in parts], 3)
        verified = timed(lambda: with_seals(verify(connection), connection), 3)
    return verified / 1000 / len(parts) * 1e6, verified / bare


def step_page_against_template(installed: Installed) -> tuple[float, float]:
    """Return how long a step page takes to open, in ms, and how many times longer than drawing its template alone."""
    app = installed.app
    with app.app_context():
        batch = installed.issue()
    client = app.test_client()
    page = client.get("/sign-in").text
    client.post("/sign-in", data={"user": "alice", "password": PASSWORD, "csrf_token": token(page)})
    address = f"/batches/{batch}/steps/1.1"
    opened = timed(lambda: client.get(address), 200)
    with client:  # the request stays open, so the template is drawn for the same person, with all that stands round it
        client.get(address)
        folds: Folds = app.extensions["mes"].folds
        with app.extensions["mes"].reading() as session:
            found = folds.get(session.connection(), batch)
            if found is None:
                raise RuntimeError("the batch is not there")
            context = vars(step_page.step_page(session, found, "1.1", {}))
        drawn = timed(lambda: render_template("step.html", **context), 200)
    return opened, opened / drawn


def record_as_pdf(installed: Installed) -> tuple[float, int]:
    """Return how many seconds the record of a batch with 1,000 values takes, and its pages."""
    with installed.app.app_context():
        batch = installed.issue()
        for step in dict.fromkeys(step for step, _ in recipe.places()):
            values = {name: "50" for at, name in recipe.places() if at == step}
            do(c.RecordValues(batch, step, values), "alice")
    command = [sys.executable, "-m", "mes", "render", batch, "--folder", str(installed.folder)]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=installed.environment, check=True)
    return time.perf_counter() - started, int(json.loads(done.stdout)["pages"])


def memory_of_children() -> float:
    """Return the largest resident memory that any child had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
