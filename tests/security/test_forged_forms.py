"""No other site's page, and nobody else's, makes this application do something (ASVS 3.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from tests.security.door import FILLED, Door, Route

Attack = Callable[[Door, Route, Mapping[str, str]], httpx.Response]
FOREIGN = {"Referer": "https://evil.example/", "Origin": "https://evil.example"}


def _post(door: Door, route: Route, **how: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
    return door.send("quality reviewer", "POST", route.path(), **how)


ATTACKS: Mapping[str, Attack] = {
    "no token": lambda door, route, form: _post(door, route, data={**form, "csrf_token": ""}),
    "another's token": lambda door, route, form: _post(
        door, route, data={**form, "csrf_token": door.tokens["operator"]}
    ),
    "a token of who is not signed in": lambda door, route, form: _post(
        door, route, data={**form, "csrf_token": door.tokens["nobody"]}
    ),
    "from another site": lambda door, route, form: _post(door, route, data=form, headers=FOREIGN),
    "without a referrer": lambda door, route, form: _post(door, route, data=form, headers={"Referer": ""}),
    "as plain text": lambda door, route, form: _post(
        door, route, content="&".join(map("=".join, form.items())), headers={"Content-Type": "text/plain"}
    ),
    "as JSON": lambda door, route, form: _post(door, route, json=dict(form)),
    "by asking": lambda door, route, form: door.send("quality reviewer", "GET", route.path(), params=dict(form)),
    "by another method": lambda door, route, form: door.send("quality reviewer", "PUT", route.path(), data=dict(form)),
    "by saying so": lambda door, route, _: door.send(
        "quality reviewer", "GET", f"{route.path()}?_method=POST", headers={"X-HTTP-Method-Override": "POST"}
    ),
}


def counted(door: Door) -> tuple[int, int]:
    """Count what could have been written."""
    return door.lab.count("line"), door.lab.count("tap")


@pytest.mark.requirement("RQ-064")
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_form_that_is_not_from_our_page_does_nothing(door: Door, attack: str) -> None:
    """ASVS 3.5.1, 3.5.3: each way to send a form from elsewhere, at each address that changes something: not a line."""
    before, sent = counted(door), 0
    for route in door.routes:
        if route.method == "POST" and not route.endpoint.startswith("api."):
            form = {**FILLED, **door.signed("quality reviewer", {})}
            status = ATTACKS[attack](door, route, form).status_code
            assert status in (200, 302, 400, 403, 404, 405, 415), (route, status)
            sent += 1
    print(f"{attack}: {sent} forms, {counted(door)[0] - before[0]} lines")  # noqa: T201 - the count is part of the evidence
    assert counted(door) == before
    assert sent > 40


def test_the_same_form_from_our_page_does_something(door: Door) -> None:
    """What the attacks send is what would count, were it ours: else they would prove nothing."""
    before = counted(door)
    form = {**FILLED, **door.signed("quality reviewer", {})}
    for route in door.routes:
        if route.method == "POST" and not route.endpoint.startswith(("api.", "people.lock", "people.enter")):
            _post(door, route, data=form)
    assert counted(door)[0] > before[0] + 20


def test_a_cookie_is_sent_to_its_own_site_only(door: Door) -> None:
    """ASVS 3.3.1 to 3.3.4: for this host, over TLS, out of scripts' reach, with no other site's request."""
    answer = door.send("stranger", "GET", "/sign-in")
    saved = door.send(
        "quality reviewer", "POST", "/batches/B26-0001/comments", data={**FILLED, **door.signed("quality reviewer", {})}
    )
    cookies = [*answer.headers.get_list("set-cookie"), *saved.headers.get_list("set-cookie")]
    assert {cookie.partition("=")[0] for cookie in cookies} >= {"__Host-mes", "__Host-saved"}
    for cookie in cookies:
        for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Strict"):
            assert part in cookie
        assert "Domain" not in cookie
