"""Attacks on the ledger, by somebody who owns the database, or the whole server: what each does, and what shows it.

One list for the tests, for the trials in large numbers, and for the table in docs/compliance/attacks.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from mes.integrity import check
from mes.ledger import checkpoint as notes
from mes.ledger.seal_keys import announced
from mes.ledger.verify import Verified
from mes.seals.verify import asked
from tests.mes.laboratory import Dba, Laboratory, switch_triggers_off
from tests.mes.ledger.scene import BOOK, OTHER, Scene

DBA, ROOT = "owner of the database", "root, with the server's keys"
CHAIN, VOUCHED, LEAVES, CHECKPOINT, KEY, WITNESS = (
    "the book's chain",
    "the server, which does not vouch for it",
    "the log's leaves",
    "a checkpoint's root",
    "a checkpoint's signature",
    "the witness",
)
_WORDS = {
    VOUCHED: "the server does not vouch for its signature",
    CHECKPOINT: "its root is not that of the lines",
    KEY: "not signed by the key that was announced",
    WITNESS: "the witness file",
}


@dataclass(frozen=True)
class Attack:
    """One attack: who does what, what it shows by, and, where nothing shows it, why."""

    name: str
    who: str
    act: Callable[[Scene], None]
    shows: str
    unseen: str = ""

    @property
    def verdict(self) -> str:
        """What becomes of it, in words."""
        return f"**named** by {self.shows}" if self.shows else f"cannot be seen: {self.unseen}"


@dataclass(frozen=True)
class Tried:
    """What an attack came to: what `verify` found, and where the victim was."""

    found: Verified
    victim: tuple[str, int]

    def shows(self, attack: Attack) -> bool:
        """Say whether the attack is named, where it was done, by what is said to show it."""
        book, page = self.victim
        if attack.shows in (CHAIN, LEAVES):
            return any(flaw.book == book and flaw.page in (page, page + 1) for flaw in self.found.flaws)
        if attack.shows == VOUCHED:
            where = [(flaw.book, flaw.page) for flaw in self.found.flaws if _WORDS[VOUCHED] in flaw.sentence]
            return where == [self.victim]
        return any(flaw.book == "checkpoint" and _WORDS[attack.shows] in flaw.sentence for flaw in self.found.flaws)


def attempt(lab: Laboratory, attack: Attack, seed: int, *, alone: bool = False) -> Tried:
    """Carry out an attack, look what shows it, ``alone`` or with the witness, and take it back."""
    engine = lab.owner()
    with engine.connect() as connection:
        if lab.is_sqlite:
            connection.exec_driver_sql("BEGIN")  # the driver would begin only after the triggers are gone for good
        switch_triggers_off(connection)
        scene = Scene(lab, Dba(connection), Random(seed))  # noqa: S311 - the same victims each time
        attack.act(scene)
        known, _ = asked(() if alone else lab.installation.sealing.witnesses)
        tried = Tried(check(connection, None, known), scene.victim)
        connection.rollback()
    engine.dispose()
    return tried


# --- the owner of the database -------------------------------------------------------------------------------------


def _alter(scene: Scene) -> None:
    page = scene.pick()
    scene.say(BOOK, page, scene.content(BOOK, page) | {"author": "mallory"})


def _delete(scene: Scene) -> None:
    scene.delete(BOOK, scene.pick())


def _delete_and_renumber(scene: Scene) -> None:
    page = scene.pick()
    scene.delete(BOOK, page)
    for later in [each for each in scene.pages(BOOK) if each > page]:
        scene.move(BOOK, later, later - 1)


def _insert(scene: Scene) -> None:
    page = scene.pick()
    for later in reversed([each for each in scene.pages(BOOK) if each >= page]):
        scene.move(BOOK, later, later + 1)
    scene.put(BOOK, page, scene.content(BOOK, page - 1) | {"page": page, "author": "bob"})


def _reorder(scene: Scene) -> None:
    page = scene.pick(spare=2)
    for old, new in ((page, 9_999), (page + 1, page), (9_999, page + 1)):
        scene.move(BOOK, old, new)


def _redate(scene: Scene) -> None:
    page = scene.pick()
    scene.say(BOOK, page, scene.content(BOOK, page) | {"at": "2026-03-01T09:00:00.000000Z"})


def _swap_payloads(scene: Scene) -> None:
    page = scene.pick(spare=2)
    here, there = scene.content(BOOK, page), scene.content(BOOK, page + 1)
    scene.say(BOOK, page, here | {"kind": there["kind"], "body": there["body"]})
    scene.say(BOOK, page + 1, there | {"kind": here["kind"], "body": here["body"]})


def _replay(scene: Scene) -> None:
    scene.append(BOOK, scene.content(BOOK, scene.chance.choice(scene.pages(BOOK))))


def _copy_signature(scene: Scene) -> None:
    contents = [scene.content(BOOK, page) for page in scene.pages(BOOK)]
    scene.append(OTHER, scene.chance.choice([each for each in contents if "signed" in each]))


def _swap_batches(scene: Scene) -> None:
    scene.victim = (BOOK, 1)
    for old, new in ((BOOK, "x"), (OTHER, BOOK), ("x", OTHER)):
        for table, column in (("line", "book"), ("leaf", "book"), ("book", "name")):
            change = f"UPDATE {table} SET {column} = :new WHERE {column} = :old"  # noqa: S608 - words of ours
            scene.dba.run(change, new=new, old=old)


def _cut(scene: Scene) -> None:
    page = scene.chance.choice(scene.pages(BOOK)[-4:-1])
    scene.victim = (BOOK, page + 1)
    scene.dba.run("DELETE FROM line WHERE book = :b AND page > :p", b=BOOK, p=page)
    scene.head(BOOK, page, scene.hash(BOOK, page))


def _cut_everywhere(scene: Scene) -> None:
    sizes = scene.dba.all("SELECT size FROM checkpoint ORDER BY size")
    size = scene.chance.choice(sizes[1:-1])
    scene.dba.run("DELETE FROM checkpoint WHERE size > :s", s=size)
    scene.dba.run("DELETE FROM witnessed WHERE size > :s", s=size)
    scene.dba.run("DELETE FROM leaf WHERE position >= :s", s=size)
    scene.cut_what_is_no_leaf()


def _rewrite(scene: Scene) -> None:
    page = scene.pick()
    scene.say(BOOK, page, scene.content(BOOK, page) | {"workstation": "elsewhere"})
    scene.rewrite(BOOK)


def _rewrite_and_resequence(scene: Scene) -> None:
    _rewrite(scene)
    scene.resequence()


def _rewrite_and_forge(scene: Scene) -> None:
    _rewrite_and_resequence(scene)
    scene.sign(notes.SecretKey.new(announced(scene.dba.connection)[-1].key.name))


def _forged_signature(scene: Scene) -> int:
    """Append a signature of somebody's under what they saw, with a true name, and return its page."""
    signed = [each for each in map(partial(scene.content, BOOK), scene.pages(BOOK)) if each.get("signed")]
    again, last = scene.chance.choice(signed), scene.pages(BOOK)[-1]
    seen = scene.hash(BOOK, last).hex()
    scene.append(BOOK, again | {"page": last + 1, "signed": again["signed"] | {"seen": seen}})
    return last + 1


