"""The witness for other machines, after C2SP tlog-witness: what it confirms, what it refuses, what survives a crash."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from mes.ledger.checkpoint import SecretKey, read
from mes.seals.note_file import NoteFile
from mes.seals.witnessing import Witnessing
from tests.mes.laboratory import Time
from tests.mes.seals.witnesses import Teller, listening, witness_in


@pytest.fixture
def log() -> Teller:
    """A laboratory's log."""
    return Teller()


@pytest.fixture
def witness(tmp_path: Path, log: Teller) -> Witnessing:
    """A witness that knows the laboratory, and has confirmed its first 20 lines."""
    witness = witness_in(tmp_path)
    witness.trust(log.key.public)
    assert witness.add_checkpoint(log.request(0, 20)).status == 200
    return witness


def known(witness: Witnessing, log: Teller) -> int:
    """Return how many lines a witness knows of."""
    with NoteFile.held(witness.file_of(log.key.name)) as file:
        last = file.last
    return last.note.checkpoint.size if last else 0


def test_what_only_grew_is_confirmed_with_the_time(witness: Witnessing, log: Teller) -> None:
    """200, a signature over the checkpoint with the witness's own time; the same again is confirmed again."""
    for request in (log.request(20, 57), log.request(57, 57)):
        answer = witness.add_checkpoint(request)
        assert answer.status == 200
        assert read(log.note(57) + answer.text).cosigned_at(witness.key) == int(Time()().timestamp())
    assert known(witness, log) == 57


def test_an_unknown_log_is_not_found(witness: Witnessing) -> None:
    """404: nobody told the witness of this log."""
    other = Teller(SecretKey.new("example.org/elsewhere"))
    assert witness.add_checkpoint(other.request(0, 5)).status == 404


def test_another_key_is_forbidden(witness: Witnessing, log: Teller) -> None:
    """403: the log is known, and this key of the same name is not; nothing is remembered of it."""
    thief = SecretKey.new(log.key.name)
    assert witness.add_checkpoint(log.request(20, 30, key=thief)).status == 403
    assert known(witness, log) == 20


@pytest.mark.parametrize("old", [0, 19, 21])
def test_another_old_size_is_a_conflict(witness: Witnessing, log: Teller, old: int) -> None:
    """409, and the size that the witness knows, so that the right proof can be made."""
    answer = witness.add_checkpoint(log.request(old, 30))
    assert (answer.status, answer.text, answer.type) == (409, "20\n", "text/x.tlog.size")


def test_a_rollback_is_a_conflict(witness: Witnessing, log: Teller) -> None:
    """409: fewer lines than were confirmed are never confirmed again, with whatever key and proof."""
    for old in (0, 10):
        assert witness.add_checkpoint(log.request(old, 10)).status == 409
    assert known(witness, log) == 20


def test_the_same_size_with_another_root_is_a_conflict(witness: Witnessing, log: Teller) -> None:
    """409: the ledger was rewritten."""
    answer = witness.add_checkpoint(Teller(log.key, salt=1).request(20, 20))
    assert (answer.status, answer.type) == (409, "text/plain; charset=utf-8")


def test_a_proof_that_does_not_lead_there_is_refused(witness: Witnessing, log: Teller) -> None:
    """422: the first 20 lines are other ones now, or the proof is none."""
    assert witness.add_checkpoint(Teller(log.key, salt=1).request(20, 30)).status == 422
    assert witness.add_checkpoint(log.request(20, 30, proof=[])).status == 422
    assert witness.add_checkpoint(log.request(20, 30, proof=[bytes(32)] * 6)).status == 422
    assert known(witness, log) == 20


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"",
        lambda request: b"\xff" + request,
        lambda request: request.replace(b"old 20", b"old 020"),
        lambda request: request.replace(b"old 20", b"old 31"),
        lambda request: request.replace(b"old 20\n", b"old 20\n" + b"AAAA\n" * 64),
        lambda request: request.replace(b"old 20\n", b"old 20\n*\n"),
        lambda request: request[:-1],
        lambda request: request.replace(b"\n30\n", b"\n030\n"),
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_a_bad_request(witness: Witnessing, log: Teller, change: object) -> None:
    """400 for whatever the protocol does not know; garbage never raises."""
    assert callable(change)
    assert witness.add_checkpoint(change(log.request(20, 30))).status == 400
    assert known(witness, log) == 20


