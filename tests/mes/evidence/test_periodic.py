"""The periodic review: what happened to the system in a stretch of time, told from the ledger alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batch_records.executed import commands as c
from batch_records.executed.draft import Refused
from mes.audit.commands import NoteCopy
from mes.backups.files import digest_of
from mes.evidence import periodic
from mes.evidence.commands import SignReport
from mes.people.commands import ChangeRoles
from tests.cast import ALICE, LENA
from tests.mes.backups.copied import Desk
from tests.mes.laboratory import ADAM, START, Laboratory
from tests.mes.played import Played

SITE = {"laboratory": "Test laboratory", "room": ""}


def review(lab: Laboratory, **days: int) -> Mapping[str, Any]:
    """Review the day of the tests, or days from there."""
    since = START - timedelta(days=1) + timedelta(**days)
    with lab.database.snapshot() as connection:
        return periodic.periodic(connection, since, since + timedelta(days=3), SITE)


def part(report: Mapping[str, Any], title: str) -> str:
    """Return all that a part of the report says."""
    (found,) = [each for each in report["parts"] if each["title"] == title]
    return str(found)


@pytest.mark.requirement("RQ-063")
@pytest.mark.requirement("RQ-081")
def test_each_part_has_what_happened(batch: Played) -> None:
    """Changes, upgrades, deviations, incidents, access and reviews: who, when, what, and the signature."""
    lab = batch.lab
    batch.finish("1.5").do(c.RaiseDeviation(batch.number, "the lamp flickered", "1.5"), ALICE)
    lab.do(ChangeRoles(LENA.id, ("analyst", "operator"), "covers for a colleague"), ADAM)
    lab.do(SignReport("ab" * 32, "Installation and operational qualification", "passed", "0.1.0 cccc"), ADAM)
    with pytest.raises(Refused):
        batch.do(c.CompleteStep(batch.number, "3.1"), ALICE)
    batch.settle().finish().review()
    report = review(lab)
    assert report["verdict"] == "passed"
    assert "approved" in part(report, "Changes of what decides")
    assert "0.1.0 cccc" in part(report, "Upgrades and qualification")
    assert "the lamp flickered" in part(report, "Deviations")
    assert "'attempt refused', 'alice', 1" in part(report, "Incidents")
    assert "covers for a colleague" in part(report, "Access")
    assert "user account changed" in part(report, "Access")
    assert "reviewed, " in part(report, "Reviews of the audit trail")
    assert "seal key announced" in part(report, "Keys of the seals")
    assert "training added" in part(report, "Training")
    assert "training" not in part(report, "Access")
    assert report["still_open"] == []


@pytest.mark.requirement("RQ-081")
def test_copies_and_restores_have_a_part(lab: Laboratory, capsys: pytest.CaptureFixture[str]) -> None:
    """A backup as it is made, and the same put back, stand line by line; copies that people took are counted."""
    desk = Desk(lab, capsys)
    lab.do(NoteCopy("audit trail as CSV"), ALICE)
    assert desk.back_up() == 0, desk.said
    now = datetime.now(UTC) - lab.time()
    told = part(review(lab, days=now.days), "Copies and restores")
    assert "backup made" in told
    assert digest_of(desk.file) in told
    assert desk.restore("--older", "the yearly exercise") == 0, desk.said
    assert "the yearly exercise" in part(review(lab, days=now.days), "Copies and restores")
    of_the_day = review(lab)
    assert "['copy taken', 'alice', 1]" in part(of_the_day, "Copies and restores")
    assert "copy taken" not in part(of_the_day, "Access")


def test_what_was_not_closed_is_named(batch: Played) -> None:
    """A deviation that is still open at the end stands on the first page."""
    batch.do(c.RaiseDeviation(batch.number, "the lamp flickered"), ALICE)
    assert [each.partition(": ")[2] for each in review(batch.lab)["still_open"]] == ["the lamp flickered"]


def test_what_happened_at_another_time_is_not_in_it(batch: Played) -> None:
    """A year later nothing happened, and each part says so by being empty."""
    report = review(batch.lab, days=365)
    assert report["summary"].endswith(": 0 lines of the ledger")
    assert not any(each["lines"] or each["counts"] for each in report["parts"])


def test_a_ledger_that_is_not_whole_fails_the_review(lab: Laboratory) -> None:
    """Whatever else was well in this year."""
    with lab.dba() as dba:
        dba.run("UPDATE line SET author = 'somebody' WHERE book = 'laboratory' AND page = 1")
    report = review(lab)
    assert report["verdict"] == "failed"
    assert "laboratory, page 1" in report["ledger"]["flaws"][0]


def test_a_sign_in_is_counted_by_person(lab: Laboratory) -> None:
    """A thousand sign-ins are a number, not a thousand lines."""
    lab.tablet(ALICE)
    lab.tablet(ALICE)
    assert "['sign in added', 'alice', 2]" in part(review(lab), "Access")
