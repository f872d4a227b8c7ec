"""The page of gateways, and how they tell of themselves."""

from __future__ import annotations

from typing import Any

import pytest

from mes.ledger.line import utc
from tests.cast import ALICE
from tests.mes.laboratory import CLOCK, GATEWAY, TOKENS, Laboratory
from tests.mes.tablet import Answer


def told(lab: Laboratory, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any part of what is told
    now = utc(lab.time())
    reactor = {
        "name": "BR-01",
        "kind": "bioreactor",
        "well": True,
        "state": "connected",
        "since": now,
        "reason": "",
        "heard": now,
        "silent": False,
        "readings": 7,
        "rate": 60.0,
        "lag": 0.25,
        "ahead": 5.25,
        "notes": {"gap": {"count": 2, "at": now, "text": "message 7: the server holds it no longer"}},
        "last": "AjFIfFxeJg0K",
    }
    gateway = {"gateway": "gateway-1", "at": now, "share": 0.12, "state": "delivering", "since": now, "reason": ""}
    return gateway | {"waiting": 0, "oldest": None, "instruments": [reactor]} | changes


def tell(lab: Laboratory, body: dict[str, Any], by: str = GATEWAY.id) -> int:
    with lab.app.test_client() as client:
        headers = {"Authorization": f"Bearer {TOKENS[by]}"}
        return client.post("/api/v1/gateways", json=body, headers=headers).status_code


def page(lab: Laboratory) -> Answer:
    return lab.tablet(ALICE).open("/gateways/")


def test_what_a_gateway_told_is_shown(lab: Laboratory) -> None:
    """Each instrument with its state, rate, lag, clock, gaps and the last frame; only the newest is kept."""
    assert tell(lab, told(lab, share=0.9)) == 204
    assert tell(lab, told(lab)) == 204
    text = page(lab).page.text
    for words in ("gateway-1", "delivering", "nothing waits", "12 % full", "60 a minute", "0.2 s", "clock 5.2 s ahead"):
        assert words in text
    assert "2 gaps, the last: message 7: the server holds it no longer" in text
    assert "‹STX›1H|\\^&‹CR›‹LF›" in text
    assert lab.count("gateway_told") == 1


def test_a_gateway_that_is_heard_no_more_is_said_to(lab: Laboratory) -> None:
    """Nothing that it told is shown as if it were so now."""
    tell(lab, told(lab))
    lab.time.later(minutes=3)
    html = page(lab).html
    assert "not heard" in html
    assert "told 3 min ago" in html
    assert "not known" in html
    assert "connected" not in html
    assert "is-ok" not in html


def test_what_waits_is_shown_with_its_reason(lab: Laboratory) -> None:
    """How many readings, since when, and how full the spool is."""
    oldest = utc(lab.time())
    lab.time.later(hours=2)
    tell(lab, told(lab, state="waiting", reason="no answer", waiting=12_345, oldest=oldest, share=0.63))
    text = page(lab).page.text
    assert "12,345 readings wait, the oldest since 2 h 00 min ago" in text
    assert "63 % full" in text
    assert "no answer" in text


def test_before_any_gateway_told_anything_the_page_says_so(lab: Laboratory) -> None:
    """And the page of equipment leads here."""
    assert "No gateway has told anything yet" in page(lab).page.text
    assert 'href="/gateways/"' in lab.tablet(ALICE).open("/equipment/").html


def test_a_beat_writes_no_line(lab: Laboratory) -> None:
    """What a gateway tells each few seconds is no record; the ledger is whole, and none the longer."""
    before = lab.count("line")
    tell(lab, told(lab))
    assert lab.count("line") == before
    assert lab.verify().flaws == ()


def test_only_a_gateway_tells_of_gateways(lab: Laboratory) -> None:
    """The clock has a token, and it is not for this."""
    assert tell(lab, told(lab), CLOCK.id) == 403
    assert lab.count("gateway_told") == 0


@pytest.mark.parametrize("change", [{"share": -1}, {"waiting": "x"}, {"instruments": [{}]}, {"colour": "red"}])
def test_nonsense_is_refused(lab: Laboratory, change: dict[str, Any]) -> None:
    """With the place where it is wrong, and nothing kept."""
    assert tell(lab, told(lab, **change)) == 422
    assert lab.count("gateway_told") == 0
