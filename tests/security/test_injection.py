"""A text stays a text: in SQL, templates, headers and logs (ASVS 1.2, 16.4.1)."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator

import pytest

from mes.log import OneLine, init, refused
from tests.mes.laboratory import PASSWORD
from tests.security.door import FILLED, Door

SQL = (
    "' OR '1'='1",
    "'; DROP TABLE line; --",
    "' UNION SELECT token_hash FROM user_account --",
    '" OR ""="',
    "1) OR (1=1",
    "%' AND 1=CAST((SELECT version()) AS int)--",
    "'||(SELECT password_hash FROM user_account LIMIT 1)||'",
    "admin'/*",
    "%",
    "_",
    "\\",
)
TEMPLATE = (
    "{{7331*7}}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{x}}{% endfor %}",
    "${7331*7}",
    "#{7331*7}",
)
HEADER = (
    "x\r\nSet-Cookie: mes=evil",
    "x\nLocation: https://evil.example",
    "x\r\n\r\n<script>alert(1)</script>",
    "\u560a\u560dSet-Cookie: a=b",
)
LOG = ('x\r\n{"says": "all is well"}', "\x1b[2J\x1b[1;31mred", "x\u2028\u2029y", "a\tb\x08\x7f", "%s%s%n")
WORDS = (
    "search",
    "lot",
    "item",
    "sample",
    "show",
    "coi",
    "words",
    "kind",
    "by",
    "since",
    "next",
    "person",
    "batch",
    "span",
)


@pytest.mark.requirement("RQ-058")
@pytest.mark.parametrize("text", [*SQL, *TEMPLATE])
def test_no_word_of_an_address_is_ever_run(door: Door, text: str) -> None:
    """ASVS 1.2.4, 1.3.7: every page, every word of its query: no secret, no product of the numbers, no failure."""
    with door.lab.reading() as connection:
        secrets = (
            connection.exec_driver_sql("SELECT coalesce(password_hash, token_hash) FROM user_account").scalars().all()
        )
    for route in door.routes:
        if route.method == "GET" and route.endpoint != "static":
            answer = door.send("auditor", "GET", route.path(), params=dict.fromkeys(WORDS, text))
            assert answer.status_code < 500, route
            assert "51317" not in answer.text, route
            assert not any(secret in answer.text for secret in secrets), route
    assert door.is_whole()


@pytest.mark.parametrize("text", [*SQL, *TEMPLATE])
def test_no_field_of_a_form_is_ever_run(door: Door, text: str) -> None:
    """ASVS 1.2.4: what was typed is in the ledger as it was typed, and nothing else changed."""
    form = {**FILLED, **door.signed("operator", {}), "text": text}
    door.send("operator", "POST", "/batches/B26-0001/comments", data=form)
    assert door.lab.lines("batch:B26-0001")[-1]["body"]["text"] == text.strip()
    page = door.send("operator", "GET", "/batches/B26-0001")
    assert (page.status_code, "51317" in page.text) == (200, False)


@pytest.mark.parametrize("text", HEADER)
def test_no_header_is_ever_begun(door: Door, text: str) -> None:
    """ASVS 1.2.1, 4.1: a line break in any word makes no header and no second answer."""
    for path, params in (("/sign-in", {"next": text}), ("/lots/", {"lot": text}), ("/samples/", {"sample": text})):
        answer = door.send("operator", "GET", path, params=params)
        assert not {"evil", "a=b"} & set(" ".join(answer.headers.values()).replace("=", " ").split())
    form = {"csrf_token": door.tokens["nobody"], "user": "only_operator", "password": PASSWORD, "next": text}
    assert door.send("nobody", "POST", "/sign-in", data=form).headers["location"] == "/batches/"


class Kept(logging.Handler):
    """What the application tells, line by line, as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(OneLine())

    def emit(self, record: logging.LogRecord) -> None:
        """Keep an event."""
        self.lines.append(self.format(record))


@pytest.fixture
def kept() -> Iterator[Kept]:
    """What is told while a test runs."""
    handler = Kept()
    logging.getLogger("mes").addHandler(handler)
    yield handler
    logging.getLogger("mes").removeHandler(handler)


@pytest.mark.parametrize("text", LOG)
def test_an_event_is_one_line_whatever_is_in_it(door: Door, kept: Kept, text: str) -> None:
    """ASVS 16.4.1: a name with line breaks or the terminal's commands in it: one line of plain letters."""
    door.put_back()  # ten wrong passwords at one workstation, and it waits
    form = {"csrf_token": door.tokens["nobody"], "user": text, "password": "wrong"}
    door.send("nobody", "POST", "/sign-in", data=form)
    assert len(kept.lines) == 2
    for line in kept.lines:
        assert line.isascii()
        assert line.isprintable()
    assert json.loads(kept.lines[0])["user"] == text.strip()


@pytest.mark.requirement("RQ-064")
def test_whatever_is_refused_is_told_with_who_where_and_when(door: Door, kept: Kept) -> None:
    """ASVS 16.2.1, 16.2.2, 16.3.1, 16.3.2: a password, a page, a wish, a token, a form: in UTC, with its address."""
    wrong = {"csrf_token": door.tokens["nobody"], "user": "alice", "password": "not hers, however long"}
    door.send("nobody", "POST", "/sign-in", data=wrong)
    door.send("operator", "GET", "/people")
    door.send("operator", "POST", "/people/bob/unlock", data=door.signed("operator", {}))
    door.send("stranger", "GET", "/api/v1/batches", headers={"Authorization": "Bearer wrong"})
    door.send("operator", "POST", "/people/bob/unlock", data={})
    told = [json.loads(line) for line in kept.lines]
    assert {each["from"] for each in told} == {"mes.security"}
    assert {each["says"] for each in told} == {
        *("password refused", "request refused", "attempt refused", "form without its token"),
    }
    assert all(each["at"].endswith("+00:00") and each["address"] == "192.0.2.17" for each in told)
    assert {each.get("status") for each in told} >= {"401", "403"}
    assert {each.get("by") for each in told} >= {"only_operator", ""}
    assert "not hers" not in str(told)


def test_the_log_can_be_kept_on_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """ASVS 16.4.3: MES_SYSLOG names it, and every event goes there as the same one line."""
    logger = logging.getLogger("mes")
    monkeypatch.setattr(logger, "handlers", [])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        there.bind(("127.0.0.1", 0))
        init({"MES_SYSLOG": f"127.0.0.1:{there.getsockname()[1]}"})
        refused("password refused", user="alice\r\nbob")
        content = there.recv(4_096).decode()
    assert json.loads(content.partition(">")[2].rstrip("\0"))["user"] == "alice\r\nbob"
    assert "\n" not in content
    for handler in logger.handlers:
        handler.close()


def test_a_failure_is_one_line_too(kept: Kept) -> None:
    """ASVS 16.5: the trace of what broke is in the line, and the line is one."""
    try:
        int("broken\nin two")
    except ValueError:
        logging.getLogger("mes").exception("request %s failed", "12345678")
    (line,) = kept.lines
    assert "\n" not in line
    assert "invalid literal" in json.loads(line)["trace"]
