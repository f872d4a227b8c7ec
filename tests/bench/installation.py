"""An installation to measure: set up through the door, filled with batches through the door."""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from uuid import uuid4

import psycopg
from flask import Flask
from sqlalchemy.engine import make_url

from batch_records.executed import commands as c
from batch_records.executed.commands import Person
from batch_records.master.recipe import Role
from mes import create_app
from mes.batches.commands import IssueBatch
from mes.execute import Actor, Outcome, execute
from mes.masters.commands import ApproveRecipe, DraftRecipe
from mes.patients.commands import PlaceOrder
from mes.people.commands import AddUser, ChoosePassword
from mes.people.identity import AcceptStatement, ProveIdentity
from mes.people.models import SCIENTIST, SUPERVISOR
from mes.schema import upgrade
from mes.settings import Settings
from mes.signing import Signing
from mes.site.commands import INSTALLER, OpenSite
from mes.training.commands import RecordTraining
from mes.web.history import head_of
from tests.bench import recipe
from tests.bench.bare import create_table
from tests.services import postgres

PASSWORD = "measured-on-this-machine"
_FIRST = "bodaku-lifeso-ravimu-tonupe"


@dataclass
class Installed:
    """A set-up installation, and the batches in it."""

    folder: Path
    url: str  # as the application connects
    app: Flask
    orders: Iterator[int] = field(default_factory=lambda: count(1))
    batches: int = 0

    @property
    def environment(self) -> dict[str, str]:
        """What its processes are told."""
        told = {"MES_FOLDER": str(self.folder), "MES_DATABASE_URL": self.url, "MES_INSECURE_COOKIES": "1"}
        return os.environ | told

    def fill(self, batches: int) -> None:
        """Issue batches, with a few values in each, until there are so many."""
        with self.app.app_context():
            while self.batches < batches:
                number = self.issue()
                for step, name in recipe.places()[:3]:
                    do(c.RecordValues(number, step, {name: "50"}), "alice")

    def issue(self) -> str:
        """Issue one batch and return its number."""
        coi = f"COI-BENCH-{next(self.orders):06}"
        do(PlaceOrder(coi, recipe.CODE), "dora")
        self.batches += 1
        return str(do(IssueBatch(coi, {"weight": "20"}), "dora")["batch"])

    def cookie(self) -> tuple[str, str]:
        """Sign in, and return the cookie and the form's token that a tablet sends with each save."""
        client = self.app.test_client()
        page = client.get("/sign-in").text
        form = {"user": "alice", "password": PASSWORD, "csrf_token": token(page)}
        client.post("/sign-in", data=form)
        page = client.get("/batches/").text
        cookie = client.get_cookie("mes")
        if cookie is None:
            raise RuntimeError("the sign-in gave no cookie")
        return f"mes={cookie.value}", token(page)


def token(page: str) -> str:
    """Return the token of a page's forms."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    if found is None:
        raise RuntimeError("the page has no form")
    return found[1]


@contextmanager
def on(engine: str) -> Iterator[Installed]:
    """Set up an installation on ``SQLite`` or on ``PostgreSQL``, with the disk waited for."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mes-bench-")))
        if engine == "SQLite":
            owner = url = f"sqlite:///{folder / 'mes.sqlite'}"
        else:
            cluster = stack.enter_context(postgres.running(durable=True))
            owner = stack.enter_context(cluster.database())
            url = owner.replace("//postgres@", "//mes_app@")
        yield stack.enter_context(installed(folder, owner, url))


@contextmanager
def installed(folder: Path, owner_url: str, url: str) -> Iterator[Installed]:
    """Set up an installation; ``owner_url`` creates the tables, ``url`` is what the application connects with."""
    folder.mkdir(parents=True, exist_ok=True)
    upgrade(owner_url)
    create_table(owner_url)
    settings = Settings.from_environment(
        {"MES_FOLDER": str(folder), "MES_DATABASE_URL": url, "MES_INSECURE_COOKIES": "1"}
    )
    app = create_app(settings)
    database = app.extensions["mes"].database
    with app.app_context():
        _set_up(app)
    yield Installed(folder, url, app)
    database.dispose()


def _set_up(app: Flask) -> None:
    execute(OpenSite("laboratory", "adam", "Adam", PASSWORD), by=INSTALLER, tap=str(uuid4()))
    for id_, roles in _ROLES.items():
        if id_ != "adam":
            do(AddUser(id_, id_.title(), roles, _FIRST), "adam")
            do(ChoosePassword(id_, "", PASSWORD), id_, Signing(id_, _FIRST, ""))
            do(ProveIdentity(id_, "passport"), "sam" if id_ != "sam" else "quinn")
            do(AcceptStatement(id_, 1), id_, Signing(id_, PASSWORD, ""))
    do(DraftRecipe(recipe.CODE, recipe.text()), "nora")
    with app.extensions["mes"].reading() as session:
        seen = head_of(session, f"recipe:{recipe.CODE}")
    do(ApproveRecipe(recipe.CODE, 1), "quinn", Signing("quinn", PASSWORD, seen))
    until = app.extensions["mes"].now() + timedelta(days=365)
    do(RecordTraining(recipe.CODE, 1, ("alice", "dora", "quinn"), until), "sam")


_ROLES = {
    "adam": ("administrator",),
    "alice": (Role.OPERATOR.value,),
    "dora": (Role.PHYSICIAN.value,),
    "nora": (SCIENTIST,),
    "sam": (SUPERVISOR,),
    "quinn": (Role.REVIEWER.value,),
}


def do(command: object, by: str, signing: Signing | None = None) -> Outcome:
    """Carry out a command as somebody."""
    actor = Actor(Person(by, by.title(), frozenset(_ROLES[by])), "bench", by)
    return execute(command, by=actor, tap=str(uuid4()), signing=signing)


def checkpoint(measured: Installed) -> None:
    """Let the database put what was filled in where it belongs, so that it does not do so while it is measured."""
    address = make_url(measured.url)
    if address.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(address.database))) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        with psycopg.connect(f"host={address.query['host']} user=postgres dbname={address.database}") as connection:
            connection.execute("ANALYZE")
