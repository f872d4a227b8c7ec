"""The audit trail's page over ten million lines: each question as an inspector asks it, answered as to a browser."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from statistics import median

from flask.testing import FlaskClient

from mes.ledger.line import utc
from mes.people.commands import AddUser
from tests.bench import trail
from tests.bench.figure import Figure, Named
from tests.bench.installation import PASSWORD, Installed, checkpoint, do, on, token

LINES = 10_000_000
ROUNDS = 5
ENGINES = ("SQLite", "PostgreSQL")
Asked = tuple[tuple[str, str], ...]
_WHO = trail.PEOPLE[5]


def measure(*, quick: bool, lines: int = 0, engines: Sequence[str] = ENGINES) -> Named:
    """Measure on both databases; --quick takes a tenth of the lines, --lines so many, --engine one database."""
    for engine in engines:
        with on(engine) as installed:
            yield from _of_one(installed, engine, lines or (LINES // 10 if quick else LINES))


def _of_one(installed: Installed, engine: str, lines: int) -> Named:
    with installed.app.app_context():
        for person in trail.PEOPLE:
            do(AddUser(person, person.replace("_", " ").title(), ("operator",), PASSWORD), "adam")
    trail.fill(installed, lines)
    checkpoint(installed)
    client = _signed_in(installed)
    rounds = [[(_answer(client, asked), asked) for asked in questions(lines)] for _ in range(ROUNDS)]
    took = sorted(each for one in rounds for each in one)
    for of_one in zip(*rounds, strict=True):
        yield f"{engine}: {_in_words(of_one[0][1])}", Figure(median(each for each, _ in of_one), "ms")
    yield f"{engine}: audit trail of {lines:,} lines, median", Figure(took[len(took) // 2][0], "ms")
    yield f"{engine}: audit trail, 95th percentile", Figure(took[int(0.95 * len(took))][0], "ms", 500.0)
    yield f"{engine}: audit trail, slowest ({_in_words(took[-1][1])[:28]})", Figure(took[-1][0], "ms")


def _in_words(asked: Asked) -> str:
    words = ["further on" if name == "before" else f"{name} {value}" for name, value in asked]
    return ", ".join(words) or "nothing asked"


def questions(lines: int) -> Iterator[Asked]:
    """Give what is asked: by each filter alone and by several, what is everywhere, rare and nowhere, both ways."""
    last = trail.time_of(lines - 1)
    since, until = (last - timedelta(days=3)).date().isoformat(), (last - timedelta(days=2)).date().isoformat()
    batch, deep = f"batch:B16-{7:05}", f"{utc(trail.time_of(lines // 2))}|batch:B16-00007|500"
    for each in (*_alone(lines), *_together(since, until)):
        yield each
        yield (*each, ("order", "oldest"))
        yield (*each, ("before", deep))
    yield (("book", batch),)
    yield ("book", batch), ("order", "oldest")
    yield ("book", batch), ("line", "400")
    yield ("book", batch), ("before", f"2016|{batch}|500")
    yield ("book", batch), ("words", "volume_7")
    yield ("book", batch), ("who", _WHO)
    yield ("book", batch), ("why", "typing")
    yield ("since", since), ("until", until)
    yield ("since", since), ("until", until), ("words", "volume_7")


def _alone(lines: int) -> Iterator[Asked]:
    yield ()
    yield (("who", _WHO),)
    yield (("who", "adam"),)
    yield (("who", "nobody"),)
    yield (("what", "value recorded"),)
    yield (("what", "value corrected"),)
    yield (("what", "batch held"),)
    yield (("what", "recipe approved"),)
    yield (("book", "batch:"),)
    yield (("book", "lot:"),)
    yield (("book", "recipe:"),)
    yield (("book", f"user:{_WHO}"),)
    yield (("why", "typing mistake"),)
    yield (("why", "e"),)
    yield (("why", trail.RARE),)
    yield (("why", "nobody ever gave this reason"),)
    yield (("where", "192.0.2.9"),)
    yield (("where", "198.51.100.1"),)
    yield (("words", f"{lines % 997}.5"),)
    yield (("words", "nowhere at all"),)


def _together(since: str, until: str) -> Iterator[Asked]:
    for other in (("what", "value corrected"), ("what", "batch held"), ("where", "192.0.2.9"), ("words", "volume_7")):
        yield ("who", _WHO), other
    yield ("who", _WHO), ("book", "lot:")
    yield ("who", _WHO), ("since", since), ("until", until)
    yield ("what", "value corrected"), ("words", "volume_7")
    yield ("what", "batch held"), ("book", "lot:")
    yield ("what", "value recorded"), ("where", "198.51.100.1")
    yield ("book", "lot:"), ("since", since), ("until", until)
    for other in (("who", _WHO), ("what", "value recorded"), ("where", "192.0.2.9"), ("words", "volume_7")):
        yield ("why", "typing"), other
        yield ("why", trail.RARE), other
    yield ("why", "typing"), ("since", since), ("until", until)
    yield ("why", trail.RARE), ("since", since), ("until", until)
    yield ("who", _WHO), ("what", "value recorded"), ("book", "batch:"), ("words", "volume_7"), ("where", "192.0.2.9")


def _signed_in(installed: Installed) -> FlaskClient:
    client = installed.app.test_client()
    page = client.get("/sign-in").text
    client.post("/sign-in", data={"user": "alice", "password": PASSWORD, "csrf_token": token(page)})
    return client


def _answer(client: FlaskClient, asked: Asked) -> float:
    began = time.perf_counter()
    answer = client.get("/audit/", query_string=dict(asked))
    took = 1000 * (time.perf_counter() - began)
    if answer.status_code != 200:
        raise RuntimeError(f"the page of {asked} answered {answer.status_code}")
    return took
