"""The rules of the house, each held to the whole tree and to the snippets that break and keep it."""

from __future__ import annotations

import pytest

from tests.architecture import boundaries, proofs, prose, shape
from tests.architecture.rule import RULES, Rule
from tests.architecture.source import Source

_EVERY = [pytest.param(rule, id=rule.check.__name__) for rule in RULES]


@pytest.mark.parametrize("rule", _EVERY)
def test_the_tree_keeps_the_rule(rule: Rule) -> None:
    """Every file in the rule's scope keeps it."""
    breaches = list(rule.breaches())
    assert not breaches, "\n".join([rule.check.__doc__ or "", *breaches])


@pytest.mark.parametrize("rule", _EVERY)
def test_the_rule_bites(rule: Rule) -> None:
    """What breaks the rule is found."""
    assert rule.breaks
    for snippet in rule.breaks:
        assert list(rule.check(Source("snippet", snippet))), snippet


@pytest.mark.parametrize("rule", _EVERY)
def test_the_rule_lets_be_what_keeps_it(rule: Rule) -> None:
    """What keeps the rule is not found, though it may look alike."""
    for snippet in rule.keeps:
        assert not list(rule.check(Source("snippet", snippet))), snippet


@pytest.mark.parametrize("subject", [boundaries, proofs, prose, shape])
def test_every_rule_states_itself(subject: object) -> None:
    """A rule's docstring is the rule; the failing test shows it."""
    rules = [rule for rule in RULES if rule.check.__module__ == subject.__name__]
    assert rules
    assert all(rule.check.__doc__ for rule in rules)
