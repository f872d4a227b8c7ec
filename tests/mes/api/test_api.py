"""The HTTP interface: readings in, once each; records out; and nothing for who is not known."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import hypothesis
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as some

from mes.ledger.line import utc
from tests.batch_records.playing import RUTH
from tests.cast import ALICE
from tests.mes.laboratory import CLOCK, COI, GATEWAY, START, TOKENS, Laboratory
from tests.mes.played import Played
from tests.mes.tablet import Tablet

READINGS = "/api/v1/readings"


def reading(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any part of a reading
    """Return a reading as a gateway sends it."""
    made = {
        "instrument": "CC-01",
        "sequence": 1,
        "channel": "viability",
        "value": "85.10",
        "unit": "%",
        "quality": "good",
        "status": "ok",
        "sample": "TUBE-1",
        "source_time": utc(START),
        "received_time": utc(START),
        "raw": base64.b64encode(b"V=85.10\r\n").decode(),
    }
    return made | changes


def bearer(machine: str = GATEWAY.id) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[machine]}"}


def deliver(lab: Laboratory, *readings: object, **more: object) -> Any:  # noqa: ANN401 - httpx's answer
    """Deliver readings, and return the answer."""
    body = {"gateway": "gateway-1", "readings": list(readings)} | more
    return lab.tablet().http.post(READINGS, json=body, headers=bearer())


# --- readings in --------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-106")
@pytest.mark.requirement("RQ-107")
def test_readings_are_stored_as_they_were_sent(lab: Laboratory) -> None:
    """Digits, quality, both times, the server's own and the very bytes."""
    answer = deliver(lab, reading(), reading(sequence=2, value="Error 7", quality="bad", sample=None, source_time=None))
    assert (answer.status_code, answer.json()) == (200, {"stored": 2, "known": 0})
    with lab.reading() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM reading ORDER BY sequence").mappings().all()
    assert [(row["value"], row["quality"], bytes(row["raw"])) for row in rows] == [
        ("85.10", "good", b"V=85.10\r\n"),
        ("Error 7", "bad", b"V=85.10\r\n"),
    ]
    assert (rows[0]["source_time"], rows[0]["stored_time"]) == (utc(START), utc(START))


def test_a_reading_is_stored_once_however_often_it_comes(lab: Laboratory) -> None:
    """The answer got lost; the gateway sends again, with more behind it."""
    deliver(lab, reading())
    assert deliver(lab, reading(), reading(sequence=2)).json() == {"stored": 1, "known": 1}
    assert deliver(lab, reading(), reading()).json() == {"stored": 0, "known": 2}
    assert lab.count("reading") == 2


def test_the_same_reading_twice_in_one_delivery_is_one(lab: Laboratory) -> None:
    """A gateway that repeats itself within a breath is understood."""
    assert deliver(lab, reading(), reading()).json() == {"stored": 1, "known": 1}


@pytest.mark.requirement("RQ-010")
def test_other_bytes_under_the_same_key_are_refused(lab: Laboratory) -> None:
    """Two devices that call themselves the same are found out, and what was stored stays."""
    deliver(lab, reading())
    other = reading(value="99", raw=base64.b64encode(b"V=99\r\n").decode())
    answer = deliver(lab, other, reading(sequence=2))
    assert answer.status_code == 409
    assert answer.json() == {"problem": "refused", "detail": "Reading 1 of CC-01 is stored with other bytes."}
    assert lab.count("reading") == 1
    assert deliver(lab, reading(sequence=3), reading(sequence=3, raw="AAAA")).status_code == 409


def test_the_largest_delivery_is_stored(lab: Laboratory) -> None:
    """Five hundred at once, and sequences as high as a lifetime of readings."""
    many = [reading(sequence=2**40 + number) for number in range(500)]
    assert deliver(lab, *many).json() == {"stored": 500, "known": 0}
    assert deliver(lab, *many, reading()).status_code == 422


