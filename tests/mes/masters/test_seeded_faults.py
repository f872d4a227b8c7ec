"""Faults sown into the shipped recipe, each a thing that somebody could write: every one is found, and named."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from batch_records.master.lint import lint
from batch_records.master.load import RecipeError, load, shipped
from batch_records.master.proof.claims import CLAIMS
from batch_records.master.prove import prove

FAULTS = yaml.safe_load((Path("tests") / "data" / "recipes" / "faults.yaml").read_text("utf-8"))


def sown(fault: dict[str, str]) -> str:
    """Return the shipped recipe with one fault."""
    text = shipped()["cd7_car_t_autologous_pebl"]
    for was, becomes in ((fault["was"], fault["becomes"]), *([fault["also"]] if "also" in fault else [])):
        assert text.count(was) == 1, f"{fault['fault']}: “{was}” stands {text.count(was)} times"
        text = text.replace(was, becomes)
    return text


def said_of(text: str) -> tuple[str, set[str]]:
    """Return everything that reading, lint and proof say of a recipe, and the claims that fail."""
    try:
        recipe = load(text)
    except RecipeError as error:
        return str(error), set()
    if problems := lint(recipe):
        return "\n".join(map(str, problems)), set()
    failing = {sentence: against for sentence, against in prove(recipe).claims.items() if against}
    return "\n".join(str(each) for against in failing.values() for each in against), set(failing)


def test_there_are_enough() -> None:
    """At least forty, and none says the same as another."""
    assert len({fault["fault"] for fault in FAULTS}) == len(FAULTS) >= 40


@pytest.mark.requirement("RQ-029")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["fault"])
def test_it_is_found_and_named(fault: dict[str, str]) -> None:
    """What is said has the sentence, and of a proof the claim that fails is named."""
    said, failing = said_of(sown(fault))
    assert fault["said"]
    assert fault["said"] in said
    assert fault.get("claim") in (failing or {None})


def test_every_claim_is_tripped_by_some() -> None:
    """No claim of the proof holds whatever one writes."""
    assert {fault["claim"] for fault in FAULTS if "claim" in fault} == set(CLAIMS)
