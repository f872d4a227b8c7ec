"""Installation qualification: whether what stands here is what was released, and is set up as the manual says.

Every look only reads. What nobody told us (where tablets reach it, where copies lie) stays open, and says so.
"""

from __future__ import annotations

import ctypes
import os
import re
import socket
import ssl
import stat
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from sqlalchemy import text

from mes.db import Database
from mes.evidence import manifest, packages
from mes.evidence.check import Found, Question, Site, nothing_but
from mes.evidence.variables import VARIABLES
from mes.integrity import check as whole
from mes.ledger import seal_tables, tables
from mes.ledger.vouched import vouching
from mes.schema import is_current, upgrade
from mes.site.queries import kind_of_site

_A_DAY = 26 * 3600.0  # seconds: a copy every night, and two hours for it
_OWN_CLOCK = "the machine's clock"
_DEMONSTRATIONS = ("MES_INSECURE_COOKIES", "MES_PROCESS_CLOCK")
_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex
_COOKIE = ("__Host-", "Secure", "HttpOnly", "SameSite=Strict")
_HEADERS = ("content-security-policy", "x-content-type-options", "referrer-policy")
_HTTPS, _HTTP = 443, 80


def _files(_: Site) -> Found:
    try:
        released = manifest.released()
    except manifest.NoManifest as nothing:
        return Found(good=False, actual=str(nothing))
    kept = f"{len(released.files)} files of {released.version}, commit {released.commit}, SHA-256 {released.digest}"
    return nothing_but(released.differences(), kept)


def _locked(_: Site) -> Found:
    return nothing_but(
        packages.not_as_locked(),
        f"{len(packages.installed())} packages are installed, and those of the lock have its versions",
    )


def _whole_packages(_: Site) -> Found:
    return nothing_but(packages.altered(), "every file has the hash that its package gives it")


def _engine(site: Site) -> Found:
    with _opened(site) as database, database.reader.connect() as connection:
        if database.is_sqlite:
            version = connection.execute(text("SELECT sqlite_version()")).scalar()
            return Found(good=True, actual=f"SQLite {version}")
        version = connection.execute(text("SHOW server_version")).scalar()
        return Found(good=True, actual=f"PostgreSQL {version}")


def _durable(site: Site) -> Found:
    with _opened(site) as database, database.writer.connect() as connection:
        if database.is_sqlite:
            mode = connection.execute(text("PRAGMA journal_mode")).scalar()
            synchronous = connection.execute(text("PRAGMA synchronous")).scalar()
            return Found(
                good=(mode, synchronous) == ("wal", 2), actual=f"journal {mode}, synchronous {synchronous} (FULL is 2)"
            )
        names = ("fsync", "synchronous_commit", "full_page_writes")
        values = [connection.execute(text(f"SHOW {name}")).scalar() for name in names]
        told = ", ".join(f"{name} is {value}" for name, value in zip(names, values, strict=True))
        return Found(good=set(values) == {"on"}, actual=told)


def _schema(site: Site) -> Found:
    with _opened(site) as database:
        good = is_current(database)
    return Found(good=good, actual="this version's" if good else "another version's")


def _triggers(site: Site) -> Found:
    with _opened(site) as database:
        problems = list(_of_sqlite(database) if database.is_sqlite else _of_postgresql(database))
    return nothing_but(problems, "every table and trigger is as this version makes it")


def _of_sqlite(database: Database) -> Iterator[str]:
    """Compare with a database that is made anew, statement by statement."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/new.sqlite"
        upgrade(url)
        new = Database(url)
        expected, found = _statements(new), _statements(database)
        new.dispose()
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            yield f"{name} is {'missing' if name not in found else 'other than released'}"


def _statements(database: Database) -> dict[str, str]:
    with database.reader.connect() as connection:
        found = connection.execute(text("SELECT type || ' ' || name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        return {row[0]: row[1] for row in found}


def _of_postgresql(database: Database) -> Iterator[str]:
    """Compare the ledger's triggers, each of which must hold for replicas, too, and the functions they call."""
    of_lines, of_seals = tables._POSTGRESQL, seal_tables._POSTGRESQL  # noqa: SLF001 - what they make is what must be there
    made = "\n".join((*of_lines, *of_seals, *tables.kept_on_postgresql(vouching.tables)))
    with database.reader.connect() as connection:
        triggers = dict(map(tuple, connection.execute(text("SELECT tgname, tgenabled FROM pg_trigger")).all()))
        sources = dict(map(tuple, connection.execute(text("SELECT proname, prosrc FROM pg_proc")).all()))
    for name in sorted(set(re.findall(r"CREATE TRIGGER (\w+)", made))):
        if triggers.get(name) != "A":
            yield f"trigger {name} is {'switched off' if name in triggers else 'missing'}"
    for name, source in re.findall(r"CREATE FUNCTION (\w+)\(\).*?\$\$(.*?)\$\$", made, re.DOTALL):
        if sources.get(name) != source.replace("%%", "%"):
            yield f"function {name} is {'other than released' if name in sources else 'missing'}"


