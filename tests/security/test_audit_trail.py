"""The audit trail is complete: every address that changes something says who, when, what and why, found, not listed."""

from __future__ import annotations

import inspect
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import class_mapper

from mes.ledger.line import utc
from mes.ledger.tables import line
from mes.schema import rows
from mes.seals.commands import Seal
from tests.architecture.source import ROOT
from tests.mes.laboratory import CLOCK, PASSWORD, TOKENS, Laboratory, application
from tests.mes.tablet import Answer
from tests.security.act import Act
from tests.security.acts import ACTS, ASKED, ELSEWHERE
from tests.security.door import Route, routes

_HIDDEN = "(not shown)"
# What follows from the use of an account and is no act upon a record: sessions, and counts of wrong passwords.
_OF_USE = {"sign_in", "workstation"}
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
_READ = re.compile(r"""\.(?:text|number|time|number_after|uploaded_text)\([^)]*?"(\w+)"\)|getlist\("(\w+)"\)""")
_GUARD = {"csrf_token", "tap", "user", "password", "seen", "own", "batch", "next"}


@dataclass(frozen=True)
class State:
    """Every row as it stands, by table and key, and the lines."""

    rows: Mapping[tuple[str, str], Mapping[str, Any]]
    lines: Mapping[tuple[str, int], Mapping[str, Any]]


@dataclass(frozen=True)
class Change:
    """One column of a row, or a new row's: what it was and is, as lines write it."""

    table: str
    column: str
    old: object
    new: object
    is_new: bool


def state(lab: Laboratory) -> State:
    """Look at everything."""
    found = {}
    with lab.installation.reading() as session:
        for cls in rows():
            for row in session.scalars(select(cls)):
                key = "/".join(str(getattr(row, each.key)) for each in class_mapper(cls).primary_key)
                names = [each.key for each in class_mapper(cls).column_attrs]
                found[cls.__tablename__, key] = {name: getattr(row, name) for name in names}
        texts = session.execute(select(line.c.book, line.c.page, line.c.text)).all()
    return State(found, {(book, page): json.loads(text) for book, page, text in texts})


def changes(before: State, after: State) -> Iterator[Change]:
    """Give every column that is not what it was."""
    hidden = {cls.__tablename__: cls.unlogged for cls in rows()}
    for (table, key), row in after.rows.items():
        old = before.rows.get((table, key))
        for name, value in row.items():
            was = old[name] if old else None
            if value != was:
                said = [_HIDDEN if name in hidden[table] else _text(each) for each in (was, value)]
                yield Change(table, name, None if old is None else said[0], said[1], is_new=old is None)


def _text(value: Any) -> Any:  # noqa: ANN401 - any column's
    if isinstance(value, datetime):
        return utc(value)
    return value if isinstance(value, str | int | bool | list | dict | None) else str(value)


def act(lab: Laboratory, made: Act, fields: Mapping[str, Any]) -> Answer:
    """Carry it out as its author would, at their tablet or with their token."""
    tablet = lab.tablet(None if made.endpoint == "people.enter" or made.body else made.by)
    if made.body:
        rule = next(each.rule for each in changing() if each.endpoint == made.endpoint)
        body = dict(made.body(lab))
        token = {"Authorization": f"Bearer {TOKENS[made.by.id]}"}
        http = tablet.http.post(rule.replace("<id>", str(body.pop("id", ""))), json=body, headers=token)
        assert http.status_code < 300, http.text
        return tablet.open("/health")
    page = tablet.open("/sign-in") if made.endpoint == "people.enter" else tablet.open("/account")
    token = (page.form("/sign-in") if made.endpoint == "people.enter" else page.form("/lock")).fields["csrf_token"]
    data = {"csrf_token": token, **fields}
    if "file" in fields:
        name, text = fields["file"]
        del data["file"]
        return tablet._follow(tablet.http.post(made.path, data=data, files={"file": (name, text.encode())}))
    return tablet.post(made.path, data)


