"""A text entered wherever a text can be entered."""

from __future__ import annotations

from urllib.parse import quote

from tests.cast import BOB, DORA, QUINN
from tests.mes.laboratory import ADAM, SVEN, Laboratory
from tests.mes.played import Played


def typed_everywhere(lab: Laboratory, payload: str) -> Played:
    """Enter a text wherever people and instruments can, and return the batch that it is in."""
    tablet = lab.tablet(BOB)
    tablet.press("/lots/", "/lots/", number="X-1", material=payload, expiry="2027-01-01", titre=payload)
    lab.tablet(ADAM).press("/people", "/people", name="eve", full_name=payload, role="operator")
    lab.tablet(DORA).press("/orders/", "/orders/", coi="COI-26-0009-X", recipe="short", note=payload)
    batch = Played(lab).start("COI-26-0001-A").finish("1.3")
    batch.answers["tube"] = payload[:60]
    batch.finish("1.5")
    values = {"value.volume": "5", "value.look": "cloudy", "value.remark": payload}
    tablet.press(f"{batch.page}/steps/1.5", "/values", values)
    correction = {"value.remark": f"{payload} again", "reason": "other", "why": payload}
    tablet.press(f"{batch.page}/steps/1.5?correct=remark", "/correction", correction)
    token = tablet.open(batch.page).form("/lock").fields["csrf_token"]
    for step in ("", "1.5"):
        tablet.post(f"{batch.page}/comments", {"csrf_token": token, "text": payload, "step": step})
    tablet.press(f"{batch.page}/deviations/report", "/deviations", happened=payload)
    tablet.press(f"{batch.page}/deviations/D1", "/explanation", explanation=payload)
    tablet.press("/equipment/?item=CC-01", "/status", status="to be cleaned", why=payload)
    lab.measured(payload[:40], status=payload, sample=payload[:60])
    lab.tablet(QUINN).press(
        "/equipment/",
        "/equipment/",
        code="X-1",
        name=payload,
        equipment_class=payload,
        until="2027-01-01 00:00",
    )
    lab.measured("1", channel="pH", unit=payload[:40], instrument="CC-01", sample=None)
    drafting = lab.tablet(SVEN)
    drafting.upload(drafting.open("/recipes/").form("/recipes/"), file=(payload, b"recipe: x"))
    limit = {
        "equipment_class": "cell counter",
        "channel": payload[:60],
        "kind": "high",
        "limit": "1 %",
        "priority": "high",
    }
    tablet.press("/alarms/limits", "/limits", **limit, justification=payload)
    return batch


def pages(batch: Played, payload: str) -> list[str]:
    """Return the pages on which what was typed is to be seen."""
    whole = ("", "/order", "/steps/1.1", "/steps/1.3", "/steps/1.5", "/steps/1.5?correct=remark", "/review", "/release")
    more = ("/deviations/D1", "/deviations/report", "/record/")
    word = quote(payload)
    return [
        *(f"{batch.page}{place}" for place in (*whole, *more)),
        *("/batches/", "/orders/", "/deviations", "/alarms/", "/alarms/limits?number=A1", "/gateways/", "/people"),
        *(f"/lots/?lot=X-1&search={word}", "/equipment/?item=X-1", "/equipment/?item=CC-01", "/recipes/", "/audit/"),
        *(f"/samples/?sample={word}", f"/audit/?words={word}", f"/trends/batches/{batch.number}", "/trends/CC-01"),
        *(f"/trends/{quote(payload, safe='')}", f"/sign-in?next={word}", f"/nothing/{quote(payload, safe='')}"),
    ]
