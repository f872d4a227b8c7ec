"""What the stand-alone verifier says, as an outsider runs it: on a machine that has only Python."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from mes.archive import verify
from tests.mes.archive.archiving import Archive
from tests.mes.played import Played
from tests.mes.reports.making import printed

PROGRAM = Path(verify.__file__)
# Refuses whatever is not in Python's own library, then runs the program as `python verify.py …` does.
ONLY_PYTHON = """
import runpy, sys
class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in sys.stdlib_module_names:
            raise ImportError(f"{name} is not in Python's own library")
sys.meta_path.insert(0, Refusing())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning")


def said(program: Path, *words: object) -> tuple[int, str]:
    """Run a verifier alone, without the site's packages, and return its exit code and what it said."""
    command = [sys.executable, "-I", "-S", "-c", ONLY_PYTHON, str(program), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    return done.returncode, done.stdout + done.stderr


@pytest.mark.requirement("RQ-003")
@pytest.mark.requirement("RQ-014")
@pytest.mark.requirement("RQ-108")
def test_a_record_is_whole(archive: Archive, tmp_path: Path) -> None:
    """With the program that is attached to it, and nothing but Python's own library, the record proves to be whole."""
    program = tmp_path / "verify.py"
    program.write_bytes(archive.files["verify.py"])
    code, words = said(program, archive.file, "--key", archive.key)
    assert (code, words.splitlines()[0]) == (0, "The record is whole.")
    assert f"is batch:{archive.batch}, page" in words


def test_the_attachments_prove_it_too(archive: Archive, tmp_path: Path) -> None:
    """Saved into a folder with any PDF reader, they are checked without the PDF round them."""
    for name, content in archive.files.items():
        (tmp_path / name).write_bytes(content)
    assert said(PROGRAM, tmp_path)[0] == 0


def test_another_key_is_not_the_sites(archive: Archive, archives: dict[str, Archive]) -> None:
    """A record sealed by whoever is not the record of the site whose key one has."""
    (other,) = (each for each in archives.values() if each is not archive)
    code, words = said(PROGRAM, archive.file, "--key", other.key)
    assert code == 1
    assert "keys.txt: the site's key is none of those that it published" in words


def test_a_pdf_that_was_saved_again_is_not_judged(archive: Archive, tmp_path: Path) -> None:
    """Another program packed its objects anew: a clear sentence says what to do instead."""
    file = tmp_path / "saved.pdf"
    with pikepdf.open(archive.file) as pdf:
        pdf.save(file, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    code, words = said(PROGRAM, file)
    assert code == 2
    assert "save its attachments into a folder" in words


def test_bytes_behind_the_end_are_seen(archive: Archive, tmp_path: Path) -> None:
    """A PDF can be changed by what is written behind it; so its end is its end."""
    file = tmp_path / "longer.pdf"
    file.write_bytes(archive.file.read_bytes() + b"\n")
    assert "not byte for byte the file that was made" in said(PROGRAM, file)[1]


@pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.7\nstartxref\n0\n%%EOF"])
def test_what_is_no_record_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    """A file that is something else gives a sentence, not a traceback."""
    file = tmp_path / "file"
    file.write_bytes(content)
    code, words = said(PROGRAM, file)
    assert (code, words.count("\n"), "Traceback" in words) == (2, 1, False)


def test_asked_nothing_it_explains_itself() -> None:
    """Without a file it says how it is used."""
    code, words = said(PROGRAM)
    assert code == 2
    assert "python3 verify.py record.pdf" in words


def test_it_is_short_and_reads_on_an_old_python() -> None:
    """Three hundred lines, in the words that Python 3.9 had."""
    text = PROGRAM.read_text()
    assert len(text.splitlines()) <= 300
    ast.parse(text, feature_version=(3, 9))


@pytest.mark.requirement("RQ-080")
def test_the_pages_print_what_is_attached(archive: Archive, archives: dict[str, Archive]) -> None:
    """Under another record's pages the attached one is not whole: they print neither its digest nor its lines."""
    (other,) = (each for each in archives.values() if each is not archive)
    flaws, _ = verify.check(dict(archive.files), other.file.read_bytes())
    assert "the PDF: its pages do not print the digest of the record attached to it" in flaws
    assert any(
        flaw.startswith(f"batch:{archive.batch}, page 40 ") and "do not print its hash" in flaw for flaw in flaws
    )


@pytest.mark.requirement("RQ-002")
def test_it_agrees_with_the_laboratory(batch: Played, tmp_path: Path) -> None:
    """Whole there, whole here; a line that was altered in the database is named by both."""
    batch.finish("1.5")
    assert _both(batch, tmp_path) == ([], [])
    turned = "UPDATE line SET text = replace(text, 'TUBE-1', 'TUBE-2') WHERE book = :book"
    with batch.lab.dba() as dba:
        dba.run(turned, book=batch.book)
    theirs, ours = _both(batch, tmp_path)
    places = [f"{batch.book}, page {page}" for page in range(1, batch.batch.last.page + 1)]
    named = [place for place in places if any(flaw.startswith(f"{place}:") for flaw in theirs)]
    assert named
    assert all(any(flaw.startswith(f"{place} (") for flaw in ours) for place in named)


def _both(batch: Played, folder: Path) -> tuple[list[str], list[str]]:
    """Return what the laboratory finds wrong in the batch's book, and what the verifier finds in its archive."""
    file = folder / "record.pdf"
    file.write_bytes(printed(batch).content)
    theirs = [f"{flaw.book}, page {flaw.page}: {flaw.sentence}" for flaw in batch.lab.verify().flaws]
    return theirs, verify.check(*verify.read(file))[0]


# --- the curve ----------------------------------------------------------------------------------------------------

# RFC 8032, section 7.1: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_signatures_are_those_of_the_standard(key: str, message: str, signature: str) -> None:
    """The standard's own examples hold, and none of them with any bit of any part turned."""
    parts = [bytes.fromhex(each) for each in (key, message, signature)]
    assert verify.is_signed(*parts)
    for number, part in enumerate(parts):
        for position in range(0, len(part), 7):
            turned = bytearray(part)
            turned[position] ^= 1 << position % 8
            assert not verify.is_signed(*parts[:number], bytes(turned), *parts[number + 1 :])


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300))
@settings(max_examples=25)
def test_signatures_are_those_of_another_program(secret: bytes, message: bytes) -> None:
    """What OpenSSL signs holds here, with whatever key and message, and for no other message."""
    key = Ed25519PrivateKey.from_private_bytes(secret)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert verify.is_signed(public, message, signature)
    assert not verify.is_signed(public, message + b"!", signature)


def test_a_signature_has_one_form() -> None:
    """One with the group's order added to its number would hold as well, and is refused: RFC 8032, 5.1.7."""
    key, message, signature = (bytes.fromhex(each) for each in VECTORS[0])
    larger = (int.from_bytes(signature[32:], "little") + verify.L).to_bytes(32, "little")
    assert not verify.is_signed(key, message, signature[:32] + larger)
    assert not verify.is_signed(key[:31], message, signature)
    assert not verify.is_signed(b"\xff" * 32, message, signature)
