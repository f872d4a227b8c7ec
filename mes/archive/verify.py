"""Check a batch record that you were handed. It needs Python 3.9 or newer, and nothing else.

    python3 verify.py record.pdf              the file as it was made
    python3 verify.py FOLDER                  its attachments, saved into a folder with any PDF reader
    python3 verify.py record.pdf --key FILE   and the site's key must be one of those in FILE, which it published

It says "whole", or names each place that is not as it was written. Exit code 0: whole. 1: not whole. 2: it cannot be
read. README.txt, attached beside this program, says what is checked, how to do it by hand, and what nobody can see.
"""

import base64
import hashlib
import json
import re
import sys
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

NAMES = {"README.txt", "checkpoint.txt", "keys.txt", "ledger.txt", "proofs.txt", "readings.txt", "recipe.yaml"}
NAMES |= {"schema.json", "verify.py"}  # what manifest.txt has the digests of
RESTS_ON = {"batch started": "order coi", "material added": "lot value", "equipment used": "equipment value"}
RESTS_ON |= {"instrument assigned": "equipment code", "sample taken": "sample value"}
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519: RFC 8032, section 5.1
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, ...]  # X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z


class Line(NamedTuple):
    """A line of the ledger: the hash before it and its own, and what stands in its text."""

    previous: str
    hash: str
    book: str
    page: int
    kind: str
    at: str
    author: str
    body: dict[str, Any]
    signed: dict[str, str]

    def __str__(self) -> str:
        return f"{self.book}, page {self.page} ({self.kind})"


def sha256(*parts: bytes) -> bytes:
    """Return the digest of bytes, one part after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def rows(text: bytes) -> list[str]:
    """Return the rows of a file; each of them ends with a line feed."""
    return text.decode(errors="replace").split("\n")[:-1]


def find(pattern: bytes, text: bytes, at: int = 0) -> re.Match[bytes]:
    """Return where a pattern stands. Raise `ValueError` where it does not."""
    if found := re.compile(pattern, re.DOTALL).search(text, at):
        return found
    raise ValueError("it is not built as batch records are: save its attachments into a folder, and check that")


def unpack(pdf: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give the dictionary and the stream of each object of a PDF as we write it. Raise `ValueError` for another."""
    table = int(find(rb"startxref\n(\d+)\n%%EOF\s*\Z", pdf)[1])
    for row in find(rb"xref\n0 \d+\n((?:\d{10} \d{5} [fn] \n)+)trailer", pdf, table)[1].split(b"\n")[:-1]:
        head = find(rb"\d+ 0 obj\n(.*?)\n(?:endobj|stream\n)", pdf, int(row[:10]))
        packed = pdf[head.end() : head.end() + int(find(rb"/Length (\d+)|\Z", head[1])[1] or 0)]
        yield head[1], zlib.decompressobj().decompress(packed, 200 * len(packed)) if b"/Fl" in head[1] else packed


def read(path: Path) -> tuple[dict[str, bytes], bytes]:
    """Return the attachments by their names, and the PDF; it is empty where a folder was given."""
    if path.is_dir():
        return {each.name: each.read_bytes() for each in path.iterdir() if each.is_file()}, b""
    objects = list(unpack(pdf := path.read_bytes()))
    heads = [head for head, _ in objects if b"/Type /Filespec" in head]
    specs = [find(rb"/EF << /F (\d+) 0 R.*/UF \(([\w.]+)\)", head) for head in heads]
    return {each[2].decode(): objects[int(each[1])][1] for each in specs}, pdf


