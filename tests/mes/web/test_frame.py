"""What stands round every page: headers, cookies, tokens, and the door that nothing goes past. Swept, not listed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from markupsafe import escape
from werkzeug.routing import Rule

from mes import create_app
from mes.people.commands import Unlock
from mes.settings import Settings
from tests.batch_records.playing import RUTH
from tests.cast import ALICE, DORA, LENA, MALLORY, PETRA, QUINN
from tests.mes.laboratory import ADAM, INES, PASSWORD, Laboratory
from tests.mes.played import Played
from tests.mes.tablet import HOST, Tablet
from tests.security.access import OPEN_TO_ALL
from tests.security.door import PARTS
from tests.security.sinks import typed_everywhere


def rules(lab: Laboratory, method: str) -> Iterator[tuple[Rule, str]]:
    """Give every route of a method, with an address of it."""
    for rule in lab.app.url_map.iter_rules():
        if method in (rule.methods or ()):
            yield rule, re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda found: PARTS[found[1]], rule.rule)


@pytest.fixture
def busy(lab: Laboratory) -> Played:
    """A batch in the middle, with a deviation, so that every page has something to show."""
    batch = Played(lab).start("COI-26-0001-A").finish("1.5")
    batch.enter("1.5", volume="5 mL")
    return batch


# --- who is there -------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-005")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nothing_but_the_door_answers_who_is_not_signed_in(busy: Played, method: str) -> None:
    """Every address there is: the sign-in page, a health check, static files; all others lead to the door."""
    asked = 0
    for rule, path in rules(busy.lab, method):
        if rule.endpoint not in OPEN_TO_ALL:
            answer = Tablet(busy.lab.app).http.request(method, path)
            is_api = path.startswith("/api/v1/") and rule.endpoint.startswith("api.")
            assert answer.status_code == (401 if is_api else 302), path
            if not is_api:
                assert urlsplit(answer.headers["location"]).path == "/sign-in", path
            asked += 1
    assert asked > 20


@pytest.mark.parametrize(
    "path", ["/nothing", "/batches/B26-0001/nothing", "/static/../mes/settings.py", "/api/v1/nothing"]
)
def test_an_address_that_does_not_exist_tells_a_stranger_nothing(sqlite: Laboratory, path: str) -> None:
    """Whether there is such a page is not for somebody at the door to know."""
    answer = sqlite.tablet().http.get(path)
    assert answer.status_code in (302, 401, 404)
    assert "Traceback" not in answer.text


def test_every_page_answers_everybody_who_is_signed_in(busy: Played) -> None:
    """Whoever opens whichever page: it is shown, or refused with a sentence; none fails."""
    for person in (ALICE, QUINN, PETRA, LENA, DORA, ADAM, INES, MALLORY):
        tablet = busy.lab.tablet(person)
        for rule, path in rules(busy.lab, "GET"):
            answer = tablet.http.get(path, follow_redirects=True)
            assert answer.status_code in (200, 403, 404, 409), (person.id, rule.endpoint, answer.status_code)


def test_every_link_leads_somewhere(busy: Played) -> None:
    """From the board, whatever can be tapped is there: no link of any page is dead."""
    busy.settle()
    for person in (ALICE, RUTH, ADAM):
        tablet, seen, todo = busy.lab.tablet(person), set[str](), ["/batches/"]
        while todo:
            path = todo.pop()
            answer = tablet.http.get(path)
            assert answer.status_code in (200, 302), (person.id, path)
            if answer.headers["content-type"].startswith("text/html"):
                links = re.findall(r'<a[^>]*\shref="([^"#][^"]*)"', answer.text)
                found = {urljoin(path, link.replace("&amp;", "&")) for link in links}
                todo += sorted(found - seen)
                seen |= found
        assert len(seen) > 20, person.id


# --- headers and cookies ------------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-014")
def test_every_answer_says_what_a_browser_may_do(busy: Played) -> None:
    """Nothing inline, nothing foreign, no frame, no sniffing, nothing kept: on pages, refusals and data alike."""
    tablet = busy.lab.tablet(ALICE)
    for rule, path in rules(busy.lab, "GET"):
        headers = tablet.http.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy, path
        assert "unsafe" not in policy, path
        assert "frame-ancestors 'none'" in policy, path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin", path
        if rule.endpoint != "static":
            assert headers["cache-control"] == "no-store", path


def test_pages_hold_nothing_that_the_policy_forbids(busy: Played) -> None:
    """No script, no style and no handler stands in a page, and nothing is asked of another host."""
    tablet = busy.lab.tablet(QUINN)
    for rule, path in rules(busy.lab, "GET"):
        if rule.endpoint in ("static", "openapi.spec"):
            continue
        html = tablet.http.get(path, follow_redirects=True).text
        assert not re.search(r"<script(?![^>]*\ssrc=)", html), path
        assert not re.search(r"<[^>]+\s(style|on\w+)=", html), path
        assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', html), path


@pytest.mark.requirement("RQ-014")
def test_the_cookie_is_ours_alone(sqlite: Laboratory) -> None:
    """Over TLS only, out of scripts' reach, for this host and no other page's requests."""
    tablet = sqlite.tablet()
    form = tablet.open("/sign-in").form("/sign-in")
    answer = tablet.http.post("/sign-in", data={**form.fields, "user": "alice", "password": PASSWORD})
    (cookie,) = [each for each in answer.headers.get_list("set-cookie") if each.startswith("__Host-mes=")]
    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Strict"):
        assert part in cookie
    assert "Domain" not in cookie
    assert answer.headers["strict-transport-security"].startswith("max-age=")


def test_without_tls_the_cookie_has_another_name(sqlite: Laboratory) -> None:
    """A demonstration on loopback has no TLS; its cookie cannot be mistaken for a real one's."""
    settings = sqlite.installation.settings
    app = create_app(Settings(**{**vars(settings), "secure_cookies": False}))
    answer = app.test_client().get("/sign-in")
    assert answer.headers["set-cookie"].startswith("mes=")
    assert "Strict-Transport-Security" not in answer.headers
    app.extensions["mes"].database.dispose()


