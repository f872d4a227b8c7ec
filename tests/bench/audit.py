"""The audit trail's page over ten million lines: each question as an inspector asks it, answered as to a browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import urlencode

from flask.testing import FlaskClient

from mes.people.commands import AddUser
from tests.bench import trail
from tests.bench.figure import Figure, Named
from tests.bench.installation import PASSWORD, Installed, checkpoint, do, on, token

LINES = 10_000_000
ROUNDS = 3


def measure(*, quick: bool) -> Named:
    """Measure on both databases; --quick takes a tenth of the lines."""
    for engine in ("SQLite", "PostgreSQL"):
        with on(engine) as installed:
            yield from _of_one(installed, engine, LINES // 10 if quick else LINES)


def _of_one(installed: Installed, engine: str, lines: int) -> Named:
    with installed.app.app_context():
        for person in trail.PEOPLE:
            do(AddUser(person, person.replace("_", " ").title(), ("operator",), PASSWORD), "adam")
    trail.fill(installed, lines)
    checkpoint(installed)
    client = _signed_in(installed)
    took = sorted((_answer(client, asked), asked) for _ in range(ROUNDS) for asked in questions(lines))
    slow, asked = took[-1]
    yield f"{engine}: audit trail of {lines:,} lines, median", Figure(took[len(took) // 2][0], "ms")
    yield f"{engine}: audit trail, 95th percentile", Figure(took[int(0.95 * len(took))][0], "ms", 500.0)
    yield f"{engine}: audit trail, slowest ({urlencode(asked)[:28]})", Figure(slow, "ms")


def questions(lines: int) -> Iterator[tuple[tuple[str, str], ...]]:
    """Give what is asked: by each filter alone and by several, what is everywhere and what is nowhere."""
    who, day = trail.PEOPLE[5], "2016-01-11"
    batch, deep = f"batch:B16-{7:05}", f"{day}T10:00:00.000000Z|batch:B16-00007|500"
    yield ()
    yield (("order", "oldest"),)
    yield (("before", deep),)
    yield (("who", who),)
    yield ("who", who), ("before", deep)
    yield (("who", "adam"),)
    yield (("what", "value corrected"),)
    yield (("what", "batch held"),)
    yield (("book", "recipe:"),)
    yield (("book", "lot:"),)
    yield (("book", "lot:"), ("who", who))
    yield (("book", batch),)
    yield ("book", batch), ("line", "400")
    yield ("book", batch), ("words", "volume_7")
    yield (("book", f"user:{who}"),)
    yield (("why", "typing mistake"),)
    yield (("why", trail.RARE),)
    yield (("why", "nobody ever gave this reason"),)
    yield ("why", "typing"), ("who", who)
    yield ("why", "typing"), ("since", "2016-01-05"), ("until", day)
    yield ("who", who), ("what", "value corrected")
    yield ("who", who), ("what", "batch held")
    yield ("since", day), ("until", day)
    yield ("since", day), ("until", day), ("words", "volume_7")
    yield (("where", "192.0.2.9"),)
    yield ("where", "192.0.2.9"), ("who", who)
    yield (("where", "198.51.100.1"),)
    yield (("words", f"{lines % 997}.5"),)
    yield (("words", "nowhere at all"),)


def _signed_in(installed: Installed) -> FlaskClient:
    client = installed.app.test_client()
    page = client.get("/sign-in").text
    client.post("/sign-in", data={"user": "alice", "password": PASSWORD, "csrf_token": token(page)})
    return client


def _answer(client: FlaskClient, asked: tuple[tuple[str, str], ...]) -> float:
    began = time.perf_counter()
    answer = client.get("/audit/", query_string=dict(asked))
    took = 1000 * (time.perf_counter() - began)
    if answer.status_code != 200:
        raise RuntimeError(f"the page of {asked} answered {answer.status_code}")
    return took
