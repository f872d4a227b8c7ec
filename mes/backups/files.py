"""One file with everything in it: the database, the files beside it, the settings, and a manifest that knows them all.

It is a plain tar archive, that anybody can open in thirty years. Secrets are never in it in clear: they go in sealed
with a passphrase, where one is given (scrypt and Fernet), and otherwise not at all, which the manifest says.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import secrets
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from sqlalchemy.engine import make_url

MANIFEST, SETTINGS, SEALED = "manifest.json", "settings.env", "secrets.sealed"
_SQLITE = b"SQLite format 3\0"  # the records are copied by themselves, and a spool never comes from a copy
_BESIDE = ("-wal", "-shm", "-journal")
_NOT_KEPT = ("logs", "before-", ".restore-")  # nor what a restore put aside
_SECRET_NAMES = ("*.key", "*.token", "*.password", "token", "passphrase", "secrets/*")
_SECRET_WORDS = ("KEY", "TOKEN", "PASSWORD", "SECRET")
_SALT = 16


class NotACopy(Exception):  # noqa: N818 - an answer, not an error
    """A file is no backup, or no whole one; the sentence says what is wrong."""


@dataclass(frozen=True)
class Kept:
    """The files of a folder that belong to the records: those for anybody, and the secrets."""

    open: tuple[Path, ...]
    secret: tuple[Path, ...]


def kept(folder: Path) -> Kept:
    """Return what belongs into a backup, relative to the folder. Databases are copied by themselves."""
    found = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    wanted = [name for name in found if not name.parts[0].startswith(_NOT_KEPT) and not _is_database(folder / name)]
    hidden = tuple(name for name in wanted if _is_secret(folder, name))
    return Kept(tuple(name for name in wanted if name not in hidden), hidden)


def _is_database(file: Path) -> bool:
    if file.name.endswith(_BESIDE):
        return True
    with file.open("rb") as content:
        return content.read(len(_SQLITE)) == _SQLITE


def _is_secret(folder: Path, name: Path) -> bool:
    if any(name.match(pattern) for pattern in _SECRET_NAMES):
        return True
    with (folder / name).open("rb") as file:
        return b"PRIVATE KEY" in file.read(4_096)


def settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the site's settings, without what nobody may read."""
    told = {name: value for name, value in environment.items() if name.startswith("MES_")}
    if url := told.get("MES_DATABASE_URL"):
        told["MES_DATABASE_URL"] = make_url(url).render_as_string(hide_password=True)
    return {
        name: "(not shown)" if any(word in name for word in _SECRET_WORDS) else value for name, value in told.items()
    }


def pack(target: Path, parts: Mapping[str, Path | bytes], about: Mapping[str, Any]) -> None:
    """Write a copy into a new file: its parts, then the manifest with the digest of each. It is on disk on return."""
    noted: dict[str, dict[str, object]] = {}
    with target.open("xb") as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            for name, part in parts.items():
                noted[name] = _add(archive, name, part)
            text = json.dumps({**about, "parts": noted}, indent=1, sort_keys=True).encode()
            _add(archive, MANIFEST, text)
        file.flush()
        os.fsync(file.fileno())


def _add(archive: tarfile.TarFile, name: str, part: Path | bytes) -> dict[str, object]:
    info = tarfile.TarInfo(name)
    info.mode = 0o600
    if isinstance(part, bytes):
        info.size = len(part)
        archive.addfile(info, io.BytesIO(part))
        return {"size": len(part), "sha256": hashlib.sha256(part).hexdigest()}
    with part.open("rb") as content:
        info.size = os.fstat(content.fileno()).st_size
        info.mtime = int(os.fstat(content.fileno()).st_mtime)
        archive.addfile(info, content)
    return {"size": info.size, "sha256": digest_of(part)}


def unpack(source: Path, into: Path) -> dict[str, Any]:
    """Read a copy into an empty folder, every part held against its digest; return the manifest. Raise `NotACopy`."""
    try:
        with tarfile.open(source) as archive:
            for member in archive:
                _write(archive, member, into)
        manifest: dict[str, Any] = json.loads((into / MANIFEST).read_text())
        noted = dict(manifest["parts"])
    except (tarfile.TarError, OSError, ValueError, KeyError, TypeError) as error:
        raise NotACopy(f"{source} is no backup, or not a whole one: {error}") from None
    for name, part in noted.items():
        file = into / name
        if not file.exists() or digest_of(file) != part["sha256"]:
            raise NotACopy(f"{name} in {source} is not what was copied")
    if strange := sorted(_names(into) - set(noted) - {MANIFEST}):
        raise NotACopy(f"{strange[0]} was added to {source} after it was made")
    return manifest


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, into: Path) -> None:
    name = PurePosixPath(member.name)
    content = archive.extractfile(member) if member.isfile() else None
    if content is None or name.is_absolute() or ".." in name.parts:
        raise NotACopy(f"{member.name} is nothing that a backup holds")
    file = into / name
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("xb") as target:
        while block := content.read(1 << 20):
            target.write(block)


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def seal(folder: Path, names: tuple[Path, ...], passphrase: str) -> bytes:
    """Return secrets as bytes that only the passphrase opens."""
    salt = secrets.token_bytes(_SALT)
    content = {name.as_posix(): base64.b64encode((folder / name).read_bytes()).decode() for name in names}
    return salt + _box(passphrase, salt).encrypt(json.dumps(content).encode())


def unseal(sealed: bytes, passphrase: str) -> Iterator[tuple[str, bytes]]:
    """Give the secrets again, by name. Raise `NotACopy` where the passphrase is another."""
    try:
        content = json.loads(_box(passphrase, sealed[:_SALT]).decrypt(sealed[_SALT:]))
    except InvalidToken:
        raise NotACopy("the passphrase does not open the secrets of this backup") from None
    yield from ((name, base64.b64decode(text)) for name, text in content.items())


def _box(passphrase: str, salt: bytes) -> Fernet:
    derived = Scrypt(salt=salt, length=32, n=2**16, r=8, p=1).derive(passphrase.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
