"""What tests of security may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mes.fixtures import Copying
from tests.mes.laboratory import Laboratory, opened
from tests.security.door import Door


@pytest.fixture(scope="session")
def _door(copied: Copying, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    with copied("sqlite", folder) as url, opened(url, folder) as laboratory:
        yield Door(laboratory)


@pytest.fixture
def door(_door: Door) -> Door:
    """The laboratory with everybody before its door, as it was at the beginning."""
    _door.lab.install()
    _door.put_back()
    return _door


@pytest.fixture
def laboratory(door: Door) -> Laboratory:
    """The laboratory behind the door."""
    return door.lab
