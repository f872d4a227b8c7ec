"""The check of the seals: every leaf held against its line, every checkpoint against the leaves, and against witnesses.

The roots are made again from the first leaf on, so that one pass shows each checkpoint to be the one over just those
lines, and any two to be consistent. It needs the public keys alone. Whoever owns the server, with all its secrets, can
rewrite lines, leaves and checkpoints so that they agree with each other again; not so that they agree with a witness.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, func, inspect, select

from mes.ledger import checkpoint as notes
from mes.ledger import merkle
from mes.ledger.seal_keys import announced, signer
from mes.ledger.seal_tables import checkpoint, leaf, node, witnessed
from mes.ledger.tables import book, line
from mes.ledger.verify import CHECKPOINT, Flaw
from mes.seals.file_witness import FileWitness
from mes.seals.records import standing
from mes.seals.witness import Known, Silent, Witness

_HEIGHT = 8  # a tile has 2 to the power of this many hashes
_STREAMED = {"stream_results": True, "yield_per": 5_000}


@dataclass
class Checked:
    """What was checked: leaves, checkpoints, lines that wait to be sealed, and every flaw."""

    leaves: int = 0
    sealed: int = 0
    checkpoints: int = 0
    waiting: int = 0
    compared: int = 0  # checkpoints that somebody else keeps
    flaws: list[Flaw] = field(default_factory=list)


def check_seals(
    connection: Connection, known: Iterable[Iterable[Known]] = (), keys: Sequence[notes.Key] = ()
) -> Checked:
    """Check the whole log. ``known`` are others' checkpoints, ``keys`` those to trust; without any, the announced."""
    if not inspect(connection).has_table(leaf.name):
        return Checked()
    walk = _Walk(connection, keys, [_Reader(iter(each)) for each in known])
    walk.all_leaves()
    walk.checked.waiting = _waiting(connection, walk.checked)
    return walk.checked


@dataclass
class _Reader:
    """Somebody else's checkpoints, read along with the leaves."""

    entries: Iterator[Known]
    next: Known | None = None
    done: bool = False

    def up_to(self, size: int | None) -> Iterator[Known]:
        """Give what is of at most this size; with None, all that is left."""
        while not self.done:
            if self.next is None:
                self.next = next(self.entries, None)
            if self.next is None:
                self.done = True
            elif size is None or self.next.note.checkpoint.size <= size:
                found, self.next = self.next, None
                yield found
            else:
                return


@dataclass
class _Agreed:
    """Up to which size a checkpoint agreed last, and which line is the first behind it."""

    size: int = 0
    first_since: str = ""

    @property
    def words(self) -> str:
        """Say where to begin to look."""
        return f": the first that may be wrong is leaf {self.size}, {self.first_since}" if self.first_since else ""


