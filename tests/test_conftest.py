"""What happens to every test before it runs."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from tests import conftest


def item(*fixtures: str, proves: tuple[str, ...] = ()) -> SimpleNamespace:
    marks = [SimpleNamespace(args=(requirement,)) for requirement in proves]
    return SimpleNamespace(fixturenames=fixtures, user_properties=[], iter_markers=lambda _: marks)


def test_browsers_come_last_and_the_rest_keeps_its_order() -> None:
    """Playwright leaves an event loop running, so whatever starts one of its own has gone before."""
    first, tablet, last = item("tmp_path"), item("browser", "tmp_path"), item()
    items = [first, tablet, last]
    conftest.pytest_collection_modifyitems(Mock(), items)
    assert items == [first, last, tablet]


def test_what_needs_real_exports_is_left_out_where_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are not ours to publish; a test that wants them is counted as left out, not as passed."""
    monkeypatch.delenv("MES_CAPTURES", raising=False)
    config, items = Mock(), [item(), export := item("captures")]
    conftest.pytest_collection_modifyitems(config, items)
    config.hook.pytest_deselected.assert_called_once_with(items=[export])
    assert export not in items


def test_exports_that_are_not_where_they_should_be_stop_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistyped folder is no reason to test less."""
    monkeypatch.setenv("MES_CAPTURES", "/nowhere")
    with pytest.raises(pytest.UsageError, match="/nowhere"):
        conftest.pytest_configure()


def test_reports_carry_what_a_test_proves() -> None:
    """The matrix of requirements is made of what ran, not of what was meant to."""
    proof = item(proves=("11.10(e)", "11.50(a)"))
    conftest.pytest_collection_modifyitems(Mock(), [proof])
    assert proof.user_properties == [("requirement", "11.10(e)"), ("requirement", "11.50(a)")]
