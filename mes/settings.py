"""What differs from site to site, read once from the environment."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy.engine import make_url

from batch_records.values.isbt128 import is_facility
from devices.clock import Clock, ProcessClock, machine_clock

_SHORTEST_KEY = 32  # characters; ours has 64
_EVERYBODYS = (
    "postgres",
    "password",
    "admin",
    "root",
    "secret",
    "changeme",
    "change-me",
    "mes",
    "mes_app",
    "1234",
    "test",
)

Network = IPv4Network | IPv6Network
SECOND_FACTOR = ("optional", "outside", "always")


@dataclass(frozen=True)
class SingleSignOn:
    """The site's own issuer (OpenID Connect): its address, who we are to it, and what the button calls it."""

    issuer: str
    client: str
    secret: str = field(repr=False)
    name: str


@dataclass(frozen=True)
class Settings:
    """The settings of one installation.

    ``folder``        where it keeps its database (SQLite), its reports and its secret key
    ``database_url``  an SQLAlchemy address; SQLite in ``folder`` where none is given
    ``clock``         the machine's clock, or a demonstration's process clock
    ``zone``          the site's time zone: how times are shown, never how they are stored
    ``laboratory``, ``room``  how the site calls itself on every page
    ``facility``      its facility identification number of ISBT 128; empty where it is not registered
    ``idle``          after how long without a touch a session locks
    ``longest``       after how long a session is over, however busy its holder
    ``second_factor`` who is asked for one at sign-in: who has one (``optional``), who is ``outside``, or ``always``
    ``inside``        the networks of the site; empty where every address counts as inside
    ``sso``           the issuer that people may sign in by, where the site has one
    """

    folder: Path
    database_url: str
    secret_key: str
    clock: Clock
    zone: ZoneInfo
    laboratory: str = "Cell laboratory"
    room: str = ""
    facility: str = ""
    idle: timedelta = timedelta(minutes=15)
    longest: timedelta = timedelta(hours=12)
    second_factor: str = "optional"
    inside: tuple[Network, ...] = ()
    secure_cookies: bool = True
    sso: SingleSignOn | None = None

    @property
    def is_demonstration(self) -> bool:
        """Whether the time is not the machine's. A database that ever saw that is marked for good."""
        return isinstance(self.clock, ProcessClock)

    def is_inside(self, address: str) -> bool:
        """Say whether an address belongs to the site's own networks."""
        try:
            return not self.inside or any(ip_address(address) in network for network in self.inside)
        except ValueError:
            return False

    @staticmethod
    def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the environment: MES_FOLDER and MES_DATABASE_URL say where, the others how it shows itself.

        MES_INSECURE_COOKIES is for a demonstration on loopback, which has no TLS.
        """
        folder, database_url = place(environment)
        _must_not_be_everybodys(database_url)
        folder.mkdir(parents=True, exist_ok=True)
        clock = environment.get("MES_PROCESS_CLOCK")
        return Settings(
            folder=folder,
            database_url=database_url,
            secret_key=_secret_key(folder),
            clock=ProcessClock(Path(clock)) if clock else machine_clock,
            zone=ZoneInfo(environment.get("MES_ZONE", "UTC")),
            laboratory=environment.get("MES_LABORATORY", "Cell laboratory"),
            room=environment.get("MES_ROOM", ""),
            facility=_facility(environment.get("MES_FACILITY", "")),
            second_factor=_one_of(environment.get("MES_SECOND_FACTOR", "optional"), SECOND_FACTOR),
            inside=tuple(ip_network(each) for each in environment.get("MES_INSIDE", "").split()),
            idle=timedelta(minutes=float(environment.get("MES_IDLE_MINUTES", "15"))),
            longest=timedelta(hours=float(environment.get("MES_SESSION_HOURS", "12"))),
            secure_cookies="MES_INSECURE_COOKIES" not in environment,
            sso=_single_sign_on(environment),
        )


def _single_sign_on(environment: Mapping[str, str]) -> SingleSignOn | None:
    issuer = environment.get("MES_SSO_ISSUER", "")
    if not issuer:
        return None
    if not is_safe_address(issuer):
        raise ValueError(f"MES_SSO_ISSUER is “{issuer}”: an issuer's address begins with https://")
    client, file = environment.get("MES_SSO_CLIENT_ID", ""), environment.get("MES_SSO_SECRET_FILE", "")
    if not client or not file:
        raise ValueError("MES_SSO_ISSUER needs MES_SSO_CLIENT_ID and MES_SSO_SECRET_FILE beside it")
    _must_be_ours_alone(Path(file))
    secret = Path(file).read_text().strip()
    if not secret:
        raise ValueError(f"{file} holds no secret")
    return SingleSignOn(issuer, client, secret, environment.get("MES_SSO_NAME", "single sign-on"))


def is_safe_address(address: str) -> bool:
    """Say whether nobody on the way can change what an address answers: TLS, or this machine itself."""
    try:
        parts = urlsplit(address)
        is_here = ip_address(parts.hostname or "").is_loopback
    except ValueError:
        is_here = False
    return address.startswith("https://") or (is_here and parts.scheme == "http")


def _facility(code: str) -> str:
    if code and not is_facility(code):
        raise ValueError(f"MES_FACILITY is “{code}”: a facility identification number is like A9999")
    return code


def _one_of(word: str, words: tuple[str, ...]) -> str:
    if word not in words:
        raise ValueError(f"“{word}” is none of {', '.join(words)}")
    return word


def place(environment: Mapping[str, str]) -> tuple[Path, str]:
    """Return where an installation is: its folder, and its database's address. Makes neither."""
    folder = Path(environment.get("MES_FOLDER", ".lab/laboratory")).resolve()
    return folder, environment.get("MES_DATABASE_URL", f"sqlite:///{folder / 'mes.sqlite'}")


def _secret_key(folder: Path) -> str:
    file = folder / "secret.key"
    if not file.exists():
        draft = file.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32))
        with suppress(FileExistsError):
            os.link(draft, file)  # the first of two that start at once wins, and both read its key
        draft.unlink()
    key = file.read_text()
    if len(key) < _SHORTEST_KEY:
        raise ValueError(f"{file} holds no key: remove it, and the next start makes one (everybody signs in again)")
    _must_be_ours_alone(file)
    return key


def _must_be_ours_alone(file: Path) -> None:
    if file.stat().st_mode & 0o077:
        raise ValueError(f"{file} can be read by others than its owner: chmod 600 {file}")


def _must_not_be_everybodys(database_url: str) -> None:
    """Refuse a password that every list of passwords begins with."""
    address = make_url(database_url)
    password = str(address.password or "").lower()
    if password and password in (*_EVERYBODYS, (address.username or "").lower()):
        raise ValueError("the database's password is one that everybody tries first: give it another")
