"""A witness on another machine, over HTTP: C2SP tlog-witness, as `./lab witness` and others speak it."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import httpx

from mes.ledger.checkpoint import Key, NotACheckpoint, read
from mes.seals.witness import Contradicted, Known, Silent, Told, not_answered

_PATIENCE = httpx.Timeout(5.0, connect=2.0)
_SIZE = "text/x.tlog.size"
_SAID = {
    400: "it did not understand what it was told",
    403: "it does not know the key that signed: has it been told the newest?",
    404: "it does not know this log: has it been told the key?",
}
_CONTRADICTS = {
    409: "it has confirmed as many lines as there are, and they were other ones",
    422: "the lines that it has confirmed are not those with which the ledger begins now",
}


@dataclass(frozen=True)
class MachineWitness:
    """Another machine with a key of its own. It checks by itself that the log only grew."""

    name: str
    url: str
    key: Key
    every = timedelta(0)

    @property
    def words(self) -> str:
        """What and where it is."""
        return f"another machine, {self.url}"

    def confirm(self, told: Told) -> str:
        """Return its signature, with the time, under the checkpoint."""
        answer = self._told(told, min(told.confirmed, told.sealed.size))
        if answer.status_code == 409 and answer.headers.get("content-type", "").startswith(_SIZE):
            size = _size(answer.text.strip(), told.sealed.size)
            if size < told.confirmed:
                raise Contradicted(f"it has confirmed {told.confirmed:,} lines, and now knows only {size:,}")
            answer = self._told(told, size)
        if answer.status_code in _CONTRADICTS:
            raise Contradicted(_CONTRADICTS[answer.status_code])
        if answer.status_code != 200:
            raise Silent(_SAID.get(answer.status_code, f"it answered {answer.status_code}"))
        if not self.proves(answer.text, told.sealed.note):
            raise Silent("what it answered is not its signature")
        return answer.text

    def proves(self, answer: str, note: str) -> bool:
        """Say whether its signature is under this checkpoint."""
        try:
            return read(note + answer).cosigned_at(self.key) is not None
        except NotACheckpoint:
            return False

    def signature(self, answer: str, note: str) -> str:
        """Return the row of an answer that is its signature under a checkpoint; nothing where none is."""
        return next((row for row in answer.splitlines(keepends=True) if self.proves(row, note)), "")

    def known(self) -> Iterable[Known]:
        """Say that it shows nothing: the protocol has no way to ask. Its file can be carried here."""
        raise Silent("it gives signatures alone; compare with its file: ./lab verify --witness FILE")

    def _told(self, told: Told, old: int) -> httpx.Response:
        try:
            with httpx.Client(timeout=_PATIENCE, trust_env=False) as client:
                return client.post(f"{self.url}/add-checkpoint", content=submission(told, old))
        except httpx.HTTPError as error:
            raise Silent(f"{self.url} {not_answered(error)}") from None


def submission(told: Told, old: int) -> bytes:
    """Return what is sent: the size that the witness knows, the proof from there on, the checkpoint."""
    proof = [f"{base64.b64encode(each).decode()}\n" for each in told.consistency(old)]
    return f"old {old}\n{''.join(proof)}\n{told.sealed.note}".encode()


def _size(text: str, ours: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise Silent("it answered with no number of lines")
    if int(text) > ours:
        raise Contradicted(f"it has confirmed {int(text):,} lines, and there are only {ours:,}")
    return int(text)
