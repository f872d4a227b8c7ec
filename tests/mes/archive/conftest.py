"""Archives that the tests of this folder look at; nobody changes them."""

from __future__ import annotations

import gc
import warnings

import pytest

from tests.mes.archive.archiving import Archive, make
from tests.mes.fixtures import Copying


@pytest.fixture(scope="session")
def archives(copied: Copying, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Archive]:
    """Both archives, made once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # WeasyPrint leaves a colour profile of its own open
        made = make(copied, tmp_path_factory.mktemp("archives"))
        gc.collect()
    return made


@pytest.fixture(params=["whole", "corrected"])
def archive(request: pytest.FixtureRequest, archives: dict[str, Archive]) -> Archive:
    """An archive: of a batch in which all went well, and of one in which it did not."""
    return archives[request.param]
