"""A witness of other machines' logs, after C2SP tlog-witness: what it answers, and what it keeps.

It keeps its state in one folder: ``witness.key`` (its own, secret), ``logs`` (the key of each log it serves, one a
line) and for each log a file of the checkpoints it confirmed. Looking at what it knows, checking and writing happen
while that file is held, and the answer leaves when the line is on disk: of two that come at once one is first, and
nothing that was confirmed is forgotten in a crash.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mes.ledger import merkle
from mes.ledger.checkpoint import COSIGNATURE, Key, NotACheckpoint, Note, SecretKey, cosign, read
from mes.ledger.seal_keys import keep_secret
from mes.seals.note_file import NoteFile

LARGEST = 64 * 1024  # bytes of a request
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_PROOFS = 63
_PLAIN, _SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"


@dataclass(frozen=True)
class Answer:
    """What is answered: HTTP's number for it, a text, and the text's type."""

    status: int
    text: str
    type: str = _PLAIN


class _Refused(Exception):  # noqa: N818 - an answer
    """The request is not carried out; the answer says why."""

    def __init__(self, status: int, text: str, type_: str = _PLAIN) -> None:
        super().__init__(text)
        self.answer = Answer(status, f"{text}\n", type_)


@dataclass(frozen=True)
class _Submission:
    """What was sent: the size from which on there is a proof, the proof, the checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    text: str


class Witnessing:
    """The witness in one folder. Any number of threads and processes may answer for it."""

    def __init__(self, folder: Path, clock: Callable[[], datetime], name: str = "witness") -> None:
        self.folder, self.clock = folder, clock
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / "witness.key"
        if not file.exists():
            keep_secret(file, SecretKey.new(name, COSIGNATURE).written())
        self._secret = SecretKey.read(file.read_text("utf-8"))

    @property
    def key(self) -> Key:
        """What the laboratory checks our signatures with."""
        return self._secret.public

    def trust(self, key: Key) -> None:
        """Serve a log from now on, or another key of one that is served."""
        if key not in self._trusted():
            with (self.folder / "logs").open("a", encoding="utf-8") as file:
                file.write(f"{key}\n")

    def file_of(self, origin: str) -> Path:
        """Return where the checkpoints of a log are kept."""
        return self.folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:16]}.jsonl"

    def add_checkpoint(self, request: bytes) -> Answer:
        """Confirm a checkpoint, or say why not."""
        try:
            sent = _parsed(request)
            self._must_be_known(sent.note)
            with NoteFile.held(self.file_of(sent.note.checkpoint.origin)) as file:
                _must_grow(file.last.note if file.last else None, sent)
                at = self.clock()
                file.append(sent.text, at)
            return Answer(200, cosign(sent.note, self._secret, int(at.timestamp())))
        except _Refused as refused:
            return refused.answer

    def _must_be_known(self, note: Note) -> None:
        keys = [key for key in self._trusted() if key.name == note.checkpoint.origin]
        if not keys:
            raise _Refused(404, "this log is not known here")
        if not any(note.is_signed_by(key) for key in keys):
            raise _Refused(403, "no known key of this log signed this")

    def _trusted(self) -> list[Key]:
        """Read the keys anew each time: one that was added counts at once."""
        file = self.folder / "logs"
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        return [Key.read(line) for line in lines if line.strip()]


def _must_grow(last: Note | None, sent: _Submission) -> None:
    known, new = (last.checkpoint if last else None), sent.note.checkpoint
    size, root = (known.size, known.root) if known else (0, merkle.EMPTY)
    if sent.old != size:
        raise _Refused(409, str(size), _SIZE)
    if size == new.size and root != new.root:
        raise _Refused(409, "another root is known for this size")
    if not merkle.is_consistent(size, new.size, sent.proof, root, new.root):
        raise _Refused(422, "the proof does not lead from the log as it was to this one")


def _parsed(request: bytes) -> _Submission:
    try:
        head, divided, text = request.decode().partition("\n\n")
        first, *lines = head.split("\n")
        old = _OLD.fullmatch(first)
        if not divided or not old or len(lines) > _PROOFS:
            raise _Refused(400, "this is no checkpoint with its proof")
        proof = tuple(base64.b64decode(line, validate=True) for line in lines)
        sent = _Submission(int(old[1]), proof, read(text), text)
    except (UnicodeDecodeError, binascii.Error, NotACheckpoint) as error:
        raise _Refused(400, f"this is no checkpoint with its proof: {error}") from None
    if sent.old > sent.note.checkpoint.size:
        raise _Refused(400, "the old size is larger than the checkpoint's")
    return sent
