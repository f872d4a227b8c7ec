"""What a person sets up once in a real laboratory: certificates, trust, a password, and the gateway's configuration."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devices import certificates
from devices.instruments.bioreactor import Bioreactor
from devices.simulators.bioreactor import NAMESPACE

USER = "gateway"
LADS, VICELL = "BR-02", "VC-02"


@dataclass(frozen=True, slots=True)
class Mes:
    """Where the demonstration's gateway delivers."""

    url: str
    token_file: Path


@dataclass(frozen=True, slots=True)
class Site:
    """The folder of a simulated laboratory."""

    folder: Path

    @property
    def server_pki(self) -> Path:
        """The bioreactor's own certificate and key."""
        return self.folder / "bioreactor"

    @property
    def line(self) -> Path:
        """The cell counter's line."""
        return self.folder / "cell-counter.tty"

    @property
    def exports(self) -> Path:
        """The folder that the Vi-CELL BLU exports into."""
        return self.folder / "vicell-blu"

    @property
    def password(self) -> str:
        """The password that the bioreactor knows the gateway by."""
        return (self.folder / "bioreactor.password").read_text()

    def prepare(self, *instruments: str) -> None:
        """Make what is not there yet. The server's certificate is trusted at once: we have seen it being made."""
        host = socket.gethostname()
        self.folder.mkdir(parents=True, exist_ok=True)
        password = self.folder / "bioreactor.password"
        if not password.exists():
            password.touch(mode=0o600)
            password.write_text(secrets.token_urlsafe(18))
        for folder, uri in ((self.server_pki, NAMESPACE), (self.folder / "pki" / "own", f"urn:{host}:gateway")):
            if not (folder / "certificate.der").exists():
                certificates.make(folder, uri, host)
        for instrument in instruments or ("BR-01", LADS, VICELL):
            trusted = self.folder / "pki" / "trusted" / f"{instrument}.der"
            trusted.parent.mkdir(parents=True, exist_ok=True)
            trusted.write_bytes((self.server_pki / "certificate.der").read_bytes())

    def configure(self, opcua: str, mes: Mes, *, exports: bool, others: Mapping[str, tuple[str, str]]) -> Path:
        """Write the gateway's configuration and return its path; anew at each start, for addresses change.

        ``others`` are the instruments that need no list of nodes: what they are called, their kinds, their addresses.
        """
        nodes = "\n".join(
            f'{channel} = {{ node = "nsu={NAMESPACE};s=Reactor.{channel}", unit = "{unit}" }}'
            for channel, unit in Bioreactor.channels.items()
        )
        path = self.folder / "gateway.toml"
        path.write_text(
            _GATEWAY.format(opcua=opcua, user=USER, nodes=nodes, line=self.line, url=mes.url, token=mes.token_file)
            + (_EXPORTS.format(folder=self.exports.name) if exports else "")
            + "".join(_OTHER.format(name=name, kind=kind, url=url) for name, (kind, url) in others.items())
        )
        return path


_GATEWAY = """\
# The gateway of a simulated laboratory.
name = "gateway-1"
zone = "UTC"
spool = "spool.sqlite"
certificates = "pki"

[mes]
url = "{url}"
token_file = "{token}"

[instruments.BR-01]
kind = "bioreactor"
url = "{opcua}"
user = "{user}"
password_file = "bioreactor.password"

[instruments.BR-01.nodes]
{nodes}

[instruments.CC-01]
kind = "cell-counter"
port = "{line}"
"""

_OTHER = """
[instruments.{name}]
kind = "{kind}"
url = "{url}"
user = "gateway"
password_file = "bioreactor.password"
"""

_EXPORTS = """
[instruments.VC-01]
kind = "vicell-blu-export"
folder = "{folder}"
dates = "month-first"
settle = 0.3
poll = 0.2
"""