def check_pdf(pdf: bytes, record: str, batch: list[Line]) -> Iterator[str]:
    """Give what is wrong with the file itself, and what is attached to it that its pages do not print."""
    identity = find(rb"/ID \[<\w+><(\w+)>\] >>\s*startxref|\Z", pdf)[1] or b"none"
    if sha256(pdf.replace(identity, b"0" * 64)).hex().encode() != identity:
        yield "the PDF: it is not byte for byte the file that was made"
    texts = [text for _, text in unpack(pdf)]
    fonts = [dict(re.findall(rb"<(\w{4})> <00(\w\w)>", text)) for text in texts if b"begincmap" in text]
    pages = [re.findall(b"....", b"".join(re.findall(rb"<(\w+)>", text))) for text in texts if b" Tf\n" in text]
    written = (b"".join(font.get(glyph, b"3f") for glyph in page) for page in pages for font in fonts)
    printed = "\n".join(bytes.fromhex(text.decode()).decode("latin-1") for text in written)
    if record not in printed:
        yield "the PDF: its pages do not print the digest of the record attached to it"
    yield from (f"{line}: the pages of the PDF do not print its hash" for line in batch if line.hash not in printed)


def read_lines(text: bytes, flaws: list[str]) -> list[Line]:
    """Return the lines of the ledger, each hashed again."""
    lines = []
    for number, row in enumerate(rows(text), 1):
        previous, written = row[:64], row[130:]
        try:
            content = {"signed": {}, **json.loads(written)}
            hashed = sha256(bytes.fromhex(previous), written.encode()).hex()
            lines.append(Line(previous, row[65:129], *(content[name] for name in Line._fields[2:])))
        except (KeyError, TypeError, ValueError):
            flaws.append(f"ledger.txt, row {number}: this is no line of a ledger")
            continue
        if row != f"{previous.lower()} {hashed} {written}":
            flaws.append(f"{lines[-1]}: row {number} of ledger.txt is not the text that was hashed")
    return lines


def check_lines(lines: list[Line]) -> Iterator[str]:
    """Give every line that does not follow the one before it, and every signature that is bound to nothing."""
    names = {each.book: each.body["values"]["name"] for each in lines if each.kind == "user account added"}
    known = {each.hash: each for each in lines}
    for before, line in zip([None, *lines], lines):  # noqa: B905 - Python 3.9 has no strict zip
        page, head = (before.page, before.hash) if before and before.book == line.book else (0, "0" * 64)
        if line.page <= page or (line.page == page + 1 and line.previous != head):
            yield f"{line}: it does not follow the line before it"
        elif line.page > page + 1 and line.book.startswith("batch:"):
            yield f"{line}: the line before it is missing"
        seen = known.get(line.signed.get("seen", ""), line)
        if line.signed.get("meaning") and (seen.at > line.at or seen is line):
            yield f"{line}: its signature is bound to no line that its signer can have seen"
        if line.signed and names.get(f"user:{line.author}") != line.signed["name"]:
            yield f"{line}: it is signed in another name than its author's"


def check_what_it_rests_on(lines: list[Line], batch: list[Line], recipe: str) -> Iterator[str]:
    """Give what the batch's lines name and is not here: the recipe's text, the order, lots, equipment, people."""
    books = {line.book for line in lines}
    if len({line.book for line in batch}) != 1 or batch[0].kind != "batch started":
        yield "ledger.txt: it does not hold one batch from its start"
    for kind in ("recipe edition added", "recipe approved"):
        said = [json.dumps(line.body) for line in lines if line.kind == kind]
        if recipe != batch[0].body["digest"] or not any(recipe in each for each in said):
            yield f"recipe.yaml: it is not the text that the batch was issued by, or no line says “{kind}” of it"
    for line in batch:
        about, name = RESTS_ON.get(line.kind, "user author").split(" ")
        named = {f"user:{line.author}", f"{about}:{line.body.get(name, line.author)}"}
        yield from (f"{line}: {book}, on which it rests, is not here" for book in sorted(named - books))