def _forge_a_signature(scene: Scene) -> None:
    _forged_signature(scene)


def _forge_and_vouch(scene: Scene) -> None:
    key = announced(scene.dba.connection)[-1].key
    scene.vouch(BOOK, _forged_signature(scene), notes.SecretKey.new(key.name), key.id.hex())


def _forge_and_copy(scene: Scene) -> None:
    copied = "INSERT INTO vouched SELECT book, :new, key, signature FROM vouched WHERE book = :b AND page = :old"
    page = _forged_signature(scene)
    scene.dba.run(copied, b=BOOK, new=page, old=max(scene.dba.all("SELECT page FROM vouched WHERE book = :b", b=BOOK)))


def _take_away(scene: Scene) -> None:
    page = scene.chance.choice(scene.dba.all("SELECT page FROM vouched WHERE book = :b", b=BOOK))
    scene.victim = (BOOK, page)
    scene.dba.run("DELETE FROM vouched WHERE book = :b AND page = :p", b=BOOK, p=page)


# --- root, with every key of the server ------------------------------------------------------------------------------


def _rewrite_and_sign(scene: Scene) -> None:
    _rewrite_and_resequence(scene)
    scene.sign(scene.servers_key())


def _announce_another(scene: Scene) -> None:
    first = announced(scene.dba.connection)[0]
    key, content = notes.SecretKey.new(first.key.name), scene.content(first.book, first.page)
    scene.say(first.book, first.page, content | {"body": content["body"] | {"key": str(key.public)}})
    scene.rewrite(first.book)
    scene.resequence()
    scene.sign(key)