@pytest.mark.requirement("RQ-058")
@pytest.mark.parametrize(
    "changes",
    [
        {"sequence": 0},
        {"sequence": 2**53 + 1},
        {"sequence": "1"},
        {"quality": "splendid"},
        {"received_time": "2026-03-02T08:00:00"},
        {"received_time": "yesterday"},
        {"received_time": "0001-01-01T00:00:00+14:00"},
        {"source_time": "9999-12-31T23:59:59-14:00"},
        {"raw": "no base64!"},
        {"instrument": ""},
        {"value": "x" * 201},
        {"extra": "field"},
        {"value": None},
        {"value": 85.1},
    ],
    ids=str,
)
def test_what_is_no_reading_is_refused_whole(lab: Laboratory, changes: dict[str, Any]) -> None:
    """One that cannot be read sends the delivery back, with where and why; nothing of it is stored."""
    answer = deliver(lab, reading(sequence=7), reading() | changes)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert lab.count("reading") == 0


def test_what_postgresql_cannot_keep_is_kept_as_a_mark(lab: Laboratory) -> None:
    """A zero byte in an instrument's text becomes a mark; the raw bytes stay what they were."""
    assert deliver(lab, reading(value="8\u00005", status="\u0000")).status_code == 200
    with lab.reading() as connection:
        assert connection.exec_driver_sql("SELECT value FROM reading").scalar() == "8\ufffd5"


_JUNK = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
_PART = some.sampled_from(sorted(reading()))


@pytest.mark.requirement("RQ-058")
@hypothesis.settings(max_examples=120, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@given(changes=some.dictionaries(_PART, _JUNK | some.text(max_size=70), max_size=3), whole=some.none() | _JUNK)
def test_junk_is_never_a_failure(lab: Laboratory, changes: dict[str, Any], whole: object) -> None:
    """Whatever a machine gone wrong sends, it is stored or refused with a reason; nothing breaks."""
    body = whole if whole is not None else {"gateway": "gateway-1", "readings": [reading() | changes]}
    try:
        content = json.dumps(body, allow_nan=True).encode()
    except UnicodeEncodeError:
        content = b"{}"
    headers = bearer() | {"Content-Type": "application/json"}
    with Tablet(lab.app).http as http:
        answer = http.post(READINGS, content=content, headers=headers)
    assert answer.status_code in (200, 400, 409, 422)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"readings":[],"readings":[]}', b"null"])
def test_what_is_no_json_is_refused(sqlite: Laboratory, content: bytes) -> None:
    """A torn or hostile body is answered, and answered quickly."""
    headers = bearer() | {"Content-Type": "application/json"}
    assert sqlite.tablet().http.post(READINGS, content=content, headers=headers).status_code in (400, 415, 422)


def test_a_body_too_large_is_refused(sqlite: Laboratory) -> None:
    """Nine megabytes are not read."""
    answer = sqlite.tablet().http.post(READINGS, content=b"x" * 9_000_000, headers=bearer())
    assert answer.status_code in (413, 415, 422)


