"""A checkpoint of the log, as text that others can check: C2SP tlog-checkpoint in a C2SP signed note. Pure.

    origin                         which log
    123                            how many leaves
    base64 of the root

    — key's name base64            a signature: key id (4 bytes) ‖ Ed25519 over all lines above the empty one

A key id is the beginning of SHA-256(name ‖ 0x0A ‖ algorithm ‖ public key). A witness signs the same lines with the
time before them (C2SP tlog-cosignature). A key is written ``name+key id+base64(algorithm ‖ key)``, as Go's notes do.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from mes.ledger.merkle import LARGEST

NOTE, COSIGNATURE = 0x01, 0x04  # what signs: the log itself, or a witness with the time
_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_MOST = 16  # signatures on one note: a sane note has a handful, and each costs its reader


class NotACheckpoint(ValueError):  # noqa: N818 - an answer about what was read
    """What was read is no checkpoint, no key, or not signed by who should have signed it."""


@dataclass(frozen=True)
class Key:
    """A public key with its name, and what it signs."""

    name: str
    public: bytes
    algorithm: int = NOTE

    def __post_init__(self) -> None:
        """Refuse what is no key."""
        if not _NAME.fullmatch(self.name) or len(self.public) != 32 or self.algorithm not in (NOTE, COSIGNATURE):
            raise NotACheckpoint("this is no key that signs checkpoints")

    @property
    def id(self) -> bytes:
        """The key's id."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public).digest()[:4]

    def __str__(self) -> str:
        """Write the key as it is given to others."""
        return f"{self.name}+{self.id.hex()}+{_text(bytes([self.algorithm]) + self.public)}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a key that was written so. Raise `NotACheckpoint`."""
        name, _, rest = text.strip().partition("+")
        id_, _, content = rest.partition("+")
        raw = _bytes(content)
        key = cls(name, raw[1:], raw[0] if raw else 0)
        if key.id.hex() != id_:
            raise NotACheckpoint("the key's id is not the one of its name and its bytes")
        return key

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Say whether a signature is this key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class SecretKey:
    """A key that signs. What it consists of is shown nowhere."""

    name: str
    secret: bytes = field(repr=False)
    algorithm: int = NOTE

    @classmethod
    def new(cls, name: str, algorithm: int = NOTE) -> Self:
        """Make a key."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw(), algorithm)

    @property
    def public(self) -> Key:
        """What others check with."""
        key = Ed25519PrivateKey.from_private_bytes(self.secret).public_key()
        return Key(self.name, key.public_bytes_raw(), self.algorithm)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message."""
        return Ed25519PrivateKey.from_private_bytes(self.secret).sign(message)

    def written(self) -> str:
        """Write the key as it is kept."""
        content = _text(bytes([self.algorithm]) + self.secret)
        return f"PRIVATE+KEY+{self.name}+{self.public.id.hex()}+{content}\n"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a key that was kept so. Raise `NotACheckpoint`, which says nothing of what stood there."""
        parts = text.strip().split("+", 4)
        raw = _bytes(parts[4]) if len(parts) == 5 else b""
        if parts[:2] != ["PRIVATE", "KEY"] or len(raw) != 33:
            raise NotACheckpoint("this is no key that signs checkpoints")
        key = cls(parts[2], raw[1:], raw[0])
        if key.public.id.hex() != parts[3]:
            raise NotACheckpoint("the key's id is not the one of its name and its bytes")
        return key


@dataclass(frozen=True)
class Checkpoint:
    """How many leaves a log had, and their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The lines that are signed."""
        return f"{self.origin}\n{self.size}\n{_text(self.root)}\n"


@dataclass(frozen=True)
class Note:
    """A checkpoint with its signatures, as read; that it was read says nothing of who signed it."""

    checkpoint: Checkpoint
    text: str  # what was signed
    signatures: tuple[tuple[str, bytes], ...]  # the key's name; key id and signature

    def is_signed_by(self, key: Key) -> bool:
        """Say whether the log's key signed this."""
        if key.algorithm != NOTE:
            return False
        return any(key.verify(signature, self.text.encode()) for signature in self._of(key))

    def cosigned_at(self, key: Key) -> int | None:
        """Return when a witness signed this, in seconds since 1970; None where it did not. The latest counts."""
        found = []
        for content in self._of(key) if key.algorithm == COSIGNATURE else ():
            at, signature = int.from_bytes(content[:8], "big"), content[8:]
            if key.verify(signature, _cosigned(at, self.text)):
                found.append(at)
        return max(found, default=None)

    def _of(self, key: Key) -> list[bytes]:
        return [content[4:] for name, content in self.signatures if name == key.name and content[:4] == key.id]


def sign(checkpoint: Checkpoint, key: SecretKey) -> str:
    """Return a checkpoint as a note signed by the log's key."""
    if not _NAME.fullmatch(checkpoint.origin):
        raise NotACheckpoint("a log's name has neither spaces nor a plus")
    return f"{checkpoint.text}\n{_line(key, key.sign(checkpoint.text.encode()))}"


def cosign(note: Note, key: SecretKey, at: int) -> str:
    """Return a witness's line under a note: it saw this checkpoint at that second since 1970."""
    return _line(key, at.to_bytes(8, "big") + key.sign(_cosigned(at, note.text)))


def read(text: str) -> Note:
    """Read a note. Raise `NotACheckpoint` where it is none, or is written in a way that could be read as another."""
    if _CONTROL.search(text) or not text.endswith("\n"):
        raise NotACheckpoint("this is no signed note")
    body, divided, below = text.rpartition("\n\n")
    lines = below.removesuffix("\n").split("\n")
    found = [_SIGNATURE.fullmatch(line) for line in lines]
    if not divided or not lines or len(lines) > _MOST or not all(found):
        raise NotACheckpoint("this is no signed note")
    signatures = tuple((match[1], _bytes(match[2])) for match in found if match)
    return Note(_checkpoint(body), f"{body}\n", signatures)


def _checkpoint(body: str) -> Checkpoint:
    lines = body.split("\n")
    if len(lines) < 3 or not all(lines) or not _SIZE.fullmatch(lines[1]) or int(lines[1]) > LARGEST:
        raise NotACheckpoint("this note is no checkpoint")
    root = _bytes(lines[2])
    if len(root) != 32:
        raise NotACheckpoint("this checkpoint has no root")
    return Checkpoint(lines[0], int(lines[1]), root)


def _cosigned(at: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _line(key: SecretKey, signature: bytes) -> str:
    return f"— {key.name} {_text(key.public.id + signature)}\n"


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    """Return what a base64 says; there is one way to write it, so that no two texts say the same."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotACheckpoint("this is no base64") from None
    if _text(raw) != text:
        raise NotACheckpoint("this base64 is not written in its one way")
    return raw
