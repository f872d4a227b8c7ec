"""What every test may ask for: a database, a furnished laboratory, a browser, the exports of real instruments."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import Browser

from tests.services import chromium, closed_network, postgres

pytest_plugins = [
    "tests.mes.fixtures",  # tests of the application stand in more than one folder
    "tests.results",
]

hypothesis.settings.register_profile("lab", deadline=None)  # a slow machine is not a defect
hypothesis.settings.load_profile("lab")


def pytest_configure() -> None:
    """Close the network, and refuse to start with exports that are not where they are said to be."""
    closed_network.close()
    if not Path(os.environ.get("MES_CAPTURES", ".")).is_dir():
        raise pytest.UsageError(f"MES_CAPTURES names {os.environ['MES_CAPTURES']}, which is no folder")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Write each test's requirements where reports find them, leave out what has no input here, put browsers last."""
    for item in items:
        item.user_properties += [("requirement", mark.args[0]) for mark in item.iter_markers("requirement")]
    if "MES_CAPTURES" not in os.environ:
        config.hook.pytest_deselected(items=[item for item in items if _asks_for("captures", item)])
        items[:] = [item for item in items if not _asks_for("captures", item)]
    # Playwright keeps an event loop running in the main thread; whatever calls asyncio.run() there must come before.
    items.sort(key=lambda item: _asks_for("browser", item))


def _asks_for(fixture: str, item: pytest.Item) -> bool:
    return fixture in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Cluster]:
    """A PostgreSQL server for this process's tests. Where there is none, they fail: nothing is skipped."""
    with postgres.running() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new, empty database; whatever asks for one runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/lab.db"
    else:
        with request.getfixturevalue("postgresql").database() as url:
            yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium; each test opens its own context in it."""
    with chromium.running() as browser:
        yield browser


@pytest.fixture(scope="session")
def captures() -> Path:
    """The folder of what real instruments sent. It is not ours to publish: where it is not, its tests are left out."""
    return Path(os.environ["MES_CAPTURES"])