def test_two_at_once_are_one_after_the_other(witness: Witnessing, log: Teller) -> None:
    """Of many that tell the witness the next size at once, one is first; it is never set back."""
    statuses: list[int] = []
    barrier = threading.Barrier(8)

    def tell(size: int) -> None:
        barrier.wait()
        statuses.append(witness.add_checkpoint(log.request(20, size)).status)

    threads = [threading.Thread(target=tell, args=(size,)) for size in range(30, 38)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, *[409] * 7]
    assert known(witness, log) in range(30, 38)


def test_a_crash_between_check_and_store_confirms_nothing(
    witness: Witnessing, log: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not on disk is not confirmed: where the disk fails there is no answer, and the old size stands."""

    def fail(*_: object) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr(NoteFile, "append", fail)
        with pytest.raises(OSError, match="disk"):
            witness.add_checkpoint(log.request(20, 30))
    assert known(witness, log) == 20
    assert witness.add_checkpoint(log.request(20, 30)).status == 200


def test_a_torn_line_is_no_line(witness: Witnessing, log: Teller) -> None:
    """A power cut in the middle of a line leaves what was confirmed before, and the next line is whole."""
    file = witness.file_of(log.key.name)
    whole = file.read_bytes()
    witness.add_checkpoint(log.request(20, 30))
    added = file.read_bytes()[len(whole) :]
    for cut in (1, len(added) // 2, len(added) - 1):
        file.write_bytes(whole + added[:cut])
        assert known(witness, log) in (20, 30)
        before = known(witness, log)
        assert witness.add_checkpoint(log.request(before, 40)).status == 200
        assert known(witness, log) == 40


def test_it_remembers_when_it_is_killed(tmp_path: Path, log: Teller) -> None:
    """A witness killed the moment it answered still knows what it confirmed."""
    folder = tmp_path / "witness"
    Witnessing(folder, Time()).trust(log.key.public)
    command = [sys.executable, "-m", "mes", "witness", "serve", "--folder", str(folder), "--port", "0"]
    for old, size in ((0, 5), (5, 9), (9, 12)):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            assert process.stdout
            port = [process.stdout.readline(), process.stdout.readline()][1].rsplit(maxsplit=1)[1]
            url = f"http://127.0.0.1:{port}/add-checkpoint"
            answer = httpx.post(url, content=log.request(old, size), trust_env=False)
            process.kill()
        assert answer.status_code == 200
        assert known(Witnessing(folder, Time()), log) == size


def test_over_http_it_answers_what_it_answers(witness: Witnessing, log: Teller) -> None:
    """The numbers and types go over the wire; there is nothing else to ask for, and nothing large is read."""
    with listening(witness) as url, httpx.Client(trust_env=False) as client:
        assert client.post(f"{url}/add-checkpoint", content=log.request(20, 30)).status_code == 200
        conflict = client.post(f"{url}/add-checkpoint", content=log.request(20, 31))
        assert (conflict.status_code, conflict.headers["content-type"]) == (409, "text/x.tlog.size")
        assert client.post(f"{url}/other", content=b"").status_code == 404
        assert client.post(f"{url}/add-checkpoint", content=b"x" * 100_000).status_code == 413


def test_its_key_is_its_own(witness: Witnessing) -> None:
    """Nobody but its owner reads the key, and it is the same when the witness starts again."""
    assert (witness.folder / "witness.key").stat().st_mode & 0o777 == 0o600
    assert Witnessing(witness.folder, Time()).key == witness.key