def _rights(site: Site) -> Found:
    with _opened(site) as database, database.reader.connect() as connection:
        if database.is_sqlite:
            return Found(
                good=None, actual="SQLite has no roles: who owns the file can do anything to it; judge who does"
            )
        role = connection.execute(text("SELECT current_user")).scalar()
        owns = text("SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = current_user")
        may = text("SELECT has_table_privilege(:table, :right)")
        kept = (*tables.APPEND_ONLY, *seal_tables.APPEND_ONLY, *vouching.tables)
        forbidden = [(table, right) for table in kept for right in ("UPDATE", "DELETE", "TRUNCATE")]
        problems = [
            f"{role} may {right} {table}"
            for table, right in forbidden
            if connection.execute(may, {"table": table, "right": right}).scalar()
        ]
        if connection.execute(owns).scalar():
            problems.append(f"{role} is a superuser, or may make roles or databases")
    return nothing_but(problems, f"{role} can add lines, and can neither change nor remove one")


def _ledger(site: Site) -> Found:
    with _opened(site) as database, database.snapshot() as connection:
        verified = whole(connection)
    problems = [f"{flaw.book}, page {flaw.page}: {flaw.sentence}" for flaw in verified.flaws]
    return nothing_but(
        problems, f"{verified.lines:,} lines in {verified.books:,} books, {verified.readings:,} readings"
    )


def _kind(site: Site) -> Found:
    with _opened(site) as database:
        kind = kind_of_site(database)
    own = "the machine's clock" if not site.settings.is_demonstration else "a process clock"
    return Found(
        good=kind == "laboratory" and not site.settings.is_demonstration, actual=f"a {kind or 'nothing'}, on {own}"
    )


def _variables(site: Site) -> Found:
    """Name what is set. A misspelt variable would silently mean nothing."""
    told = {name: value for name, value in site.environment.items() if name.startswith("MES_")}
    problems = [f"{name} is no setting" for name in told if name not in VARIABLES]
    problems += [
        f"{name} is a demonstration's" for name in ("MES_INSECURE_COOKIES", "MES_PROCESS_CLOCK") if name in told
    ]
    said = ", ".join(f"{name}={_without_secret(value)}" for name, value in sorted(told.items()))
    return nothing_but(problems, said or "nothing is set: all as shipped")


def _without_secret(value: str) -> str:
    return re.sub(r"(://[^:/@]+):[^@]+@", r"\1:…@", value)


def _zone(site: Site) -> Found:
    is_told = "MES_ZONE" in site.environment
    return Found(
        good=is_told or None, actual=f"{site.settings.zone.key}{'' if is_told else ', because nobody said another'}"
    )


def _clock(_: Site) -> Found:
    """Ask the kernel, which whoever disciplines the clock tells."""
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return Found(good=None, actual="this system does not say")
    if state < 0:
        return Found(good=None, actual="the kernel does not say")
    words = "the kernel says that nobody disciplines it" if state == _UNSYNCHRONISED else "the kernel says that it is"
    return Found(good=state != _UNSYNCHRONISED, actual=words)


def _secrets(site: Site) -> Found:
    folder = site.settings.folder
    own = [folder / "secret.key", *folder.glob("*.token"), *folder.glob("*.key"), *folder.glob("**/secrets/*")]
    database = [folder / "mes.sqlite"] if (folder / "mes.sqlite").exists() else []
    exposed = [
        path for path in {folder, *own, *database} if path.exists() and path.stat().st_mode & _others(path, folder)
    ]
    problems = [f"{path.name} is open to others ({stat.filemode(path.stat().st_mode)})" for path in sorted(exposed)]
    return nothing_but(problems, f"{len(own) + len(database)} files and the folder are their owner's alone")


def _others(path: Path, folder: Path) -> int:
    """Return which rights nobody else may have. Inside a folder that is closed, a file's own do not matter so much."""
    closed = not folder.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    return 0 if closed and path != folder and path.suffix == ".sqlite" else stat.S_IRWXG | stat.S_IRWXO