def check_readings(lines: list[Line], text: bytes) -> Iterator[str]:
    """Give every reading that is not the one that was sealed, or used."""
    found: dict[str, dict[int, str]] = {}
    for row in rows(text):
        found.setdefault((content := json.loads(row))["instrument"], {})[content["sequence"]] = row
    for line in (line for line in lines if line.body.get("raw_digest")):
        quoted = json.loads(found.get(line.body["instrument"], {}).get(line.body["sequence"], '{"raw": ""}'))
        if sha256(bytes.fromhex(quoted["raw"])).hex() != line.body["raw_digest"]:
            yield f"{line}: the reading that it quotes is not here, or its bytes are others"
    unsealed = {(name, each) for name, those in found.items() for each in those}
    order = {name: sorted(those) for name, those in found.items()}
    for line in (line for line in lines if line.kind == "readings sealed"):
        name, first, last = line.book.partition(":")[2], line.body["from"], line.body["to"]
        here = order.get(name, [])[bisect_left(order.get(name, []), first) : bisect_right(order.get(name, []), last)]
        digest = sha256(*(f"{found[name][each]}\n".encode() for each in here)).hex()
        if here and (len(here), digest) != (line.body["count"], line.body["digest"]):
            yield f"{line}: the readings {first} to {last} of {name} are not those that were sealed"
        unsealed -= {(name, each) for each in here}
    yield from (f"readings.txt: reading {each} of {name} was not sealed" for name, each in sorted(unsealed))


def read_keys(text: bytes) -> dict[tuple[str, bytes], tuple[int, bytes]]:
    """Return public keys by name and id: its kind (1: a site's, 4: a witness's) and its bytes. Raise `ValueError`."""
    keys = {}
    for row in rows(text):
        name, content = row.split("+")[0], base64.b64decode(row.split("+", 2)[2], validate=True)
        id_ = sha256(name.encode(), b"\n", content)[:4]
        if row != f"{name}+{id_.hex()}+{base64.b64encode(content).decode()}":
            raise ValueError(row)
        keys[name, id_] = content[0], content[1:]
    return keys


def check_seal(lines: list[Line], files: dict[str, bytes], published: bytes) -> Iterator[str]:
    """Give what is wrong with the signed root, and every line that neither the next one nor a proof leads to it."""
    keys, signers = read_keys(files["keys.txt"]), set()
    if published and not set(list(keys.items())[:1]) & set(read_keys(published).items()):
        yield "keys.txt: the site's key is none of those that it published"
    text, _, signatures = files["checkpoint.txt"].partition(b"\n\n")
    for row in rows(signatures):
        _, name, content = row.split(" ")
        raw = base64.b64decode(content, validate=True)
        kind, key = keys.get((name, raw[:4]), (0, b""))
        time = f"cosignature/v1\ntime {int.from_bytes(raw[4:12], 'big')}\n".encode() if kind == 4 else b""
        is_strict = row == f"— {name} {base64.b64encode(raw).decode()}"
        if not is_strict or not is_signed(key, time + text + b"\n", raw[12:] if time else raw[4:]):
            yield f"checkpoint.txt: the signature of {name} does not hold"
        signers.add((name, raw[:4]))
    if set(keys) != signers or next(iter(keys.values()), (0,))[0] != 1:
        yield "checkpoint.txt: it is not signed by all of keys.txt, the first of which is the site's"
    ends = {line.hash: line for line in lines}
    for line in lines:
        ends.pop(line.previous, None)
    size, root = text.split(b"\n")[1:3]
    for row in rows(files["proofs.txt"]):
        leaf, index, *path = row.split(" ")
        hashes = [bytes.fromhex(each) for each in (leaf, *path)]
        is_strict = row == " ".join([hashes[0].hex(), str(int(index)), *(each.hex() for each in hashes[1:])])
        line_of = ends.pop(leaf, None)
        if not (is_strict and line_of) or climbed(int(index), int(size) - 1, *hashes) != base64.b64decode(root):
            yield f"{line_of or 'proofs.txt'}: a proof does not lead from it to the root that the site signed"
    yield from (f"{line}: nothing proves that it stands in the site's ledger" for line in ends.values())


