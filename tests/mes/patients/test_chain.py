"""The chain of identity: its code issued first, every collection joined to it, and found by any of its codes."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest

from batch_records.executed import commands as c
from batch_records.values.label_code import write_label
from mes.batches.commands import IssueBatch
from mes.masters.commands import ApproveRecipe, DraftRecipe
from mes.patients.commands import PlaceOrder, RecordDonation
from tests.cast import ALICE, DORA, QUINN
from tests.mes.furnishing import SHORT
from tests.mes.laboratory import COI, START, SVEN, Laboratory
from tests.mes.played import Played
from tests.mes.tablet import Answer

FIRST, SECOND = "=A99992600000100", "=A99992600000205"
_VOLUME = "          volume: {ask: Volume of the culture"
RECIPE = SHORT.replace("code: short", "code: donated").replace(
    _VOLUME, f"          donation: {{ask: Donation number of the bag, kind: donation number}}\n{_VOLUME}"
)


@pytest.fixture
def registered(lab: Laboratory) -> Laboratory:
    """A laboratory that ICCBBA knows by a number: nobody's, and synthetic."""
    settings = replace(lab.installation.settings, facility="A9999")
    lab.installation.settings = settings
    return lab


def order(lab: Laboratory, **entered: str) -> Answer:
    """Order a therapy on the page."""
    return lab.tablet(DORA).press("/orders/", "/orders/", {"recipe": "short", **entered})


def collect(lab: Laboratory, coi: str, number: str, donor: str = "", **more: str) -> Answer:
    """Record a collection on the page."""
    entered = {"number": number, "donor": donor, "collected": "2026-03-02 07:30", **more}
    return lab.tablet(ALICE).press(f"/orders/{coi}", "/donations", entered)


@pytest.mark.requirement("RQ-048")
@pytest.mark.requirement("RQ-116")
def test_the_site_issues_the_code_before_any_collection(registered: Laboratory) -> None:
    """One after the other, with nothing in it but facility, year and number; each order is its own therapy."""
    answers = [order(registered, recipient="R-17"), order(registered, recipient="R-18")]
    assert [answer.path for answer in answers] == ["/orders/CHA999926000001", "/orders/CHA999926000002"]
    assert "No collection yet" in answers[0].page.text
    assert registered.verify().holds


def test_a_site_without_a_number_types_the_code(lab: Laboratory) -> None:
    """Nothing is issued under a number that nobody gave."""
    assert order(lab, coi="").status == 400
    assert order(lab, coi="COI-26-0100-Z").path == "/orders/COI-26-0100-Z"


@pytest.mark.requirement("RQ-047")
@pytest.mark.requirement("RQ-116")
def test_many_donations_belong_to_one_therapy(registered: Laboratory) -> None:
    """Two collections, one code; each number with its check character, and from each one finds the therapy."""
    coi = order(registered, recipient="R-17", donor="D-4").path.rpartition("/")[2]
    collect(registered, coi, FIRST, "D-4")
    page = collect(registered, coi, "A9999 26 000002 6", "D-4").page
    assert "A9999 26 000001" in page.text
    assert "A9999 26 000002 6" in page.text
    registered.do(IssueBatch(coi, {"weight": "20"}), DORA)
    tablet = registered.tablet(QUINN)
    for code in (FIRST, SECOND, "D-4", "R-17", coi, "B26-0001", write_label(coi, "B26-0001", 3), f"&/{coi}"):
        found = tablet.open("/orders/", {"code": code})
        assert [coi] == [each for each in (coi, COI) if each in found.page.text], code
    assert "No order has this code" in tablet.open("/orders/", {"code": "A999926000009"}).page.text


def test_donor_and_recipient_are_two_codes(lab: Laboratory) -> None:
    """Cells of somebody else than the order says are not joined to it; one person is not entered twice."""
    assert order(lab, coi="COI-26-0101-Z", recipient="R-1", donor="R-1").status == 400
    assert order(lab, coi="COI-26-0101-Z", recipient="R 1 Klein").status == 400
    order(lab, coi="COI-26-0101-Z", recipient="R-1", donor="D-1")
    answer = collect(lab, "COI-26-0101-Z", FIRST, "R-1")
    assert answer.status == 409
    assert "are from D-1, and “R-1” is on the collection" in answer.error