# --- who ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-005")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", READINGS),
        ("POST", "/api/v1/ticks"),
        ("POST", "/api/v1/documents/1"),
        ("GET", "/api/v1/batches"),
        ("GET", "/api/v1/batches/B26-0001"),
        ("GET", "/api/v1/"),
    ],
)
@pytest.mark.parametrize("token", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic YWxpY2U6eA==", TOKENS[CLOCK.id]])
def test_without_a_token_nothing_is_answered(sqlite: Laboratory, method: str, path: str, token: str) -> None:
    """Whoever shows no token of a machine gets 401, and no more."""
    headers = {"Authorization": token} if token else {}
    answer = sqlite.tablet().http.request(method, path, headers=headers, json={})
    assert answer.status_code == 401
    assert set(answer.json()) == {"problem", "detail"}


@pytest.mark.requirement("RQ-009")
def test_a_machine_does_its_own_work_only(lab: Laboratory) -> None:
    """The clock delivers no readings, the gateway does not tick."""
    http = lab.tablet().http
    body = {"gateway": "gateway-1", "readings": [reading()]}
    assert http.post(READINGS, json=body, headers=bearer(CLOCK.id)).status_code == 403
    assert http.post("/api/v1/ticks", headers=bearer()).status_code == 403
    assert http.post("/api/v1/documents/1", json={"batch": "B26-0001"}, headers=bearer()).status_code == 403
    assert lab.count("reading") == 0


def test_a_person_signed_in_reads_and_does_not_write(batch: Played) -> None:
    """A tablet's cookie opens the records; it delivers nothing, so no page can be made to."""
    tablet = batch.lab.tablet(ALICE)
    assert tablet.http.get("/api/v1/batches").json()["batches"][0]["batch"] == batch.number
    assert tablet.http.post(READINGS, json={"gateway": "x", "readings": []}).status_code == 401


# --- records out --------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RQ-003")
def test_a_record_is_given_whole_and_can_be_checked(batch: Played) -> None:
    """Every line with its hash, and the recipe's text: who has it needs nothing else to verify it."""
    batch.finish()
    record = batch.lab.tablet(RUTH).http.get(f"/api/v1/batches/{batch.number}").json()
    head = bytes(32)
    for line in record["lines"]:
        head = hashlib.sha256(head + line["text"].encode()).digest()
        assert line["hash"] == head.hex()
    assert (record["head"], len(record["lines"])) == (head.hex(), len(batch.kinds()))
    assert record["recipe_text"] == batch.recipe.text
    assert record["recipe_digest"] == json.loads(record["lines"][0]["text"])["body"]["digest"]


def test_a_record_that_does_not_exist_is_said(sqlite: Laboratory) -> None:
    """404, as JSON, with a sentence."""
    answer = sqlite.tablet(ALICE).http.get("/api/v1/batches/B99-0001")
    assert (answer.status_code, answer.json()["problem"]) == (404, "not found")


def test_the_list_follows_the_batches(batch: Played) -> None:
    """Disposition, hold and open deviations are as the lines make them."""
    batch.scan("1.1", "bag", "COI-OTHER")
    (listed,) = batch.lab.tablet(RUTH).http.get("/api/v1/batches").json()["batches"]
    assert (listed["coi"], listed["held"], listed["open_deviations"]) == (COI, True, 1)


# --- the document -------------------------------------------------------------------------------------------------


def _references(part: object) -> list[str]:
    if isinstance(part, dict):
        here = [part["$ref"]] if "$ref" in part else []
        return here + [each for value in part.values() for each in _references(value)]
    return [each for value in part for each in _references(value)] if isinstance(part, list) else []


def test_the_interface_describes_itself(sqlite: Laboratory) -> None:
    """One OpenAPI document, whole: every reference leads somewhere, every schema is one, every answer has words."""
    document = sqlite.tablet(ALICE).http.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.")
    for reference in _references(document):
        found = document
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft7Validator.check_schema(schema)
    operations = [said for methods in document["paths"].values() for said in methods.values()]
    assert len(operations) == 10
    assert all(answer["description"] for said in operations for answer in said["responses"].values())


def test_what_is_answered_is_what_is_described(batch: Played) -> None:
    """A record and a list satisfy their own schemas."""
    http = batch.lab.tablet(RUTH).http
    document = http.get("/api/v1/openapi.json").json()
    for path, name in (("/api/v1/batches", "BatchesOut"), (f"/api/v1/batches/{batch.number}", "RecordOut")):
        schema = document["components"]["schemas"][name] | {"components": document["components"]}
        assert not list(jsonschema.Draft7Validator(schema).iter_errors(http.get(path).json()))


def test_people_read_about_it_on_a_page(sqlite: Laboratory) -> None:
    """The same document, drawn: every operation with an example."""
    text = sqlite.tablet(ALICE).open("/api/v1/").page.text
    for word in ("Deliver readings", "Get a batch record", "/api/v1/readings", "source_time"):
        assert word in text
