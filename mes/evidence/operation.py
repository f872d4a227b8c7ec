"""Operational qualification: whether it does here what it must, and refuses what it must refuse.

Nothing is tried on the site's records. A laboratory of its own is opened beside them, with the same program on the
same engine and machine; a whole batch is played in it through pages and wires; then what must be refused is tried. Only
the instruments are the site's: their gateway says how they are.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from mes.cli import Missing
from mes.db import Database
from mes.demonstration.laboratory import ORDERS
from mes.demonstration.player import Player
from mes.demonstration.processes import Laboratory
from mes.demonstration.tablet import NotDone, Tablet
from mes.evidence.check import Check, Found, Site, check, nothing_but
from mes.integrity import check as whole
from mes.ledger.tables import line
from mes.processes import free_port
from mes.settings import Settings

_PLAYED = "a batch goes from the order to its final release, on tablets and instruments, with every signature"
_REFUSED = "refused, and nothing changes"


def checks(site: Site, folder: Path) -> Iterator[Check]:
    """Make the checks in a new folder."""
    url = site.scratch or f"sqlite:///{folder / 'mes.sqlite'}"
    if make_url(url).get_backend_name() != make_url(site.settings.database_url).get_backend_name():
        nobody_said = "nobody said which empty database on the same engine may be used: --scratch"
        yield check("OQ-01", "A batch in a laboratory of its own", _PLAYED, Found(good=None, actual=nobody_said))
    else:
        yield from _in_scratch(folder, url)
    yield check("OQ-10", "Instruments", "each is in reach and was heard of lately", _instruments(site))


def _in_scratch(folder: Path, url: str) -> Iterator[Check]:
    try:
        with Laboratory(folder, free_port(), database_url=url) as laboratory:
            player = Player(laboratory.url, laboratory.panel, laboratory.passphrase, lambda _: None)
            try:
                yield check("OQ-01", "A batch in a laboratory of its own", _PLAYED, _batch(player))
                yield check("OQ-02", "Its printed record", "a PDF with the batch's number", _record(player))
                yield from _refusals(laboratory, player)
            finally:
                player.close()
    except (Missing, DBAPIError) as missing:
        yield check("OQ-01", "A batch in a laboratory of its own", _PLAYED, Found(good=False, actual=str(missing)))
        return
    yield check("OQ-07", "An UPDATE of a line", "refused by the database", _statement(url, "UPDATE line SET text = ''"))
    yield check("OQ-08", "A DELETE of a line", "refused by the database", _statement(url, "DELETE FROM line"))
    yield check("OQ-09", "The ledger of that laboratory", "whole after all of this", _ledger(url))


def _batch(player: Player) -> Found:
    try:
        number = player.play(ORDERS[0])
    except (NotDone, httpx.HTTPError) as sentence:
        return Found(good=False, actual=f"it did not come to its end: {sentence}")
    return Found(good=True, actual=f"batch {number} is released")


def _record(player: Player) -> Found:
    try:
        content = player.record()
    except (NotDone, httpx.HTTPError) as sentence:
        return Found(good=False, actual=f"it was not printed: {sentence}")
    return Found(good=content.startswith(b"%PDF"), actual=f"{len(content):,} bytes")


def _refusals(laboratory: Laboratory, player: Player) -> Iterator[Check]:
    yield check("OQ-03", "A page without signing in", "the sign-in page instead", _unknown(laboratory.url))
    wrong = _signs_in(laboratory.url, "alice", "another passphrase altogether")
    yield check("OQ-04", "A wrong password", _REFUSED, wrong)
    yield check(
        "OQ-05", "An account that does not exist", _REFUSED, _signs_in(laboratory.url, "nobody-at-all", "x" * 20)
    )
    kept = "refused, and the attempt is in the ledger"
    yield check("OQ-06", "An order by an auditor, who changes nothing", kept, _auditor(player, laboratory))


def _unknown(url: str) -> Found:
    answer = httpx.get(f"{url}/batches", timeout=30)
    where = answer.headers.get("location", "")
    return Found(
        good=answer.is_redirect and "/sign-in" in where, actual=f"{answer.status_code}, to {where or 'nowhere'}"
    )


def _signs_in(url: str, user: str, password: str) -> Found:
    tablet = Tablet(url)
    try:
        tablet.sign_in(user, password)
    except NotDone as sentence:
        return Found(good=True, actual=str(sentence))
    finally:
        tablet.close()
    return Found(good=False, actual="it was let in")


def _auditor(player: Player, laboratory: Laboratory) -> Found:
    """Send, in the auditor's own session, the form that a physician is shown."""
    shown, ines = player.tablet("dora").open("/orders/"), player.tablet("ines")
    form = next((form for form in shown.forms if "coi" in form.fields), None)
    own = ines.open("/orders/").forms
    if form is None or not own:
        return Found(good=None, actual="there is no form for orders")
    try:
        ines.send(form, {"coi": "COI-99-0001-X", "csrf_token": own[0].fields.get("csrf_token", "")})
    except NotDone:
        attempts = _attempts(laboratory, "ines")
        return Found(good=bool(attempts), actual=attempts[-1] if attempts else "refused, and not in the ledger")
    return Found(good=False, actual="it was carried out")


def _attempts(laboratory: Laboratory, user: str) -> list[str]:
    """Return the sentences of what was refused to somebody, as they stand in the ledger."""
    database = Database(Settings.from_environment(laboratory.environment).database_url)
    query = select(line.c.text).where(line.c.author == user, line.c.kind == "attempt refused").order_by(line.c.at)
    with database.reader.connect() as connection:
        found = [json.loads(each)["body"]["sentence"] for each in connection.execute(query).scalars()]
    database.dispose()
    return found


def _statement(url: str, statement: str) -> Found:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text(statement))
    except DBAPIError as refused:
        return Found(good=True, actual=str(refused.orig).splitlines()[0])
    finally:
        engine.dispose()
    return Found(good=False, actual="it was carried out")


def _ledger(url: str) -> Found:
    database = Database(url)
    with database.snapshot() as connection:
        verified = whole(connection)
    database.dispose()
    problems = [f"{flaw.book}, page {flaw.page}: {flaw.sentence}" for flaw in verified.flaws]
    return nothing_but(
        problems, f"{verified.lines:,} lines in {verified.books} books, {verified.readings:,} readings sealed"
    )


def _instruments(site: Site) -> Found:
    """Ask the gateway's doctor, which reads beside the running gateway and changes nothing."""
    places = (site.settings.folder / "gateway.toml", site.settings.folder / "gateway" / "gateway.toml")
    configured = next((place for place in places if place.exists()), None)
    if configured is None:
        return Found(good=None, actual="no gateway is configured here (gateway.toml)")
    command = (sys.executable, "-m", "devices", "doctor", str(configured))
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    said = "; ".join(line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip())
    return Found(good=done.returncode == 0, actual=said or "it says nothing")