def test_a_donation_belongs_to_one_therapy_for_ever(lab: Laboratory) -> None:
    """Twice on one is told; on another it is refused, names whose it is, and stands on record."""
    collect(lab, COI, FIRST)
    assert "belongs to this therapy already" in collect(lab, COI, FIRST).error
    order(lab, coi="COI-26-0102-Z")
    assert f"belongs to therapy {COI}: put the bag aside" in collect(lab, "COI-26-0102-Z", FIRST).error
    assert lab.lines("order:COI-26-0102-Z", "attempt refused")


@pytest.mark.requirement("RQ-115")
@pytest.mark.parametrize(
    ("number", "more", "said"),
    [
        ("A9999 26 000001 0", {}, "does not have the check character 0"),
        ("A999926000001", {}, "type the check character"),
        (FIRST, {"collected": "2026-03-02 23:00"}, "has taken place"),
        (FIRST, {"collected": "soon"}, "enter a date and time"),
        (FIRST, {"donor": "Klara Example"}, "is no name"),
    ],
)
def test_what_cannot_be_is_asked_for_again(lab: Laboratory, number: str, more: dict[str, str], said: str) -> None:
    """Nothing is kept of it."""
    answer = collect(lab, COI, number, **more)
    assert answer.status == 400
    assert said in answer.error.lower()


def test_cells_that_were_banked_before_the_code_are_marked(lab: Laboratory) -> None:
    """A later link to a therapy is possible, and is seen as one."""
    assert (
        "collected before the code was issued: banked"
        in collect(lab, COI, FIRST, collected="2025-06-01 10:00").page.text
    )


@pytest.mark.requirement("RQ-113")
def test_a_batch_that_records_another_childs_donation_is_held(lab: Laboratory) -> None:
    """The bag in the hand belongs to another therapy: it is said at once, whatever the papers say."""
    lab.do(DraftRecipe("donated", RECIPE), SVEN)
    lab.do(ApproveRecipe("donated", 1), QUINN)
    lab.do(PlaceOrder("COI-26-0103-Z", "donated"), DORA)
    lab.do(RecordDonation(COI, FIRST, "", START), ALICE)
    batch = Played(lab).start("COI-26-0103-Z").finish("1.5")
    batch.do(c.RecordValues(batch.number, "1.5", {"donation": SECOND}))
    assert "recorded in step 1.5" in lab.tablet(QUINN).open("/orders/COI-26-0103-Z").page.text
    batch.do(c.CorrectValue(batch.number, "1.5", "donation", FIRST, "the other bag"))
    assert f"belongs to {COI}" in batch.batch.holds[0][1].cause


@pytest.mark.requirement("RQ-116")
def test_the_chain_is_handed_out_as_xml(registered: Laboratory) -> None:
    """Each code as a symbol of ISBT 128 holds it, for whom and whose, every collection, and the batch."""
    coi = order(registered, recipient="R-17", donor="D-4").path.rpartition("/")[2]
    collect(registered, coi, FIRST, "D-4")
    collect(registered, coi, SECOND, "D-4")
    registered.do(IssueBatch(coi, {"weight": "20"}), DORA)
    chain = fromstring(registered.tablet(QUINN).http.get(f"/orders/{coi}/chain.xml").text)  # noqa: S314 - our own
    assert (chain.get("identifier"), chain.get("isbt128")) == (coi, f"&/{coi}")
    assert [each.get("isbt128") for each in chain.findall("collection")] == [FIRST, SECOND[:14] + "00"]
    assert [(each.tag, each.get("code") or each.get("number")) for each in chain if each.tag != "collection"] == [
        ("recipient", "R-17"),
        ("donor", "D-4"),
        ("batch", "B26-0001"),
    ]


@pytest.mark.parametrize("address", ["/orders/NONE-26-0001", "/orders/NONE-26-0001/chain.xml"])
def test_there_is_no_chain_without_an_order(lab: Laboratory, address: str) -> None:
    """An address that nobody ordered."""
    assert lab.tablet(DORA).open(address).status == 404
