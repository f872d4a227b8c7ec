"""Secrets stay where they are: searched for in everything that the application gives out (ASVS 13.3, 14.2, 16.2.5)."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from mes.log import OneLine
from mes.reports.render import render
from mes.settings import Settings
from tests.architecture.source import ROOT
from tests.mes.laboratory import PASSWORD, Laboratory
from tests.security.door import ALL_TOKENS, FILLED, Door

# WeasyPrint leaves the colour profile open that PDF/A asks for; the process that prints ends with it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning")
MISTYPED = "Jana Patientova 2019-04-01, typed where the password goes"


def secrets_of(door: Door) -> dict[str, str]:
    """Return what nobody may read anywhere, by what it is."""
    held = {}
    for role in ("operator", "administrator"):
        tablet = door.lab.tablet(door.person(role))
        with tablet.flask_session(door.lab.app) as session:
            held[f"the session of {role}"] = session["token"]
        held[f"the cookie of {role}"] = str(door.held[role]["__Host-mes"])
    return {
        "the password": PASSWORD,
        "what was typed for a password": MISTYPED,
        "the application's key": door.lab.app.config["SECRET_KEY"],
        **{f"the token of {machine}": token for machine, token in ALL_TOKENS.items()},
        **held,
    }


def hashes_of(lab: Laboratory) -> dict[str, str]:
    """Return what is kept of passwords, tokens and sessions: in the database, and nowhere else."""
    query = "SELECT id, coalesce(password_hash, token_hash) FROM user_account UNION ALL SELECT user, id FROM sign_in"
    with lab.reading() as connection:
        return {f"a hash of {user}, {kept[-6:]}": kept for user, kept in connection.exec_driver_sql(query)}


def leaks(outputs: Mapping[str, str | bytes], secrets: Mapping[str, str]) -> list[str]:
    """Return which secret stands in which output."""
    texts = {name: out if isinstance(out, bytes) else out.encode() for name, out in outputs.items()}
    return [
        f"{what} in {name}" for name, text in texts.items() for what, each in secrets.items() if each.encode() in text
    ]


@pytest.fixture
def told() -> Iterator[_Kept]:
    """Whatever is told while a test runs, as it is written."""
    handler = _Kept()
    logging.getLogger("mes").addHandler(handler)
    yield handler
    logging.getLogger("mes").removeHandler(handler)


class _Kept(logging.Handler):
    text = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep an event."""
        self.text += OneLine().format(record)


def play(door: Door) -> dict[str, str | bytes]:
    """Do what people do, rightly and wrongly, and return every page and every refusal."""
    outputs: dict[str, str | bytes] = {}
    for role in ("operator", "administrator", "auditor", "nobody"):
        wrong = {**FILLED, **door.signed(role, {}), "password": MISTYPED}
        for route in door.routes:
            if route.endpoint.startswith("api.") and route.method == "POST":
                continue
            form = {"params": {"password": MISTYPED}} if route.method == "GET" else {"data": wrong}
            if route.method == "POST" and route.endpoint == "people.lock":
                continue
            answer = door.send(role, route.method, route.path(), **form)
            told = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
            outputs[f"{role} {route.method} {route.rule}"] = answer.text + str(told)
    return outputs


