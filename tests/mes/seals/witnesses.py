"""Witnesses that really answer, for tests: one on a port, and a log that tells it things."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mes.cli.witness import serving
from mes.ledger import merkle
from mes.ledger.checkpoint import Checkpoint, SecretKey, sign
from mes.seals.witnessing import Witnessing
from tests.mes.laboratory import Laboratory, Time


@dataclass
class Teller:
    """A log of so many leaves, and what it would tell a witness."""

    key: SecretKey = field(default_factory=lambda: SecretKey.new("example.org/laboratory"))
    salt: int = 0  # another salt is another log of the same name

    def node(self, level: int, index: int) -> bytes:
        """Return the hash over a complete subtree."""
        numbers = range(index << level, (index + 1) << level)
        leaves = [bytes([self.salt]) + number.to_bytes(31, "big") for number in numbers]
        return merkle.complete([merkle.leaf_hash(each) for each in leaves])

    def note(self, size: int, key: SecretKey | None = None) -> str:
        """Return the signed checkpoint of a size."""
        return sign(Checkpoint(self.key.name, size, merkle.root(self.node, size)), key or self.key)

    def request(self, old: int, size: int, *, key: SecretKey | None = None, proof: list[bytes] | None = None) -> bytes:
        """Return what is sent."""
        made = proof if proof is not None else merkle.consistency(self.node, old, size) if old <= size else ()
        lines = "".join(f"{base64.b64encode(each).decode()}\n" for each in made)
        return f"old {old}\n{lines}\n{self.note(size, key)}".encode()


@contextmanager
def listening(witness: Witnessing) -> Iterator[str]:
    """Have a witness answer on a port of loopback; give its address."""
    server = serving(witness, "127.0.0.1", 0)
    server.RequestHandlerClass.log_message = lambda *_: None  # type: ignore[method-assign,assignment] # quiet in tests
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def configure(lab: Laboratory, text: str) -> None:
    """Have a laboratory use the witnesses that a file names."""
    (lab.folder / "seals.toml").write_text(text, "utf-8")
    vars(lab.installation.sealing).pop("witnesses", None)


def witness_in(folder: Path) -> Witnessing:
    """Return a witness with its state in a folder."""
    return Witnessing(folder / "witness", Time(), "witness.example")
