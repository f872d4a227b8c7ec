"""The seal of an archive: the checkpoint, who signed and confirmed it, proofs for lines that no other vouches for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, select

from mes.archive.gather import Gathered, KeptLine
from mes.batches.folds import book_of
from mes.context import installation
from mes.ledger import checkpoint as notes
from mes.ledger.log import Log, Sealed, newest
from mes.ledger.seal_keys import announced
from mes.ledger.seal_tables import leaf
from mes.seals.machine_witness import MachineWitness
from mes.seals.records import confirmations


@dataclass(frozen=True)
class Seal:
    """What vouches for an archive's lines; all of it is empty where nothing was sealed yet."""

    checkpoint: str = ""
    keys: str = ""
    proofs: str = ""


def sealed_pages(connection: Connection, batch: str) -> int:
    """Return how many pages of a batch's book a checkpoint covers."""
    last = newest(connection)
    covered = leaf.c.position < (last.size if last else 0)
    query = select(func.max(leaf.c.page)).where(leaf.c.book == book_of(batch), covered)
    return connection.execute(query).scalar() or 0


def sealed(connection: Connection, gathered: Gathered) -> tuple[Gathered, Seal]:
    """Return what can be proved of what was gathered, with its seal."""
    last = newest(connection)
    if last is None:
        return gathered, Seal()
    log, proofs = Log(connection), list[str]()
    ends = list(gathered.ends)
    while ends:
        line = ends.pop()
        position = _position(connection, line, last.size)
        if position is not None:
            path = log.inclusion(position, last.size)
            proofs.append(" ".join([line.hash, str(position), *(each.hex() for each in path)]))
        elif line.book != book_of(gathered.batch):  # it came after the checkpoint: the record does not rest on it
            gathered = replace(gathered, lines=tuple(each for each in gathered.lines if each is not line))
            ends += [each for each in gathered.lines if each.hash == line.previous]
    note, witnesses = _cosigned(connection, last)
    keys = _keys(connection, last.note) + "".join(f"{each}\n" for each in witnesses)
    return gathered, Seal(note, keys, "".join(f"{each}\n" for each in sorted(proofs)))


def _cosigned(connection: Connection, last: Sealed) -> tuple[str, list[notes.Key]]:
    """Return a checkpoint with the first signature that each machine gave to it as a witness, and their keys."""
    note, keys = last.note, list[notes.Key]()
    for witness in installation().sealing.witnesses:
        if isinstance(witness, MachineWitness) and witness.key not in keys:
            answers = confirmations(connection, witness.name, last.size)
            if line := next(filter(None, (witness.signature(answer, last.note) for answer in answers)), ""):
                note, keys = note + line, [*keys, witness.key]
    return note, keys


def _position(connection: Connection, line: KeptLine, size: int) -> int | None:
    query = select(leaf.c.position).where(leaf.c.book == line.book, leaf.c.page == line.page, leaf.c.position < size)
    found: int | None = connection.execute(query).scalar()
    return found


def _keys(connection: Connection, note: str) -> str:
    read = notes.read(note)
    return "".join(f"{each.key}\n" for each in announced(connection) if read.is_signed_by(each.key))