class _Walk:
    """One pass over the leaves."""

    def __init__(self, connection: Connection, keys: Sequence[notes.Key], others: Sequence[_Reader]) -> None:
        self.connection, self.keys, self.others = connection, keys, others
        self.checked = Checked()
        self.announced = announced(connection)
        self.log = merkle.Growing()
        self.nodes = {(row.tier, row.position): bytes(row.hash) for row in connection.execute(select(node))}
        rows = connection.execute(select(checkpoint).order_by(checkpoint.c.size), execution_options=_STREAMED)
        self.rows = iter(rows)
        self.row: Any = next(self.rows, None)
        self.own, self.theirs = _Agreed(), _Agreed()

    def all_leaves(self) -> None:
        """Walk, and look at every checkpoint as its size is reached; then at those that were never reached."""
        self._compare(0)
        for position, of, page, hashed, live in _leaves(self.connection):
            if position != self.log.size:
                self._flaw(of, page, f"leaf {self.log.size} of the log is missing")
                break
            self._leaf(of, page, bytes(hashed), live)
            self._look(position + 1)
        self.checked.leaves = self.log.size
        while self.row is not None:
            self._flaw(CHECKPOINT, self.row.size, f"it is of {self.row.size} lines, and the log has {self.log.size}")
            self.row = next(self.rows, None)
        for reader in self.others:
            for each in reader.up_to(None):
                self._missing(each)
        for tier, position in self.nodes:
            self._flaw(CHECKPOINT, position, f"the hash {position} of tier {tier} is of leaves that are not there")

    def _leaf(self, of: str, page: int, hashed: bytes, live: bytes | None) -> None:
        if live is None:
            self._flaw(of, page, "the page was sealed and is missing")
        elif bytes(live) != hashed:
            self._flaw(of, page, "its hash is not the one that was sealed")
        for agreed in (self.own, self.theirs):
            agreed.first_since = agreed.first_since or f"{of}, page {page}"
        for tier, over in enumerate(self.log.append(merkle.leaf_hash(hashed))[_HEIGHT::_HEIGHT], 1):
            self._kept_node(tier, (self.log.size >> _HEIGHT * tier) - 1, over)

    def _kept_node(self, tier: int, position: int, hashed: bytes) -> None:
        """Compare the hash kept over a whole tile with that of its leaves."""
        if self.nodes.pop((tier, position), None) != hashed:
            words = f"the hash kept over tile {position} of tier {tier} is not that of its leaves"
            self._flaw(CHECKPOINT, self.log.size, words)

    def _look(self, size: int) -> None:
        if self.row is not None and self.row.size <= size:
            self._own(self.row)
            self.row = next(self.rows, None)
        self._compare(size)

    def _own(self, row: Any) -> None:  # noqa: ANN401 - a row
        """Check one of our own checkpoints."""
        before, self.checked.sealed = self.checked.sealed, row.size
        self.checked.checkpoints += 1
        try:
            note = notes.read(row.note)
        except notes.NotACheckpoint as error:
            self._flaw(CHECKPOINT, row.size, str(error))
            return
        said = note.checkpoint
        if (said.size, said.root) != (row.size, bytes(row.root)):
            self._flaw(CHECKPOINT, row.size, "its note says something else than its row")
        if said.size != self.log.size or said.root != self.log.root:
            self._flaw(CHECKPOINT, row.size, f"its root is not that of the lines sealed in it{self.own.words}")
        else:
            self.own = _Agreed(self.log.size)
        self._signed(note, row.size, signer(self.announced, before, row.size))

    def _signed(self, note: notes.Note, size: int, key: notes.Key | None) -> None:
        if key is None or not note.is_signed_by(key) or note.checkpoint.origin != key.name:
            self._flaw(CHECKPOINT, size, "it is not signed by the key that was announced for it")
        elif self.keys and key not in self.keys:
            self._flaw(CHECKPOINT, size, f"it is signed by the key {key.id.hex()}, which is none of those given")

    def _compare(self, size: int) -> None:
        for reader in self.others:
            for each in reader.up_to(size):
                self.checked.compared += 1
                said = each.note.checkpoint
                if said.size < size:
                    self._flaw(CHECKPOINT, said.size, f"{each.where} goes back from {size} lines to {said.size}")
                elif said.root != (self.log.root if said.size else merkle.EMPTY):
                    words = f"{each.where} knows other lines{self.theirs.words}"
                    self._flaw(CHECKPOINT, said.size, f"{words}{self._unsigned(each.note)}")
                else:
                    self.theirs = _Agreed(self.log.size)

    def _missing(self, each: Known) -> None:
        self.checked.compared += 1
        size = each.note.checkpoint.size
        words = f"{each.where} has confirmed {size} lines, and the log has {self.log.size}"
        self._flaw(CHECKPOINT, size, f"{words}{self._unsigned(each.note)}")

    def _unsigned(self, note: notes.Note) -> str:
        keys = self.keys or [each.key for each in self.announced]
        if any(note.is_signed_by(key) for key in keys):
            return ""
        return " (what it keeps is signed by none of the laboratory's keys)"

    def _flaw(self, of: str, page: int, sentence: str) -> None:
        self.checked.flaws.append(Flaw(of, page, sentence))


