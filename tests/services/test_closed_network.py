"""The closed network."""

from __future__ import annotations

import asyncio
import socket

import httpx
import pytest

from tests.services.closed_network import NetworkIsClosedError, is_here

FAR = "192.0.2.1"  # an address that documentation may use and nobody has (RFC 5737)


def test_nobody_connects_outward() -> None:
    """A connection to another machine is refused, with its name."""
    with socket.socket() as far, pytest.raises(NetworkIsClosedError, match=FAR):
        far.connect((FAR, 80))


def test_no_library_finds_a_way_round() -> None:
    """An HTTP client and an event loop are refused alike, before a name is even looked up."""
    with pytest.raises(NetworkIsClosedError, match=r"instrument\.example"):
        httpx.get("http://instrument.example/")
    with pytest.raises(NetworkIsClosedError, match=FAR):
        asyncio.run(asyncio.open_connection(FAR, 4840))


def test_a_datagram_is_refused_too() -> None:
    """What needs no connection is sent nowhere either."""
    with socket.socket(type=socket.SOCK_DGRAM) as far, pytest.raises(NetworkIsClosedError):
        far.sendto(b"MSH|", (FAR, 2575))


def test_this_machine_is_open() -> None:
    """A server on loopback is reached."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as near:
        assert near.getpeername() == server.getsockname()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", b"localhost", ""])
def test_this_machine_has_several_names(host: object) -> None:
    """Loopback is known by its addresses and by its name."""
    assert is_here(host)
