"""A ledger under attack: what somebody who owns the database can do to it, and a laboratory worth attacking."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from batch_records.executed.commands import AddComment
from mes.execute import Forbidden
from mes.ledger import checkpoint as notes
from mes.ledger import merkle
from mes.ledger.line import ZERO, canonical, line_hash
from mes.ledger.seal_keys import Keyring, announced
from mes.ledger.vouched import message
from mes.materials.commands import ReceiveLot
from mes.seals.commands import Seal
from tests.cast import ALICE, MALLORY
from tests.mes.laboratory import CLOCK, COI, OTHER_COI, Dba, Laboratory
from tests.mes.played import Played

BOOK, OTHER = "batch:B26-0001", "batch:B26-0002"


@dataclass
class Scene:
    """The database with its triggers off, and chance, which picks the victims."""

    lab: Laboratory
    dba: Dba
    chance: Random
    victim: tuple[str, int] = ("", 0)  # the first line that is not as it was

    # --- looking ------------------------------------------------------------------------------------------------

    def pages(self, book: str) -> list[int]:
        """Return the pages of a book."""
        return sorted(self.dba.all("SELECT page FROM line WHERE book = :b", b=book))

    def pick(self, book: str = BOOK, *, spare: int = 1) -> int:
        """Pick a page to attack, and remember it; ``spare`` pages stay behind it."""
        page = self.chance.choice(self.pages(book)[1:-spare])
        self.victim = (book, page)
        return page

    def text(self, book: str, page: int) -> str:
        """Return a line's text."""
        return str(self.dba.ask("SELECT text FROM line WHERE book = :b AND page = :p", b=book, p=page))

    def content(self, book: str, page: int) -> dict[str, Any]:
        """Return what a line says."""
        return dict(json.loads(self.text(book, page)))

    def hash(self, book: str, page: int) -> bytes:
        """Return a line's hash."""
        return bytes(self.dba.ask("SELECT hash FROM line WHERE book = :b AND page = :p", b=book, p=page))

    def servers_key(self) -> notes.SecretKey:
        """Return the server's own key, as root reads it."""
        return Keyring(self.lab.folder).secret(announced(self.dba.connection)[-1].key)

    # --- doing --------------------------------------------------------------------------------------------------

    def delete(self, book: str, page: int) -> None:
        """Delete a line."""
        self.dba.run("DELETE FROM line WHERE book = :b AND page = :p", b=book, p=page)

    def move(self, book: str, old: int, new: int) -> None:
        """Give a line another page."""
        self.dba.run("UPDATE line SET page = :new WHERE book = :b AND page = :p", b=book, p=old, new=new)

    def say(self, book: str, page: int, content: dict[str, Any]) -> None:
        """Have a line say something else; its hash stays."""
        values = {"t": canonical(content), "a": content["author"], "at": content["at"], "k": content["kind"]}
        self.dba.run(
            "UPDATE line SET text = :t, author = :a, at = :at, kind = :k WHERE book = :b AND page = :p",
            **values,
            b=book,
            p=page,
        )

    def put(self, book: str, page: int, content: dict[str, Any]) -> bytes:
        """Write a line with a right hash after the page before, and return its hash."""
        text, previous = canonical(content), self.hash(book, page - 1)
        hashed = line_hash(previous, text)
        stands = {"b": book, "p": page, "k": content["kind"], "a": content["author"], "at": content["at"]}
        statement = "INSERT INTO line VALUES (:b, :p, :k, :a, :at, :text, :previous, :hash)"
        self.dba.run(statement, **stands, text=text, previous=previous, hash=hashed)
        return hashed

    def append(self, book: str, content: dict[str, Any]) -> None:
        """Write a line behind the last of a book, with right hashes and head."""
        page = self.pages(book)[-1] + 1
        self.victim = (book, page)
        self.head(book, page, self.put(book, page, content))

    def head(self, book: str, pages: int, hashed: bytes) -> None:
        """Have a book end with a page."""
        self.dba.run("UPDATE book SET pages = :p, head = :h WHERE name = :b", p=pages, h=hashed, b=book)

    def rewrite(self, book: str) -> None:
        """Make every hash of a book anew, as its texts now stand, and its head."""
        previous, anew = ZERO, {}
        for page in self.pages(book):
            was, content = self.hash(book, page).hex(), self.content(book, page)
            if content.get("signed", {}).get("seen") in anew:  # else a signature names a line that is gone
                content["signed"]["seen"] = anew[content["signed"]["seen"]]
                self.say(book, page, content)
            hashed = line_hash(previous, self.text(book, page))
            anew[was] = hashed.hex()
            self.dba.run(
                "UPDATE line SET previous = :v, hash = :h WHERE book = :b AND page = :p",
                v=previous,
                h=hashed,
                b=book,
                p=page,
            )
            previous = hashed
        self.head(book, len(self.pages(book)), previous)

    def cut_what_is_no_leaf(self) -> None:
        """Cut off all lines that are no leaves, and put every head back, so that the rest is in order."""
        self.dba.run("DELETE FROM line WHERE (book, page) NOT IN (SELECT book, page FROM leaf)")
        for name in self.dba.all("SELECT name FROM book"):
            if pages := self.pages(name):
                self.head(name, pages[-1], self.hash(name, pages[-1]))
            else:
                self.dba.run("DELETE FROM book WHERE name = :b", b=name)

    def resequence(self) -> None:
        """Make the leaves anew from the lines as they now stand, and what is kept over them."""
        self.dba.run("UPDATE leaf SET hash = line.hash FROM line WHERE line.book = leaf.book AND line.page = leaf.page")
        hashes = self._leaves()
        for position in self.dba.all("SELECT position FROM node WHERE tier = 1"):
            tile = merkle.complete(hashes[position * 256 : (position + 1) * 256])
            self.dba.run("UPDATE node SET hash = :h WHERE tier = 1 AND position = :p", h=tile, p=position)

    def sign(self, key: notes.SecretKey) -> None:
        """Make every checkpoint anew from the leaves as they now stand, signed by a key."""
        hashes = self._leaves()
        for size in self.dba.all("SELECT size FROM checkpoint ORDER BY size"):
            log = merkle.Growing()
            log.extend(hashes[:size])
            note = notes.sign(notes.Checkpoint(key.name, size, log.root), key)
            self.dba.run("UPDATE checkpoint SET root = :r, note = :n WHERE size = :s", r=log.root, n=note, s=size)
        for book in self.dba.all("SELECT DISTINCT book FROM vouched"):
            for page in self.dba.all("SELECT page FROM vouched WHERE book = :b", b=book):
                self.vouch(book, page, key)

    def vouch(self, book: str, page: int, key: notes.SecretKey, name: str = "") -> None:
        """Vouch for a line anew with a key, which is said to be the one with the id ``name``."""
        values = {"b": book, "p": page, "k": name or key.public.id.hex(), "s": key.sign(message(self.hash(book, page)))}
        self.dba.run("DELETE FROM vouched WHERE book = :b AND page = :p", b=book, p=page)
        self.dba.run("INSERT INTO vouched VALUES (:b, :p, :k, :s)", **values)

    def _leaves(self) -> list[bytes]:
        return [merkle.leaf_hash(bytes(each)) for each in self.dba.all("SELECT hash FROM leaf ORDER BY position")]


def furnish(lab: Laboratory) -> None:
    """Let two batches be worked on, with a seal after every few lines; the newest line is not sealed yet."""
    for number, (coi, steps) in enumerate(((COI, ("1.1", "1.3", "1.5")), (OTHER_COI, ("1.1",))), 1):
        batch = Played(lab).start(coi)
        for step in steps:
            batch.finish(step)
            seal(lab)
        lab.do(AddComment(f"B26-000{number}", "all well"), ALICE)
        seal(lab)
    with suppress(Forbidden):  # what is written last is an attempt of Mallory's
        lab.do(ReceiveLot("L-1", "culture medium", lab.time(), {}), MALLORY)


def seal(lab: Laboratory) -> None:
    """Let a minute pass, and the clock seal."""
    lab.time.later(minutes=1)
    lab.do(Seal(), CLOCK)
