"""The interface holds to its own document, whatever it is asked and by whom (ASVS 2.2.1, 4.1.1, 15.3.3, 16.5.2)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from tests.security.door import BODIES, MACHINES, NOBODY, Door
from tests.security.fuzz import WHO, fuzz

READINGS = "/api/v1/readings"
GATEWAY = "instrument (token)"


@pytest.mark.requirement("RQ-058")
@pytest.mark.parametrize("role", WHO)
def test_whatever_is_asked_the_answer_is_one_of_the_document(door: Door, role: str) -> None:
    """Cases made from the document, within it and beside it: no failure, and no answer that it does not describe."""
    found = fuzz(door, role, each=10)
    print(f"{role}: {found}")  # noqa: T201 - the counts are part of the evidence
    assert found.wrong == []
    assert found.cases == 100
    codes = {code for _, code in found.answers}
    assert codes & {"nobody": {401}, "no role": {403}}.get(role, {200, 204, 422}), "it never got in"
    assert door.is_whole()


@pytest.fixture(autouse=True)
def _nothing_stored(door: Door) -> Iterator[None]:
    """Whatever a test here sends by hand is none of what is kept."""
    before = door.lab.count("reading")
    yield
    assert door.lab.count("reading") == before or "whatever_is_asked" in os.environ["PYTEST_CURRENT_TEST"]


def send(door: Door, content: str | bytes, kind: str = "application/json", path: str = READINGS) -> int:
    """Send a gateway's content, and return the status."""
    return door.send(GATEWAY, "POST", path, content=content, headers={"Content-Type": kind}).status_code


def changed(**more: object) -> str:
    """Return a delivery whose reading has something more in it, or something else."""
    (reading,) = BODIES["api.store_readings"]["readings"]  # type: ignore[index]  # a body of ours
    return json.dumps({"gateway": "gateway-1", "readings": [reading | more]})


@pytest.mark.requirement("RQ-058")
@pytest.mark.parametrize(
    "content",
    [
        '{"gateway": "a", "gateway": "b", "readings": []}',
        changed().replace('"value":', '"value": "1", "value":'),
        changed().replace('"sequence": 9', '"sequence": NaN'),
        changed().replace('"sequence": 9', '"sequence": 1e999'),
        changed().replace('"sequence": 9', f'"sequence": {"9" * 5_000}'),
        changed().replace('"sequence": 9', f'"sequence": -{"9" * 40}'),
        '{"gateway": ' + "[" * 90_000 + "]" * 90_000 + ', "readings": []}',
        '{"a":' * 50_000 + "1" + "}" * 50_000,
        '"\\ud800"',
        "[]",
        "7",
        "",
    ],
    ids=range(12),
)
def test_json_that_two_readers_could_take_differently_is_refused(door: Door, content: str) -> None:
    """Names that come twice, numbers that are none or have no end, depth without end: 4xx, and nothing is stored."""
    assert send(door, content) in (400, 413, 422)


@pytest.mark.parametrize("extra", ["stored_time", "id", "is_admin", "__class__", "batch", "roles"])
def test_nothing_is_written_that_was_not_asked_for(door: Door, extra: str) -> None:
    """ASVS 15.3.3: a field that the document does not name sends the delivery back whole."""
    assert send(door, changed(**{extra: "2000-01-01T00:00:00Z"})) == 422


def test_a_form_writes_no_field_that_it_does_not_have(door: Door) -> None:
    """ASVS 15.3.3: an account that is added with more words than the form has is an ordinary account."""
    more = {"token_hash": "0" * 64, "locked": "1", "active": "0", "password": "x", "wrong_passwords": "-9"}
    form = {"csrf_token": door.tokens["administrator"], "name": "eve", "full_name": "Eve", "role": "operator", **more}
    assert door.send("administrator", "POST", "/people", data=form).status_code == 200
    (added,) = [each for each in door.lab.lines("user:eve") if each["kind"] == "user account added"]
    values = added["body"]["values"]
    assert (values["roles"], values["active"], values["locked"], values["wrong_passwords"]) == (
        ["operator"],
        True,
        False,
        0,
    )


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/html"]
)
def test_only_json_is_taken_for_json(door: Door, kind: str) -> None:
    """ASVS 3.5.2, 4.1.1: a page of another site can send these kinds without being asked; none is read."""
    assert send(door, changed(), kind) in (400, 415, 422)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "GET"])
def test_a_method_that_is_none_of_an_address_is_refused_as_json(door: Door, method: str) -> None:
    """405 with the methods that there are; a header or a word in the address makes no other method of it."""
    override = {"X-HTTP-Method-Override": "POST", "X-HTTP-Method": "POST", "X-Method-Override": "POST"}
    answer = door.send(GATEWAY, method, f"{READINGS}?_method=POST", headers=override)
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"POST", "OPTIONS"})
    assert answer.json()["problem"] == "not understood"


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v2/readings", "/api/"])
def test_an_address_that_nobody_has_is_answered_as_json(door: Door, path: str) -> None:
    """A program that asks for the wrong address gets a sentence, not a sign-in page."""
    answer = door.send(NOBODY, "GET", path)
    assert (answer.status_code, answer.json()["problem"]) == (404, "not found")


def test_a_refusal_says_how_to_come_in(door: Door) -> None:
    """401 names the scheme, as HTTP asks."""
    answer = door.send("stranger", "GET", "/api/v1/batches")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert set(MACHINES) == {"instrument (token)", "clock (token)", "auditor (token)"}
