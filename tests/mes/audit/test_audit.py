"""The audit trail's page: who, what, when, why, from which value to which."""

from __future__ import annotations

import pytest

from mes.audit.words import old_and_new
from tests.cast import ALICE
from tests.mes.laboratory import INES, PASSWORD, TOKENS, Laboratory
from tests.mes.played import Played


@pytest.mark.requirement("RQ-076")
@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("who=bob", "Bob Verifier", "Dora Physician ·"),
        ("book=lot:", "lot:CM-1", "user:alice ·"),
        ("book=batch:", "batch:B26-0001", "lot:CM-1"),
        ("words=50 mL", "volume", "lot:CM-1"),
        ("words=typing", "typing mistake", "lot:CM-1"),
        ("since=2026-03-03", "No line answers", "batch:B26-0001"),
        ("until=2026-03-01", "No line answers", "batch:B26-0001"),
        ("since=2026-03-02&until=2026-03-02", "batch:B26-0001", "No line answers"),
        ("words=lot_added", "No line answers", "lot:CM-1"),
        ("words=is~it", "No line answers", "lot:CM-1"),
    ],
)
def test_it_is_searched_by_who_what_when_and_why(batch: Played, query: str, shown: str, hidden: str) -> None:
    """Each filter shows what answers to it and nothing else; marks of the search language are letters."""
    batch.finish("1.5").enter("1.5", volume="50 mL")
    batch.correct("1.5", "volume", "55 mL", "typing mistake")
    text = batch.lab.tablet(INES).open(f"/audit/?{query}").page.text
    table = text.split("Old → new")[-1]
    assert shown in table
    assert hidden not in table


@pytest.mark.requirement("RQ-075")
def test_a_line_shows_old_new_and_why(batch: Played) -> None:
    """The corrected value with what it was, the reason, the signature and its meaning."""
    batch.answers["volume"] = "50 mL"
    batch.finish("1.5").step("1.5").correct("1.5", "volume", "55 mL", "typing mistake")
    html = batch.lab.tablet(INES).open("/audit/?words=volume&book=batch:").html
    assert "<del>" in html
    assert "<b>55 mL</b>" in html
    assert "typing mistake" in html
    signed = batch.lab.tablet(INES).open("/audit/?words=verified").page.text
    assert "signed as “verified” by Bob Verifier" in signed


def test_all_of_it_is_read_page_by_page(lab: Laboratory) -> None:
    """From the newest to the first line, each line once, whatever happened in the same instant."""
    batch = Played(lab).start("COI-26-0001-A").finish()
    tablet, found, page = lab.tablet(INES), list[str](), "/audit/"
    while page:
        html = tablet.open(page).html
        found += [part.split("</abbr>")[0].split(">")[-1] for part in html.split("<abbr title=")[1:]]
        older = html.split(">Older</a>")[0].rsplit('href="', 1)[1].split('"')[0] if ">Older</a>" in html else ""
        page = older.replace("&amp;", "&")
    assert len(found) == len(set(found)) == lab.count("line")
    assert f"{batch.book} · 1" in found


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "until=2026-13-45",
        "since=0001-01-01T00:00%2B14:00",
        "until=9999-12-31",
        "before=x",
        "before=2026|batch:B26-0001|many",
        "before=2026|batch:B26-0001|99999999999999999999",
        "since=%00",
        "words=%00",
        "who=%00",
    ],
)
def test_what_cannot_be_read_is_said(lab: Laboratory, query: str) -> None:
    """A date that is none, a place that is none: a sentence, never a failure."""
    assert lab.tablet(INES).open(f"/audit/?{query}").status in (200, 400)


def test_nothing_secret_can_be_found(lab: Laboratory) -> None:
    """No search leads to a password, a token, or the hash of one."""
    tablet = lab.tablet(INES)
    with lab.reading() as connection:
        hashes = connection.exec_driver_sql("SELECT password_hash FROM user_account").scalars().all()
    for secret in (PASSWORD, *TOKENS.values(), "$argon2id", *(each for each in hashes if each)):
        answer = tablet.open("/audit/", params={"words": secret})
        assert "No line answers to that." in answer.page.text


def test_it_can_be_read_by_whoever_is_signed_in(lab: Laboratory) -> None:
    """Looking changes nothing: not a line more."""
    tablet, before = lab.tablet(ALICE), lab.count("line")
    tablet.open("/audit/")
    assert lab.count("line") == before


def test_lists_and_parts_are_said_in_words() -> None:
    """What a line lists stands one after the other, without the signs of a program."""
    body = {
        "batch": "B26-0001",
        "facts": {"weight": "20 kg", "consent": "version 2"},
        "pending": ["Sterility", "Clonotype"],
    }
    _, new = old_and_new(body)
    assert new == "batch B26-0001, facts (weight 20 kg, consent version 2), pending Sterility; Clonotype"
