"""A disk whose power goes: SQLite writes through a file layer that remembers every write, sync and truncation in order.

At a cut, what was synced is there. Of what was written since, each sector of 512 bytes is there or is not, as chance
has it: so writes are lost, torn, and reach the disk in any order. Shared memory has no such file layer, so SQLite
works in exclusive locking mode here; all its other pragmas are the ones that we ship.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import apsw
from sqlalchemy import Connection, Engine, event

from mes import db

SECTOR = 512

Write = tuple[int, bytes]  # offset, bytes; a truncation has offset -1 and its size in eight bytes
Happened = tuple[str, str, Write]  # what, the file's name, what was written


@dataclass
class Spoken:
    """What the application said to its database, transaction by transaction, as its driver heard it."""

    transactions: list[list[tuple[str, Any, bool]]] = field(default_factory=list)
    _open: list[tuple[str, Any, bool]] = field(default_factory=list)

    def listen(self, engine: Engine) -> None:
        """Write down what an engine says from now on."""
        event.listen(engine, "before_cursor_execute", self._statement)
        event.listen(engine, "commit", self._commit)
        event.listen(engine, "rollback", lambda _: self._open.clear())

    def _statement(self, *told: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        _, _, statement, parameters, _, many = told
        self._open.append((statement, parameters, many))

    def _commit(self, _: Connection) -> None:
        self.transactions.append(self._open.copy())
        self._open.clear()


class _Layer(apsw.VFS):
    def __init__(self, tape: list[Happened]) -> None:
        self.tape = tape
        super().__init__("remembers", base="")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: ANN401, N802 - apsw's
        return _File(self.tape, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: FBT001, N802 - apsw's
        self.tape.append(("delete", Path(filename).name, (0, b"")))
        super().xDelete(filename, syncdir)


class _File(apsw.VFSFile):
    def __init__(self, tape: list[Happened], name: Any, flags: list[int]) -> None:  # noqa: ANN401 - apsw's
        self.tape, self.name = tape, Path(name.filename() if hasattr(name, "filename") else name or "temporary").name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - apsw's
        self.tape.append(("write", self.name, (offset, bytes(data))))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - apsw's
        self.tape.append(("write", self.name, (-1, newsize.to_bytes(8))))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 - apsw's
        super().xSync(flags)
        self.tape.append(("sync", self.name, (0, b"")))


def replayed(spoken: Spoken, file: Path, weaker: Sequence[str] = ()) -> list[Happened]:
    """Say it all again to a database file on the remembering disk; return what happened there, with each COMMIT."""
    tape: list[Happened] = []
    layer = _Layer(tape)
    connection = apsw.Connection(str(file), vfs="remembers")
    for pragma in ("locking_mode=EXCLUSIVE", *db._PRAGMAS, *weaker):
        connection.execute(f"PRAGMA {pragma}")
    for transaction in spoken.transactions:
        for statement, parameters, many in transaction:
            (connection.executemany if many else connection.execute)(statement, parameters)
        connection.execute("COMMIT")
        tape.append(("committed", "", (0, b"")))
    tape.append(("end", "", (0, b"")))
    connection.close()
    layer.unregister()
    return tape[: tape.index(("end", "", (0, b"")))]


class Disk:
    """What is on the disk, and what is on its way there."""

    def __init__(self, file: Path) -> None:
        self.files = {file.name: bytearray(file.read_bytes())}
        self.loose: dict[str, list[Write]] = defaultdict(list)
        self.commits = 0

    def happen(self, happened: Happened) -> None:
        """Let one more thing happen."""
        what, name, write = happened
        if what == "committed":
            self.commits += 1
        elif what == "write":
            self.loose[name].append(write)
        elif what == "delete":
            self.files.pop(name, None)
            self.loose.pop(name, None)
        elif what == "sync":
            kept = self.files.setdefault(name, bytearray())
            for each in self.loose.pop(name, []):
                put(kept, each)

    def cut(self, luck: Random, into: Path) -> None:
        """Cut the power, and write what is then there into a folder."""
        share = luck.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        for name in {*self.files, *self.loose}:
            there = bytearray(self.files.get(name, b""))
            for write in self.loose.get(name, []):
                for part in sectors(write):
                    if luck.random() < share:
                        put(there, part)
            (into / name).write_bytes(there)


def sectors(write: Write) -> list[Write]:
    """Return a write in parts, each of which a disk writes whole or not at all."""
    offset, data = write
    if offset < 0:
        return [write]
    ends = range(SECTOR - offset % SECTOR, len(data) + SECTOR, SECTOR)
    starts = [0, *(end for end in ends if end < len(data))]
    return [(offset + start, data[start:end]) for start, end in zip(starts, [*starts[1:], len(data)], strict=True)]


def put(content: bytearray, write: Write) -> None:
    """Write into the content of a file, or cut it off."""
    offset, data = write
    if offset < 0:
        del content[int.from_bytes(data) :]
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data