def entered(made: Act, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is sent: the row's own fields, and the signature or password where one is asked for."""
    sent = {**({"user": made.by.id} if made.signed else {}), **more, **made.fields}
    if made.signed or "password" in sent:
        sent["password"] = PASSWORD
    return sent


def changing() -> list[Route]:
    """Return every route that may change something."""
    return [each for each in routes(application().url_map.iter_rules()) if each.method != "GET"]


def test_every_address_that_changes_something_has_an_act() -> None:
    """A new one without a row fails here, and so does a row without an address."""
    known = Counter([*(each.endpoint for each in ACTS), *ELSEWHERE])
    assert sorted(known) == sorted({each.endpoint for each in changing()})
    assert max(known.values()) == 1
    assert all((ROOT / Path(file)).is_file() for file in ELSEWHERE.values())
    fields = sum(len(each.fields) for each in ACTS)
    print(f"{len(changing())} routes: {len(ACTS)} acts with {fields} fields, {len(ELSEWHERE)} in tests of their own")  # noqa: T201 - the count is part of the evidence


@pytest.mark.parametrize("made", [each for each in ACTS if not each.body], ids=str)
def test_an_act_fills_every_field_that_its_address_reads(made: Act) -> None:
    """A field that was added to an address is a field of its act, so that the line is looked at for it."""
    source = inspect.getsource(application().view_functions[made.endpoint])
    read = {name for found in _READ.findall(source) for name in found if name} - _GUARD
    read |= {"why"} if ".reason()" in source and not {"why", "comment"} & made.fields.keys() else set()
    read -= {*made.fields, *made.drawn}
    assert not read, f"{made.endpoint} reads {read}"
    if ".values()" in source:
        assert any(name.startswith("value.") for name in made.fields)


@pytest.mark.requirement("RQ-006")
@pytest.mark.requirement("RQ-074")
@pytest.mark.requirement("RQ-075")
@pytest.mark.parametrize("made", ACTS, ids=str)
def test_an_act_leaves_who_when_what_and_why(lab: Laboratory, made: Act) -> None:
    """Each line names author, role, workstation and the server's time; each change stands in one, old and new."""
    lab.do(Seal(all_of_it=True), CLOCK)  # its key is announced once, before anything else
    more = made.before(lab) or {}
    lab.time.later(seconds=7)
    sent = entered(made, more)
    if made.why:
        _is_refused_without_a_reason(lab, made, sent)
    before = state(lab)
    answer = act(lab, made, sent)
    after = state(lab)
    assert answer.status == 200, answer.error
    lines = [text for key, text in after.lines.items() if key not in before.lines]
    done = _done(lines, made)
    assert bool(done) != bool(made.silent), [each["kind"] for each in lines]
    _say_who_and_when(lab, made, done)
    found = list(changes(before, after))
    assert [each for each in found if not _is_said(each, lines)] == []
    assert [name for name, value in _told(made) if _as_said(lab, value) not in _all_of(done)] == []
    if made.was:
        assert made.was in _all_of(done)
    _says_why(made, done, found)


def _done(lines: list[Mapping[str, Any]], made: Act) -> list[Mapping[str, Any]]:
    """Return the lines of the act itself: signing in before it left lines of its own."""
    if made.endpoint == "people.enter":
        return lines
    of_use = {f"{table.replace('_', ' ')} {word}" for table in _OF_USE for word in ("added", "changed")}
    return [each for each in lines if made.endpoint == "people.lock" or each["kind"] not in of_use]


def _say_who_and_when(lab: Laboratory, made: Act, lines: list[Mapping[str, Any]]) -> None:
    for each in lines:
        assert each["at"] == utc(lab.time()), each
        assert each.get("workstation"), each
        signer = made.fields.get("user", made.by.id) if each.get("signed") or made.signed else made.by.id
        assert each["author"] == signer, each
        if made.endpoint != "people.enter":
            assert each.get("role"), each


def _is_said(change: Change, lines: list[Mapping[str, Any]]) -> bool:
    """Say whether a line has a change, from what to what; a row that is new may have been changed again since."""
    words = change.table.replace("_", " ")
    added = [each["body"]["values"] for each in lines if each["kind"] == f"{words} added"]
    changed = [each["body"]["changes"] for each in lines if each["kind"] == f"{words} changed"]
    if not change.is_new:
        return any(each.get(change.column) == [change.old, change.new] for each in changed)
    later = [{name: new for name, (_, new) in each.items()} for each in changed]
    return any(each.get(change.column) == change.new for each in (*added, *later))


def _told(made: Act) -> Iterator[tuple[str, Any]]:
    """Give what was entered and has to stand in a line."""
    for name, value in made.fields.items():
        if name not in _GUARD | ASKED | made.hidden and not isinstance(value, tuple):
            yield name, value


def _as_said(lab: Laboratory, value: str) -> str:
    """Return an entered text as a line says it: a time is the site's, and is kept as the world's."""
    if not _TIME.fullmatch(value):
        return value
    return utc(datetime.fromisoformat(value).replace(tzinfo=lab.installation.settings.zone))


def _all_of(lines: list[Mapping[str, Any]]) -> str:
    return json.dumps(lines, ensure_ascii=False)


def _says_why(made: Act, lines: list[Mapping[str, Any]], found: list[Change]) -> None:
    """What exists is changed with a reason, a signature that has a meaning, or for what the act's row says."""
    changed = [each for each in found if not each.is_new and each.table not in _OF_USE]
    if changed and not made.why:
        assert made.because or any(each.get("signed", {}).get("meaning") for each in lines), changed
    if made.why:
        reason = str(made.fields[made.why.split()[-1]])
        assert reason in _all_of(lines)


def _is_refused_without_a_reason(lab: Laboratory, made: Act, sent: Mapping[str, Any]) -> None:
    """Nothing happens but that the attempt is on record, and a sentence says what is missing."""
    before = state(lab)
    answer = act(lab, made, sent | dict.fromkeys(made.why.split(), ""))
    after = state(lab)
    assert answer.status in (400, 409), (made.endpoint, answer.status)
    assert answer.error.strip(), made.endpoint
    assert [each for each in changes(before, after) if each.table not in _OF_USE and each.column != "both_given"] == []
    new = _done([text for key, text in after.lines.items() if key not in before.lines], made)
    assert {each["kind"] for each in new} <= {"attempt refused"}, [each["kind"] for each in new]
