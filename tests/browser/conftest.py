"""A laboratory behind a real server, and tablets in front of it. On SQLite, but where a test asks for another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from batch_records.executed.commands import Person
from tests.browser.screen import Screen, opened_on
from tests.browser.serving import served
from tests.mes.fixtures import Copying
from tests.mes.laboratory import Laboratory, application, opened

Hand = Callable[..., Screen]


@pytest.fixture(scope="session")
def origin() -> Iterator[str]:
    """Where the application of this process is served."""
    with served(application()) as origin:
        yield origin


@pytest.fixture
def lab(request: pytest.FixtureRequest, copied: Copying, tmp_path: Path) -> Iterator[Laboratory]:
    """The laboratory, as it was furnished."""
    with copied(getattr(request, "param", "sqlite"), tmp_path) as url, opened(url, tmp_path) as laboratory:
        yield laboratory


@pytest.fixture
def hand(browser: Browser, origin: str, lab: Laboratory) -> Iterator[Hand]:
    """What hands out tablets, each with a browser of its own; none may have misbehaved when the test is over."""
    screens: list[Screen] = []

    def give(person: Person | None = None, at: str = "", **options: Any) -> Screen:  # noqa: ANN401 - Playwright's own
        screen = opened_on(browser, origin, lab, person, **options)
        screens.append(screen)
        if at:
            screen.open(at)
        return screen

    yield give
    for screen in screens:
        screen.close()
    assert [each for screen in screens for each in screen.misbehaved] == []
