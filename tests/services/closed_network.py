"""No test leaves this machine: whoever tries is told so, in whatever library the attempt was made."""

from __future__ import annotations

import sys
from ipaddress import ip_address

_OUTWARD = {"socket.connect": 1, "socket.sendto": 1, "socket.getaddrinfo": 0}  # an event, and where its address stands


class NetworkIsClosedError(Exception):
    """A test tried to leave this machine. Not an `OSError`: what retries after those must not hide it."""


def close() -> None:
    """Close the network to this process, for good: an audit hook cannot be taken back."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event in _OUTWARD:
        address = arguments[_OUTWARD[event]]
        host = address[0] if isinstance(address, tuple) else address if event == "socket.getaddrinfo" else None
        if host is not None and not is_here(host):
            raise NetworkIsClosedError(f"tests stay on this machine, and this one tried to reach {host!r}")


def is_here(host: object) -> bool:
    """Say whether a host, by name or address, is this machine."""
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name in ("", "localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
