"""Who may do what: the table that people read, held against what the application answers (ASVS 8.1, 8.2, 8.3)."""

from __future__ import annotations

import csv

import pytest

from tests.mes.laboratory import ADAM, PASSWORD
from tests.security.access import FILE, OPEN_TO_ALL, row, written
from tests.security.door import MACHINES, NO_ROLE, NOBODY, Door


@pytest.mark.requirement("RQ-064")
def test_every_role_gets_at_every_address_what_the_table_says(door: Door) -> None:
    """ASVS 8.2.1, 8.2.2, 8.3.1: each role alone, a machine of each kind and nobody, at each route that there is."""
    table, differences, asked = written(), [], 0
    for route in door.routes:
        said = row(door, route)
        asked += len(door.everybody)
        expected = table.get((route.rule, route.method), {})
        differences += [
            f"{route.method} {route.rule}: {who} gets “{got}”, the table says “{expected.get(who, 'nothing')}”"
            for who, got in said.items()
            if expected.get(who) != got
        ]
    print(f"{len(door.routes)} routes × {len(door.everybody)}: {asked} answers, {len(differences)} differences")  # noqa: T201 - the count is part of the evidence
    assert differences == []


def test_a_route_without_a_row_is_found_and_so_is_a_row_without_a_route(door: Door) -> None:
    """Whoever adds an address says who may use it: python -m tests.security.access, then read the difference."""
    assert sorted((route.rule, route.method) for route in door.routes) == sorted(written())


@pytest.mark.requirement("RQ-005")
def test_nobody_is_answered_at_the_door_only(door: Door) -> None:
    """ASVS 8.3.1: whoever is not signed in gets the sign-in page, a health check and static files, on any method."""
    for route in door.routes:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"):
            if route.endpoint in OPEN_TO_ALL:
                continue
            status = door.send("stranger", method, route.path()).status_code
            assert status in (302, 401, 405), (method, route.rule, status)
    assert {each["endpoint"] for each in written().values() if each[NOBODY] == "yes"} == OPEN_TO_ALL


@pytest.mark.requirement("RQ-005")
def test_who_holds_no_role_sees_nothing(door: Door) -> None:
    """An account without a role opens no page and reads no record; it can lock the screen."""
    allowed = {each["endpoint"] for each in written().values() if each[NO_ROLE] not in ("no", "door")}
    assert allowed == OPEN_TO_ALL
    answer = door.send(NO_ROLE, "GET", "/batches/B26-0001")
    assert (answer.status_code, "You hold no role here yet" in answer.text) == (403, True)
    assert "COI-26" not in answer.text


def test_who_administers_changes_nothing_in_manufacture() -> None:
    """What an administrator may send concerns people, and copies of documents."""
    sent = {
        each["endpoint"] for each in written().values() if each["method"] == "POST" and each["administrator"] == "yes"
    }
    of_people = ("people.", "badges.", "factors.", "sso.")
    assert {endpoint for endpoint in sent if not endpoint.startswith(of_people)} == {
        "reports.render",
        "reports.copy",
        "audit.copy",
    }


def test_a_machine_uses_its_own_address_only() -> None:
    """A token that was stolen from a gateway reads no record and does nothing else."""
    may = {
        who: {each["endpoint"] for each in written().values() if each[who] == "yes"} - OPEN_TO_ALL for who in MACHINES
    }
    assert may == {
        "instrument (token)": {"api.store_readings", "api.hear_gateway", "api.give_notices"},
        "clock (token)": {"api.tick", "api.keep_document", "api.seal", "api.hear_machine"},
        "auditor (token)": {"api.page", "api.batches", "api.record", "api.copy"},
    }


@pytest.mark.requirement("RQ-009")
def test_rights_change_with_the_next_request(door: Door) -> None:
    """ASVS 8.3.2: a role is taken away, an account deactivated; the open session notices at once."""
    operator = door.person("operator").id
    assert door.send("operator", "GET", "/batches/").status_code == 200
    token = {"csrf_token": door.tokens["administrator"], "why": "moved"}
    assert door.send("administrator", "POST", f"/people/{operator}/roles", data=token).status_code == 302
    assert door.send("operator", "GET", "/batches/").status_code == 403
    assert door.send("administrator", "POST", f"/people/{operator}/deactivate", data=token).status_code == 302
    assert door.send("operator", "GET", "/batches/").headers["location"].startswith("/sign-in")


def test_the_list_of_people_is_not_shown_by_a_refusal(door: Door) -> None:
    """An operator who sends the form of an administrator is refused, and learns nobody's name by it."""
    answer = door.send("operator", "POST", "/people", data={"csrf_token": door.tokens["operator"], "name": "eve"})
    assert answer.status_code == 403
    assert ADAM.name not in answer.text


def test_a_page_that_was_not_shown_is_not_said_to_be_on_record(door: Door) -> None:
    """Only an attempt that stands in the ledger is said to stand there."""
    assert "audit trail" not in door.send("operator", "GET", "/people").text.partition("<main")[2]
    form = {"csrf_token": door.tokens["operator"], "user": "x", "password": PASSWORD}
    answer = door.send("operator", "POST", "/people/bob/unlock", data=form)
    assert "The attempt is in the audit trail" in answer.text
    assert door.lab.refusals("user:bob")


def test_the_table_can_be_read() -> None:
    """Every cell is one of four words, and every column a role, a machine or nobody."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    cells = {cell for each in rows for name, cell in each.items() if name not in ("address", "method", "endpoint")}
    assert cells == {"yes", "no", "door", "token"}