def _leaves(connection: Connection) -> Iterator[tuple[int, str, int, bytes, bytes | None]]:
    joined = leaf.outerjoin(line, (line.c.book == leaf.c.book) & (line.c.page == leaf.c.page))
    columns = leaf.c.position, leaf.c.book, leaf.c.page, leaf.c.hash, line.c.hash.label("live")
    query = select(*columns).select_from(joined).order_by(leaf.c.position)
    for partition in connection.execute(query, execution_options=_STREAMED).partitions():
        yield from (tuple(row) for row in partition)


def _waiting(connection: Connection, checked: Checked) -> int:
    """Return how many lines wait to be sealed. A line that does not wait and is no leaf is a flaw."""
    ends = select(leaf.c.book, func.max(leaf.c.page).label("done"), func.count().label("found"))
    ends_ = ends.group_by(leaf.c.book).subquery()
    counted = select(
        func.coalesce(func.sum(book.c.pages), 0),
        func.coalesce(func.sum(func.coalesce(ends_.c.done, 0)), 0),
        func.coalesce(func.sum(func.coalesce(ends_.c.found, 0)), 0),
    ).select_from(book.outerjoin(ends_, ends_.c.book == book.c.name))
    pages, done, found = (int(number) for number in connection.execute(counted).one())
    if found != done:
        for each in connection.execute(_skipped(ends_)).all():
            checked.flaws.append(Flaw(each.book, each.page, "it was not sealed, and lines behind it were"))
    return pages - done


def _skipped(ends: Any) -> Select[tuple[str, int]]:  # noqa: ANN401 - a subquery
    """Return what asks for lines before the last sealed one of their book that are no leaves."""
    of_line = (leaf.c.book == line.c.book) & (leaf.c.page == line.c.page)
    joined = line.join(ends, (ends.c.book == line.c.book) & (line.c.page < ends.c.done)).outerjoin(leaf, of_line)
    return select(line.c.book, line.c.page).select_from(joined).where(leaf.c.position.is_(None)).limit(100)


def asked(witnesses: Sequence[Witness]) -> tuple[list[Iterable[Known]], list[str]]:
    """Ask witnesses for what they keep; return that, and a sentence for each that has nothing to show."""
    found, unasked = list[Iterable[Known]](), list[str]()
    for witness in witnesses:
        try:
            found.append(witness.known())
        except Silent as silent:
            unasked.append(f"Not compared with the witness {witness.name}: {silent}.")
    return found, unasked


def forgotten(connection: Connection, witnesses: Sequence[Witness]) -> Iterator[Flaw]:
    """Give every file that a witness is, and that does not know any more what the ledger says it confirmed."""
    if not inspect(connection).has_table(witnessed.name):
        return
    for witness in witnesses:
        confirmed = standing(connection, witness.name).size
        if isinstance(witness, FileWitness) and confirmed and (gone := witness.forgot(confirmed)):
            yield Flaw(CHECKPOINT, confirmed, f"the witness {witness.name} confirmed it, and {gone}")


def wrong_answers(connection: Connection, witnesses: Sequence[Witness]) -> Iterator[Flaw]:
    """Give every answer of a witness that does not prove what it was kept for: a signature, a time stamp."""
    if not inspect(connection).has_table(witnessed.name):
        return
    by_name = {each.name: each for each in witnesses}
    of_checkpoint = witnessed.outerjoin(checkpoint, checkpoint.c.size == witnessed.c.size)
    columns = witnessed.c.witness, witnessed.c.size, witnessed.c.answer, checkpoint.c.note
    query = select(*columns).select_from(of_checkpoint).where(witnessed.c.problem == "").order_by(witnessed.c.number)
    for name, size, answer, note in connection.execute(query, execution_options=_STREAMED):
        if note is None:
            yield Flaw(CHECKPOINT, size, f"the witness {name} confirmed it, and it is not there")
        elif name in by_name and not by_name[name].proves(answer, note):
            yield Flaw(CHECKPOINT, size, f"what the witness {name} answered does not confirm it")
