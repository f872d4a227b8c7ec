"""Attacks by somebody who owns the database, or the server with its keys: each is named, or it is said why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from mes.ledger.seal_keys import announced
from tests.mes.laboratory import Laboratory
from tests.mes.ledger import attacks
from tests.mes.ledger.attacks import ATTACKS, ROOT
from tests.mes.ledger.scene import furnish

PAGE = Path(__file__).parents[3] / "docs/compliance/attacks.md"


@pytest.mark.requirement("RQ-002")
def test_every_attack_is_named_or_cannot_be_seen(lab: Laboratory) -> None:
    """Two of each, on lines that chance picks; a hundred of each with `python -m tests.soak attacks`."""
    furnish(lab)
    assert lab.verify().holds
    for attack in ATTACKS:
        for seed in range(2):
            tried = attacks.attempt(lab, attack, seed)
            if attack.shows:
                assert tried.shows(attack), (attack.name, tried.victim, tried.found.flaws)
            else:
                assert tried.found.holds, attack.name
    assert lab.verify().holds


def test_without_a_witness_root_is_not_seen(lab: Laboratory) -> None:
    """Who rewrites everything with the server's own key fools every check but the one from outside: it is needed."""
    furnish(lab)
    for attack in ATTACKS:
        if attack.who == ROOT:
            assert attacks.attempt(lab, attack, 1, alone=True).found.holds


def test_the_page_of_attacks_says_what_the_tests_do() -> None:
    """The table that inspectors read is made from the list that is run."""
    assert attacks.table() in PAGE.read_text("utf-8")


def test_no_key_is_in_the_database(lab: Laboratory) -> None:
    """The owner of the database finds public keys alone in it: with them nobody signs."""
    furnish(lab)
    with lab.reading() as connection:
        key = announced(connection)[0].key
    secret = lab.installation.sealing.keyring.secret(key)
    texts = [text for lines in ("laboratory",) for text in lab.lines(lines)]
    assert str(key) in str(texts)
    assert secret.secret.hex() not in str(texts)
    assert secret.written().strip() not in str(texts)
