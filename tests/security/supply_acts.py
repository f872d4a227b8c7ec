"""What is done about a product out of specification, a gate that is not met, and what is found late."""

from __future__ import annotations

from collections.abc import Iterable

from tests.batch_records.playing import RUTH
from tests.batch_records.release.test_out_of_specification import DAVE
from tests.cast import DORA, PETRA, QUINN
from tests.security import scenes
from tests.security.act import Act

PAGE = "/batches/B26-0001"
_REQUEST = {"hazard": "a relapse", "alternatives": "none", "need": "no other"}
_IND = {"reference": "IND 00000", "answer": "no objection", "consent": "version 2"}

SUPPLY: Iterable[Act] = (
    Act("supply.request_supply", DORA, f"{PAGE}/supply/request", _REQUEST, scenes.impure(), signed=True),
    Act(
        "supply.evaluate_risk",
        QUINN,
        f"{PAGE}/supply/evaluation",
        {"evaluation": "fewer T cells"},
        scenes.impure(scenes.asked_for),
        signed=True,
    ),
    Act(
        "supply.accept_supply",
        DORA,
        f"{PAGE}/supply/acceptance",
        {"told": "the parents agree"},
        scenes.impure(scenes.asked_for, scenes.evaluated),
        signed=True,
    ),
    Act("supply.authorise_supply", DAVE, f"{PAGE}/supply/authorisation", _IND, scenes.under_an_ind, signed=True),
    Act(
        "supply.release_out_of_specification",
        PETRA,
        f"{PAGE}/supply/release",
        {},
        scenes.impure(scenes.asked_for, scenes.evaluated, scenes.accepted, scenes.reviewed_for),
        signed=True,
    ),
    Act("supply.conclude_supply", PETRA, f"{PAGE}/supply/conclusion", {}, scenes.impure(scenes.supplied), signed=True),
    Act(
        "supply.waive_gate",
        QUINN,
        f"{PAGE}/steps/1.10/waiver",
        {"choice": "harvest", "comment": "it cannot wait"},
        scenes.above_the_gate,
        signed=True,
    ),
    Act(
        "supply.end_batch",
        QUINN,
        f"{PAGE}/ending",
        {"ending": "failed", "reason": "fratricide", "comment": "no growth"},
        scenes.after("1.5", lambda _: None, of_step=False),
        signed=True,
        hidden=frozenset({"ending"}),
    ),
    Act(
        "supply.report_late_result",
        RUTH,
        f"{PAGE}/notifications",
        {"what": "a culture", "found": "growth"},
        scenes.left(),
        signed=True,
    ),
    Act(
        "supply.make_notification",
        RUTH,
        f"{PAGE}/notifications/N1",
        {"told": "Dora", "how": "call 4"},
        scenes.left(scenes.found_late),
        signed=True,
    ),
    Act(
        "supply.acknowledge_notification",
        DORA,
        f"{PAGE}/notifications/N1/acknowledgement",
        {"follow_up": "cultures taken"},
        scenes.left(scenes.found_late, scenes.told),
        signed=True,
    ),
)