@pytest.mark.requirement("RQ-064")
def test_no_secret_is_ever_given_out(door: Door, told: _Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page, every refusal, every failure, the log, the ledger and the printed record of a played batch: none."""
    secrets = secrets_of(door) | hashes_of(door.lab)
    outputs = play(door)
    monkeypatch.setitem(door.lab.app.view_functions, "audit.audit", lambda: 1 / 0)
    outputs["a failure"] = door.send("verifier", "GET", "/audit/", params={"words": MISTYPED}).text
    with door.lab.app.app_context():
        outputs["the printed record"] = render(door.batches[0].number).content
    with door.lab.reading() as connection:
        outputs["the ledger"] = "\n".join(connection.exec_driver_sql("SELECT text FROM line").scalars())
    outputs["the log"] = told.text
    assert "ZeroDivisionError" in told.text
    assert "Traceback" not in outputs["a failure"]
    assert leaks(outputs, secrets) == []
    print(f"{len(outputs)} outputs, {len(secrets)} secrets, 0 leaks")  # noqa: T201 - the count is part of the evidence


def test_a_secret_that_was_given_out_would_be_found() -> None:
    """The search finds one, in a text and in bytes."""
    assert leaks({"a": f"x{PASSWORD}x", "b": PASSWORD.encode()}, {"it": PASSWORD}) == ["it in a", "it in b"]


def test_a_copy_of_the_records_opens_nothing(door: Door, tmp_path: Path) -> None:
    """ASVS 13.3.1: the copied file holds hashes; no password, no token, no session and no key can be read from it."""
    copy = tmp_path / "copy.db"
    copy.write_bytes(door.saved.read_bytes())
    assert leaks({"the copy": copy.read_bytes()}, secrets_of(door)) == []


def test_what_the_machine_says_of_itself_holds_no_secret(tmp_path: Path) -> None:
    """`./lab doctor` prints what one sends to whoever helps: not the key, not the database's password."""
    folder = tmp_path / "lab"
    folder.mkdir()
    key = folder / "secret.key"
    key.touch(mode=0o600)
    key.write_text("a canary of a key, long enough to be one")
    url = "postgresql+psycopg://mes:a-canary-of-a-password@127.0.0.1:9/nothing"
    told = os.environ | {"MES_DATABASE_URL": url}
    command = [sys.executable, "-m", "mes", "doctor", "--folder", str(folder)]
    done = subprocess.run(command, env=told, capture_output=True, text=True, check=False, cwd=ROOT)
    assert "Python" in done.stdout
    assert "canary" not in done.stdout + done.stderr


@pytest.mark.parametrize("password", ["postgres", "Password", "admin", "mes", "changeme"])
def test_a_password_that_everybody_tries_first_stops_the_start(tmp_path: Path, password: str) -> None:
    """ASVS 6.3.2, 13.2.3: a database that anybody opens is none to keep records in."""
    url = f"postgresql+psycopg://mes:{password}@127.0.0.1/mes"
    with pytest.raises(ValueError, match="everybody tries first") as stopped:
        Settings.from_environment({"MES_FOLDER": str(tmp_path), "MES_DATABASE_URL": url})
    assert password not in str(stopped.value)


@pytest.mark.parametrize(("content", "mode", "why"), [("changeme", 0o600, "no key"), ("x" * 64, 0o644, "by others")])
def test_a_key_that_others_know_stops_the_start(tmp_path: Path, content: str, mode: int, why: str) -> None:
    """ASVS 13.3.1: who has the key makes sessions: it is long, and its owner's alone."""
    key = tmp_path / "secret.key"
    key.write_text(content)
    key.chmod(mode)
    with pytest.raises(ValueError, match=why):
        Settings.from_environment({"MES_FOLDER": str(tmp_path)})


def test_the_key_that_is_made_is_long_and_its_owners_alone(tmp_path: Path) -> None:
    """256 random bits, another one for each installation, that nobody else on the machine reads."""
    keys = {Settings.from_environment({"MES_FOLDER": str(tmp_path / name)}).secret_key for name in ("a", "b")}
    assert len(keys) == 2
    assert all(len(key) == 64 for key in keys)
    assert (tmp_path / "a" / "secret.key").stat().st_mode & 0o777 == 0o600


def test_nothing_is_open_that_is_for_developers(door: Door) -> None:
    """ASVS 13.4.2, 16.5.1: no debugger, no trace, no console, and no word on versions in any header."""
    assert not door.lab.app.debug
    assert not door.lab.app.testing
    for path in ("/console", "/debug", "/__debug__/", "/.git/config", "/.env", "/metrics", "/api/v1/openapi.json"):
        answer = door.send("stranger", "GET", path)
        assert answer.status_code in (302, 401, 404), path
        assert not {"server", "x-powered-by"} & set(answer.headers)
    assert json.loads(door.send("auditor", "GET", "/api/v1/openapi.json").text)["info"]["version"] == "1"