def climbed(at: int, last: int, line: bytes, *path: bytes) -> bytes:
    """Return the root that a path leads to from a line's hash (RFC 9162, section 2.1.3.2); empty where to none."""
    found = sha256(b"\x00", line)
    for beside in path:
        if at > last or last == 0:
            return b""
        found = sha256(b"\x01", beside, found) if at & 1 or at == last else sha256(b"\x01", found, beside)
        while at and at == last and not at & 1:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    return found if at == last == 0 else b""


def add(p: Point, q: Point) -> Point:
    """Add two points of the curve."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P


def times(number: int, point: Point) -> Point:
    """Add a point to itself so many times."""
    half = times(number >> 1, add(point, point)) if number else (0, 1, 1, 0)
    return add(half, point) if number & 1 else half


def point_of(code: bytes) -> Point:
    """Return the point that 32 bytes write; nothing where they write none."""
    y = int.from_bytes(code, "little") & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    x = root if (root * root - square) % P == 0 else root * pow(2, (P - 1) // 4, P) % P
    x = x if x & 1 == code[31] >> 7 else P - x
    return (x, y, 1, x * y % P) if y < P and (x * x - square) % P == 0 and x < P else ()


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether a signature of a message is a key's (RFC 8032, section 5.1.7)."""
    if (len(key), len(signature)) != (32, 64) or (s := int.from_bytes(signature[32:], "little")) >= L:
        return False
    base, a, r = map(point_of, ((4 * pow(5, -1, P) % P).to_bytes(32, "little"), key, signature[:32]))
    if not (a and r):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = times(s, base), add(r, times(k, a))
    return all((left[each] * right[2] - right[each] * left[2]) % P == 0 for each in (0, 1))


def check(files: dict[str, bytes], pdf: bytes = b"", published: bytes = b"") -> tuple[list[str], str]:
    """Return what is wrong, and what to compare with what the site printed and published."""
    if missing := sorted({*NAMES, "manifest.txt"} - {*files}):
        raise ValueError(f"there is no batch record in it, or not all of one: {', '.join(missing)}")
    manifest, flaws = {row[66:]: row[:64] for row in rows(files["manifest.txt"])}, list[str]()
    digests = {name: sha256(files.get(name, b"")).hex() for name in sorted({*NAMES, *manifest})}
    flaws += [f"{name}: it is not what was attached" for name in digests if digests[name] != manifest.get(name)]
    lines = read_lines(files["ledger.txt"], flaws)
    batch = [line for line in lines if str(line.book).startswith("batch:")]
    record = sha256(files["manifest.txt"]).hex()
    for where, found in {
        "the PDF": check_pdf(pdf, record, batch) if pdf else (),
        "ledger.txt": check_lines(lines),
        "the batch's lines": check_what_it_rests_on(lines, batch, digests["recipe.yaml"]),
        "readings.txt": check_readings(lines, files["readings.txt"]),
        "the seal": check_seal(lines, files, published),
    }.items():
        try:
            flaws += found
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            flaws.append(f"{where}: what stands there makes no sense ({error!r})")
    told = [f"the last of {len(batch)} lines is {line}, of {line.at}, with the hash {line.hash}" for line in batch[-1:]]
    told += [f"record {record}", "signed by " + ", ".join(rows(files["keys.txt"])), *rows(files["checkpoint.txt"])[:3]]
    return flaws, "".join(f"  {each}\n" for each in told)


def main(words: list[str]) -> int:
    """Check one record, and say what was found."""
    try:
        files, pdf = read(Path(words[0]))
        flaws, told = check(files, pdf, Path(words[2]).read_bytes() if words[1:2] == ["--key"] else b"")
    except (IndexError, OSError, ValueError, zlib.error) as error:
        sys.stderr.write(f"It cannot be checked: {error}.\n" if words else __doc__ or "")
        return 2
    found = "".join(f"{flaw}\n" for flaw in flaws) + f"The record is {'NOT whole' if flaws else 'whole'}.\n"
    sys.stdout.write(f"{found}Compare with the print, and the key with the one that the site published:\n{told}")
    return 1 if flaws else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
