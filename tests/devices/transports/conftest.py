"""Three OPC-UA servers that count, each started once, whichever test asks first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices import certificates
from tests.devices.opcua_support import Counting, certified, counting


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the certificates of the servers, of the gateway and of a user."""
    folder = tmp_path_factory.mktemp("opcua")
    certified(folder)
    certificates.make(folder / "user", "urn:test:user", "localhost")
    return folder


@pytest.fixture(scope="session")
def asyncua(site: Path) -> Iterator[Counting]:
    """The gateway's own library, as a server."""
    with counting(site, "asyncua", 0, "--user-certificate", str(site / "user" / "certificate.der")) as counts:
        yield counts


@pytest.fixture(scope="session")
def node_opcua(site: Path) -> Iterator[Counting]:
    """Another hand's, in another language."""
    with counting(site, "node-opcua") as counts:
        yield counts


@pytest.fixture(scope="session")
def older(site: Path) -> Iterator[Counting]:
    """The generation before asyncua."""
    with counting(site, "opcua") as counts:
        yield counts


@pytest.fixture(params=["asyncua", "node_opcua"])
def either(request: pytest.FixtureRequest) -> Counting:
    """The same is asked of two stacks, of which the gateway's own library wrote but one."""
    found: Counting = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["asyncua", "node_opcua", "older"])
def each(request: pytest.FixtureRequest) -> Counting:
    """The same is asked of three stacks."""
    found: Counting = request.getfixturevalue(request.param)
    return found