def test_errors_are_answered_in_words(sqlite: Laboratory) -> None:
    """A wrong address, a wrong method, a page too large: the house's own page, with a way back."""
    tablet = sqlite.tablet(ALICE)
    for path, method, status in (("/nothing", "GET", 404), ("/lots/", "DELETE", 405), ("/audit/", "POST", 405)):
        answer = tablet.http.request(method, path)
        assert answer.status_code == status
        assert "Nothing was changed" in answer.text
    fields = tablet.open("/lots/").form("/lots/").fields
    assert tablet.post("/lots/", {**fields, "material": "x" * 9_000_000}).status == 413


def test_a_failure_gives_a_reference_and_no_more(sqlite: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something breaks: the person gets a number to tell, the log gets the rest."""

    def fail(_: object) -> None:
        raise RuntimeError("the secret is a lamp")

    tablet = sqlite.tablet(ALICE)
    monkeypatch.setitem(sqlite.app.view_functions, "audit.audit", fail)
    monkeypatch.setitem(sqlite.app.view_functions, "patients.orders", lambda: fail(0))
    for path in ("/audit/", "/orders/"):
        answer = tablet.http.get(path)
        assert answer.status_code == 500
        assert "a lamp" not in answer.text
        assert re.search(r"Tell the administrator: <code>[0-9a-f]{8}</code>", answer.text)


def test_a_database_that_is_gone_is_said(lab: Laboratory) -> None:
    """503, to be tried again, and what was typed is kept."""
    tablet = lab.tablet(ALICE)
    engine = lab.database.reader
    lab.database.reader = lab.database.__class__("postgresql+psycopg://nobody@/nothing?host=/nowhere").reader
    try:
        answer = tablet.open("/batches/")
    finally:
        lab.database.reader.dispose()
        lab.database.reader = engine
    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert "Nothing was saved" in answer.page.text


# --- forms --------------------------------------------------------------------------------------------------------


def counted(lab: Laboratory) -> tuple[int, int]:
    return lab.count("line"), lab.count("tap")


@pytest.mark.parametrize("token", ["", "wrong", "another's"])
def test_no_form_is_taken_without_its_token(busy: Played, token: str) -> None:
    """Every address that changes something: without the page's own token, or with somebody else's, nothing changes."""
    tablet, other = busy.lab.tablet(QUINN), busy.lab.tablet(ALICE)
    sent = other.open("/batches/").form("/lock").fields["csrf_token"] if token == "another's" else token
    before = counted(busy.lab)
    signed = {"csrf_token": sent, "user": "quinn", "password": PASSWORD, "comment": "x", "text": "x", "why": "x"}
    for rule, path in rules(busy.lab, "POST"):
        if not rule.endpoint.startswith("api."):
            answer = tablet.http.post(path, data=signed)
            assert answer.status_code in (302, 400), path
    assert counted(busy.lab) == before


def test_no_page_of_another_site_can_send_a_form(busy: Played) -> None:
    """The right token from a foreign page, as a browser would say: refused."""
    tablet = busy.lab.tablet(ALICE)
    fields = tablet.open(busy.page).form("/lock").fields
    tablet.at = "https://evil.example/"
    before = counted(busy.lab)
    assert tablet.http.post(f"{busy.page}/comments", data={**fields, "text": "x"}).status_code in (302, 400)
    assert counted(busy.lab) == before


def test_nothing_changes_by_asking_for_a_page(busy: Played) -> None:
    """Every page there is, asked for with every word one might smuggle in: not a line more, but who took a copy."""
    tablet, before = busy.lab.tablet(QUINN), counted(busy.lab)
    before = counted(busy.lab)
    for rule, path in rules(busy.lab, "GET"):
        if rule.endpoint in ("api.record", "api.copy"):  # by whom a record was taken is on record
            continue
        tablet.http.get(f"{path}?_method=POST&answer=reject&status=ready&comment=x")
        tablet.http.get(path, headers={"X-HTTP-Method-Override": "POST"})
    assert counted(busy.lab) == before


JUNK = (
    "",
    "x",
    "0",
    "-1",
    "9" * 40,
    "\x00",
    "%00",
    "\u202e",
    "ünïcödé 王",
    "2026-13-45 99:99",
    "1e999",
    "[]",
    "' OR 1=1 --",
    "{{7*7}}",
)


@pytest.mark.requirement("RQ-058")
@pytest.mark.parametrize("junk", JUNK)
def test_no_form_fails_whatever_is_in_it(busy: Played, junk: str) -> None:
    """Every address that takes a form, with the same junk in every field: an answer, never a failure."""
    tablet = busy.lab.tablet(QUINN)
    names = (
        "user",
        "password",
        "seen",
        "comment",
        "text",
        "step",
        "field",
        "reason",
        "why",
        "stage",
        "status",
        "until",
    )
    more = ("coi", "recipe", "note", "number", "material", "expiry", "value.volume", "value.weight", "happened", "role")
    last = (
        "explanation",
        "conclusion",
        "impact",
        "other_batches",
        "name",
        "full_name",
        "code",
        "answer",
        "reading",
        "next",
    )
    for rule, path in rules(busy.lab, "POST"):
        if rule.endpoint.startswith("api.") or rule.endpoint in ("people.lock", "people.enter"):
            continue
        if rule.endpoint.startswith(("people.", "factors.")):
            busy.lab.do(Unlock("quinn", "her own password was guessed at"), ADAM)
        token = tablet.open("/batches/").form("/lock").fields["csrf_token"]
        data = dict.fromkeys((*names, *more, *last), junk) | {"csrf_token": token}
        answer = tablet.http.post(path, data=data)
        assert answer.status_code < 500, (rule.endpoint, answer.status_code)
    assert busy.lab.verify().holds


@pytest.mark.parametrize("junk", JUNK)
def test_no_address_fails_whatever_is_in_it(busy: Played, junk: str) -> None:
    """Every page, with junk in each part of its address and in every word of its query."""
    tablet = busy.lab.tablet(QUINN)
    for rule in busy.lab.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint != "static":
            part = (junk or "-").encode().decode("latin-1")  # as a server hands it to the application
            path = re.sub(r"<[^>]+>", lambda _, part=part: part.replace("%", "%25").replace("\x00", "%00"), rule.rule)
            words = dict.fromkeys(
                ("next", "coi", "show", "step", "lot", "item", "search", "sample", "person", "type"), junk
            )
            answer = tablet.http.get(path, params=words | dict.fromkeys(("correct", "words", "since", "before"), junk))
            assert answer.status_code < 500, (rule.endpoint, answer.status_code)


# --- what people type ---------------------------------------------------------------------------------------------

PAYLOADS = (
    "</textarea><script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "{{1337*1337}}${1337*1337}<%= 1337*1337 %>",
)


@pytest.mark.parametrize("lab", ["sqlite"], indirect=True)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_people_type_is_text_on_every_page(lab: Laboratory, payload: str) -> None:
    """In remarks, reasons, scanned codes, lots, equipment, people's names and results: shown as typed, never run."""
    batch = typed_everywhere(lab, payload)
    shown = 0
    for person in (QUINN, ADAM):
        tablet = lab.tablet(person)
        pages = [path for rule, path in rules(lab, "GET") if rule.endpoint not in ("static", "openapi.spec")]
        pages += [
            f"/lots/?lot=X-1&search={payload}",
            "/equipment/?item=X-1",
            f"/samples/?sample={payload}",
            "/people?person=eve",
        ]
        pages += [f"{batch.page}/steps/1.1", f"{batch.page}/steps/1.5?correct=remark", f"/audit/?words={payload}"]
        for path in pages:
            answer = tablet.http.get(path, follow_redirects=True)
            if answer.headers["content-type"].startswith("text/html"):
                assert payload not in answer.text or not set(payload) & set('<>"'), path
                assert "1787569" not in answer.text, path
                shown += str(escape(payload)) in answer.text
    assert shown > 3


def test_a_host_that_is_not_ours_is_not_repeated(sqlite: Laboratory) -> None:
    """A forged host name leads nobody away."""
    answer = sqlite.tablet().http.get("/batches/", headers={"Host": "evil.example"})
    assert "evil" not in answer.headers.get("location", "")
    assert HOST.endswith("lab.example")