def _tls(site: Site) -> Found:
    if not site.url:
        return Found(good=None, actual="nobody said where tablets reach it: --url")
    place = urlsplit(site.url)
    if place.scheme != "https" or not place.hostname:
        return Found(good=False, actual=f"{site.url} is not https")
    try:
        with (
            socket.create_connection((place.hostname, place.port or _HTTPS), timeout=10) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=place.hostname) as secured,
        ):
            version, until = secured.version(), str((secured.getpeercert() or {}).get("notAfter", ""))
    except OSError as error:
        return Found(good=False, actual=f"{place.hostname}: {error}")
    return Found(good=version in ("TLSv1.2", "TLSv1.3"), actual=f"{version}, the certificate is trusted until {until}")


def _cookies(site: Site) -> Found:
    if not site.url:
        return Found(good=None, actual="nobody said where tablets reach it: --url")
    try:
        answer = httpx.get(f"{site.url.rstrip('/')}/sign-in", timeout=10)
    except httpx.HTTPError as error:
        return Found(good=False, actual=f"it does not answer: {error}")
    cookie = answer.headers.get("set-cookie", "")
    problems = [f"the cookie lacks {part}" for part in _COOKIE if part.lower() not in cookie.lower()]
    problems += [f"the header {name} is missing" for name in _HEADERS if name not in answer.headers]
    return nothing_but(problems, f"the cookie is {', '.join(_COOKIE)}; {', '.join(_HEADERS)} are sent")


def _backups(site: Site) -> Found:
    if site.backups is None:
        return Found(good=None, actual="nobody said where copies lie: --backups")
    copies = [path for path in site.backups.glob("*") if path.is_file()]
    if not copies:
        return Found(good=False, actual=f"there is no copy in {site.backups}")
    newest = max(copies, key=lambda path: path.stat().st_mtime)
    age = time.time() - newest.stat().st_mtime
    elsewhere = newest.stat().st_dev != site.settings.folder.stat().st_dev
    where = "another disk" if elsewhere else "the same disk as the records"
    return Found(good=age < _A_DAY and elsewhere, actual=f"{newest.name}, {age / 3600:.1f} h old, on {where}")


def _witnesses(site: Site) -> Found:
    file = site.settings.folder / "seals.toml"
    if not file.exists():
        return Found(good=None, actual="no witness outside this machine is named (seals.toml)")
    try:
        named = tomllib.loads(file.read_text("utf-8")).get("witnesses", {})
        problems = [problem for name, told in named.items() if (problem := _unreachable(name, told, file.parent))]
    except (ValueError, AttributeError) as error:
        return Found(good=False, actual=f"seals.toml cannot be read: {error}")
    return (
        nothing_but(problems, f"{', '.join(named)}: in reach") if named else Found(good=False, actual="none is named")
    )


def _unreachable(name: str, told: dict[str, str], folder: Path) -> str:
    if "url" not in told:
        place = (folder / told.get("path", "")).parent
        return "" if place.is_dir() and os.access(place, os.W_OK) else f"{name}: {place} cannot be written"
    place_ = urlsplit(told["url"])
    port = place_.port or (_HTTPS if place_.scheme == "https" else _HTTP)
    try:
        socket.create_connection((place_.hostname or "", port), timeout=10).close()
    except OSError as error:
        return f"{name}: {error}"
    return ""


def _opened(site: Site) -> _Opened:
    return _Opened(site.settings.database_url)


class _Opened:
    """The installation's database, for one look."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def __enter__(self) -> Database:
        """Connect."""
        return self._database

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        self._database.dispose()


QUESTIONS = (
    Question("The program's files", "each file as released, and no other program among them", _files),
    Question("The packages", "each has the version that the lock names", _locked),
    Question("The packages' files", "each has the hash that its package gives it", _whole_packages),
    Question("The database", "SQLite or PostgreSQL, with its version", _engine),
    Question("The database keeps what it acknowledged", "it waits for the disk before it answers", _durable),
    Question("The schema", "of this version", _schema),
    Question("Tables and triggers", "as released, none switched off", _triggers),
    Question("Rights in the database", "the application's role cannot change or remove what is recorded", _rights),
    Question("The ledger", "whole, with every row and view as its lines say", _ledger),
    Question("What the site is", "a laboratory, on the machine's clock", _kind),
    Question("The settings", "each is one that the product has, none is a demonstration's", _variables),
    Question("The time zone", "the site's, said in so many words", _zone),
    Question("The machine's clock", "disciplined by time servers", _clock),
    Question("Secrets", "readable by their owner alone", _secrets),
    Question("The way to the tablets", "TLS 1.2 or newer, with a certificate that is trusted", _tls),
    Question("Cookies and headers", "as the hardening guide has them", _cookies),
    Question("Copies", "one of the last night, on another disk", _backups),
    Question("Witnesses of the seals", "named, and in reach", _witnesses),
)
