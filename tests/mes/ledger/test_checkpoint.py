"""Checkpoints as C2SP has them: what others wrote is read, what is ours can be checked, nothing reads in two ways."""

from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes.ledger.checkpoint import COSIGNATURE, Checkpoint, Key, NotACheckpoint, SecretKey, cosign, read, sign

KEY = SecretKey("example.org/laboratory", bytes(range(32)))
WITNESS = SecretKey("witness.example", bytes(range(1, 33)), COSIGNATURE)
CHECKPOINT = Checkpoint(KEY.name, 12_345, bytes(range(32)))
NOTE = sign(CHECKPOINT, KEY)


def test_keys_of_others_are_read() -> None:
    """Keys that Go's notes have published, with the ids that they have there."""
    for text in (
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ):
        assert str(Key.read(text)) == text


def test_a_signature_of_another_program_holds() -> None:
    """The example in the documentation of Go's notes is signed by the key that stands there."""
    key = Key.read("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    line = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    content = base64.b64decode(line)
    assert content[:4] == key.id
    assert key.verify(content[4:], text.encode())
    assert not key.verify(content[4:], text.encode() + b"\n")


def test_a_checkpoint_is_written_as_the_standard_has_it() -> None:
    """Origin, size, root, an empty line, a dash, the name, key id and signature: this text is for ever."""
    head, signature = NOTE.split("\n\n")
    assert head == f"example.org/laboratory\n12345\n{base64.b64encode(bytes(range(32))).decode()}"
    assert signature.startswith("— example.org/laboratory ")
    assert base64.b64decode(signature.split()[2])[:4] == KEY.public.id


def test_what_is_written_is_read_and_is_the_keys() -> None:
    """The note opens with the key that signed it, and with no other: not of the same name, not a witness's."""
    note = read(NOTE)
    assert note.checkpoint == CHECKPOINT
    assert note.is_signed_by(KEY.public)
    assert not note.is_signed_by(SecretKey.new(KEY.name).public)
    assert not note.is_signed_by(Key(KEY.name, KEY.public.public, COSIGNATURE))


def test_a_witness_signs_with_the_time() -> None:
    """The cosignature says when, the latest counts, and it is no signature of the log."""
    note = read(NOTE + cosign(read(NOTE), WITNESS, 1_000) + cosign(read(NOTE), WITNESS, 2_000))
    assert note.cosigned_at(WITNESS.public) == 2_000
    assert note.cosigned_at(KEY.public) is None
    assert not note.is_signed_by(WITNESS.public)
    assert read(NOTE).cosigned_at(WITNESS.public) is None


@given(st.integers(0, len(NOTE) - 1), st.characters(codec="utf-8"))
def test_a_changed_note_is_signed_by_nobody(at: int, character: str) -> None:
    """Whatever character is another one: it is no note, or not signed, or says the very same."""
    changed = NOTE[:at] + character + NOTE[at + 1 :]
    try:
        note = read(changed)
    except NotACheckpoint:
        return
    assert changed == NOTE or not note.is_signed_by(KEY.public)


@given(st.text())
def test_garbage_is_no_checkpoint_and_never_raises_anything_else(text: str) -> None:
    """Any text is read as a note, or is said to be none."""
    for tried in (text, f"{text}\n", f"{text}\n\n— a AAAA\n"):
        with suppress(NotACheckpoint):
            assert read(tried).checkpoint.size >= 0


@pytest.mark.parametrize(
    "note",
    [
        "",
        NOTE[:-1],
        NOTE.replace("12345", "012345"),
        NOTE.replace("12345", "+12345"),
        NOTE.replace("12345", "99999999999999999999"),
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("\n", "\r\n"),
        NOTE + "\n",
        NOTE + NOTE.split("\n\n")[1] * 16,
        "origin\n5\nAAAA\n\n— a AAAA\n",
        "\n5\nAAAA\n\n— a AAAA\n",
    ],
)
def test_what_could_be_read_in_two_ways_is_not_read(note: str) -> None:
    """Zeroes before a size, other ends of lines, an empty origin, too many signatures: refused."""
    with pytest.raises(NotACheckpoint):
        read(note)


def test_base64_has_one_way_to_be_written() -> None:
    """The last digit before the padding may hide bits: such a root is refused."""
    root = base64.b64encode(bytes(32)).decode()
    with pytest.raises(NotACheckpoint, match="one way"):
        read(f"origin\n5\n{root[:-2]}B=\n\n— a AAAA\n")


def test_a_secret_key_is_kept_and_read_back_and_never_shown() -> None:
    """What is written to its file makes the same key; no text for people holds the secret."""
    assert SecretKey.read(KEY.written()) == KEY
    assert KEY.secret.hex() not in repr(KEY)
    assert repr(KEY.secret) not in repr(KEY)


@pytest.mark.parametrize("text", ["", "a+b", "a+00000000+AAAA", str(KEY.public).replace("+", " "), "a b+12345678+AQ=="])
def test_what_is_no_key_is_not_read_as_one(text: str) -> None:
    """A key that was typed wrongly is said to be none, not another one."""
    with pytest.raises(NotACheckpoint):
        Key.read(text)
    with pytest.raises(NotACheckpoint):
        SecretKey.read(text)


def test_a_log_has_a_name_without_spaces() -> None:
    """A name that others could not read back is not signed."""
    with pytest.raises(NotACheckpoint):
        sign(Checkpoint("two words", 1, bytes(32)), KEY)
