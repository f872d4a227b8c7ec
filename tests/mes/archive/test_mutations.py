"""Whatever is altered in an archive is found, and the line or the file is named."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from mes.archive import verify
from mes.ledger.checkpoint import COSIGNATURE, SecretKey, cosign, read
from tests.mes.archive.archiving import Archive, flaws_of, forged
from tests.soak.archive import soak

SOME = 120


@pytest.mark.requirement("RQ-017")
def test_any_byte_that_was_altered_is_named(archive: Archive, tmp_path: Path) -> None:
    """In lines, readings, recipe, proofs, keys or the PDF; many more with `python -m tests.soak archive`."""
    report = soak(archive, SOME, seed=7, folder=tmp_path)
    assert report.flaws == []
    assert report.tried.total() == SOME


def test_each_file_is_the_one_attached(archive: Archive) -> None:
    """A word changed in any file is seen by its digest in the manifest, and the file is named."""
    for name in verify.NAMES:
        flaws = flaws_of({**archive.files, name: archive.files[name] + b" "})
        assert f"{name}: it is not what was attached" in flaws


def rewritten(archive: Archive, row: int, **changes: object) -> bytes:
    """Return the ledger with one line changed and every line of its book after it hashed anew, as a forger would."""
    rows, previous = [], None
    book = verify.read_lines(archive.files["ledger.txt"], [])[row].book
    for number, each in enumerate(verify.rows(archive.files["ledger.txt"])):
        before, hashed, text = each[:64], each[65:129], each[130:]
        content = json.loads(text)
        if number == row:
            content |= changes
        if content["book"] == book and number >= row:
            before = previous or before
            text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            hashed = previous = verify.sha256(bytes.fromhex(before), text.encode()).hex()
        rows.append(f"{before} {hashed} {text}\n")
    return "".join(rows).encode()


@pytest.mark.requirement("RQ-017")
def test_a_record_that_was_hashed_anew_is_not_the_one_sealed(archive: Archive) -> None:
    """Somebody changes a value and computes every hash after it again: the last line is not in the site's ledger."""
    (row, *_) = (
        number
        for number, line in enumerate(verify.read_lines(archive.files["ledger.txt"], []))
        if line.kind == "value recorded"
    )
    flaws = archive.flaws("ledger.txt", rewritten(archive, row, reason="better so"))
    assert any("nothing proves that it stands in the site's ledger" in flaw for flaw in flaws)


@pytest.mark.requirement("RQ-017")
def test_a_signature_copied_to_another_line_is_bound_to_nothing(archive: Archive) -> None:
    """A signature of a later moment on an earlier line: its signer cannot have seen what it says was seen."""
    lines = verify.read_lines(archive.files["ledger.txt"], [])
    last = [line for line in lines if line.book.startswith("batch:") and line.signed][-1]
    flaws = archive.flaws("ledger.txt", rewritten(archive, 1, signed=dict(last.signed), author=last.author))
    assert any("page 2 " in flaw and "bound to no line that its signer can have seen" in flaw for flaw in flaws)


def test_a_signature_in_another_name_is_named(archive: Archive) -> None:
    """The name on a signature is the author's own, as the account has it."""
    lines = verify.read_lines(archive.files["ledger.txt"], [])
    row = next(number for number, line in enumerate(lines) if line.signed.get("meaning") == "verified")
    changed = dict(lines[row].signed) | {"name": "Mallory"}
    flaws = archive.flaws("ledger.txt", rewritten(archive, row, signed=changed))
    assert any("signed in another name than its author's" in flaw for flaw in flaws)


@pytest.mark.parametrize("book", ["order:", "lot:", "equipment:", "sample:", "user:alice", "recipe:"])
def test_what_the_batch_rests_on_cannot_be_left_out(archive: Archive, book: str) -> None:
    """Without the book of a lot, an order or a person that the batch's lines name, the record is not whole."""
    rows = archive.files["ledger.txt"].decode().splitlines(keepends=True)
    kept = "".join(row for row in rows if f'"book":"{book}' not in row)
    assert any(f"{book}" in flaw or "recipe" in flaw for flaw in archive.flaws("ledger.txt", kept.encode()))


@pytest.mark.parametrize("count", [1, 2, 10])
def test_the_end_cannot_be_cut_off(archive: Archive, count: int) -> None:
    """The last lines of the batch are taken out: the one before them leads to no proof."""
    rows = archive.files["ledger.txt"].decode().splitlines(keepends=True)
    own = [row for row in rows if '"book":"batch:' in row]
    rest = [row for row in rows if row not in own]
    flaws = archive.flaws("ledger.txt", "".join([*own[:-count], *rest]).encode())
    assert any("nothing proves" in flaw or "does not lead" in flaw or "makes no sense" in flaw for flaw in flaws)


def test_without_its_seal_it_is_not_whole(archive: Archive) -> None:
    """A record that nothing vouches for is never called whole, however well its lines hold together."""
    stripped = dict.fromkeys(("checkpoint.txt", "keys.txt", "proofs.txt"), b"")
    assert flaws_of(forged({**archive.files, **stripped})) != []


@pytest.mark.requirement("RQ-014")
def test_a_witness_counts_where_its_signature_holds(archive: Archive) -> None:
    """A witness's line below the site's is checked with its key and its time; with another time it does not hold."""
    witness, note = SecretKey.new("witness.example", COSIGNATURE), archive.files["checkpoint.txt"].decode()
    keys = archive.files["keys.txt"] + f"{witness.public}\n".encode()
    cosigned = {at: cosign(read(note), witness, at) for at in (1_772_000_000, 1_772_000_001)}
    with_keys = {**archive.files, "keys.txt": keys}
    for at, line in cosigned.items():
        assert flaws_of(forged({**with_keys, "checkpoint.txt": f"{note}{line}".encode()})) == [], at
    name, content = cosigned[1_772_000_000].rstrip().rsplit(" ", 1)
    raw = bytearray(base64.b64decode(content))
    raw[11] ^= 1
    turned = f"{note}{name} {base64.b64encode(raw).decode()}\n".encode()
    assert "checkpoint.txt: the signature of witness.example does not hold" in flaws_of(
        forged({**with_keys, "checkpoint.txt": turned})
    )


def test_two_lines_cannot_change_places(archive: Archive) -> None:
    """Neighbours exchanged in the batch's book are both out of order."""
    rows = archive.files["ledger.txt"].decode().splitlines(keepends=True)
    rows[3], rows[4] = rows[4], rows[3]
    flaws = archive.flaws("ledger.txt", "".join(rows).encode())
    assert any("page 4 " in flaw and "does not follow" in flaw for flaw in flaws)


def test_a_file_that_is_missing_is_named(archive: Archive) -> None:
    """A record without its readings cannot be judged, and it is said what is not there."""
    files = {name: content for name, content in archive.files.items() if name != "readings.txt"}
    with pytest.raises(ValueError, match=r"readings\.txt"):
        verify.check(files)