# --- what nobody can see -----------------------------------------------------------------------------------------


def _cut_the_window(scene: Scene) -> None:
    scene.cut_what_is_no_leaf()


def _forge(scene: Scene) -> None:
    book = "user:alice"
    last = scene.pages(book)[-1]
    scene.append(book, scene.content(book, last) | {"page": last + 1, "kind": "remark", "body": {}})


ATTACKS = (
    Attack("alter a line", DBA, _alter, CHAIN),
    Attack("delete a line", DBA, _delete, CHAIN),
    Attack("delete a line and renumber those behind it", DBA, _delete_and_renumber, CHAIN),
    Attack("insert a line", DBA, _insert, CHAIN),
    Attack("reorder two lines", DBA, _reorder, CHAIN),
    Attack("re-date a line", DBA, _redate, CHAIN),
    Attack("swap what two lines say", DBA, _swap_payloads, CHAIN),
    Attack("replay a row", DBA, _replay, CHAIN),
    Attack("copy a signature to another record", DBA, _copy_signature, CHAIN),
    Attack("swap two batches", DBA, _swap_batches, CHAIN),
    Attack("cut a book's tail, with its head", DBA, _cut, LEAVES),
    Attack("rewrite a chain, all hashes and the head made anew", DBA, _rewrite, LEAVES),
    Attack("rewrite a chain, and the log's leaves", DBA, _rewrite_and_resequence, CHECKPOINT),
    Attack("rewrite a chain, leaves and checkpoints, signed by another key", DBA, _rewrite_and_forge, KEY),
    Attack("append a signature, with right hashes, a true name and a line seen", DBA, _forge_a_signature, VOUCHED),
    Attack("append a signature, vouched for by another key", DBA, _forge_and_vouch, VOUCHED),
    Attack("append a signature, with what vouches for another", DBA, _forge_and_copy, VOUCHED),
    Attack("take away what vouches for a signature", DBA, _take_away, VOUCHED),
    Attack("cut the tail off every table", DBA, _cut_everywhere, WITNESS),
    Attack("rewrite a chain, leaves and checkpoints, signed by the server's key", ROOT, _rewrite_and_sign, WITNESS),
    Attack("rewrite all from the first key on, with another key announced", ROOT, _announce_another, WITNESS),
    Attack(
        "cut off what no checkpoint covers yet",
        DBA,
        _cut_the_window,
        "",
        "nobody outside knows of it yet: at most 60 s or 100 lines, and never a signature of review or release",
    ),
    Attack(
        "append a line without a signature, with right hashes",
        DBA,
        _forge,
        "",
        "the log proves what was written and that it stayed, not who wrote it; the server vouches for signatures alone",
    ),
)


def table() -> str:
    """Return the table of attacks with what becomes of each, for people."""
    rows = [f"| {each.name} | {each.who} | {each.verdict} |" for each in ATTACKS]
    return "\n".join(["| attack | by | verdict |", "| --- | --- | --- |", *rows])
