"""Time stamps after RFC 3161 as a witness, given by a real authority on this machine: OpenSSL's."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from sqlalchemy import text

from mes.seals.commands import Seal
from tests.mes.laboratory import CLOCK, COI, Laboratory
from tests.mes.played import Played
from tests.mes.seals.witnesses import configure

_CONFIG = """\
[tsa]
default_tsa = authority
[authority]
dir = {folder}
serial = $dir/serial
signer_cert = $dir/tsa.pem
signer_key = $dir/tsa.key
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
accuracy = secs:1
ordering = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[extensions]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
"""
SEALS = '[witnesses.stamps]\nkind = "time stamp"\nurl = "{url}"\ncertificate = "{certificate}"\nevery = 0\n'


class Authority:
    """A time-stamping authority in a folder, with keys of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "tsa.conf").write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01")
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-batch")
        root = ("-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Root", "-days", "30")
        openssl(folder, "req", "-x509", *key, *root)
        openssl(folder, "req", *key, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Authority")
        sign = ("-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-extfile", "tsa.conf")
        made = ("-extensions", "extensions", "-out", "tsa.pem", "-days", "30")
        openssl(folder, "x509", "-req", "-in", "tsa.csr", *sign, *made)

    def reply(self, query: bytes) -> bytes:
        """Return what the authority answers."""
        (self.folder / "query").write_bytes(query)
        openssl(self.folder, "ts", "-reply", "-config", "tsa.conf", "-queryfile", "query", "-out", "reply")
        return (self.folder / "reply").read_bytes()


def openssl(folder: Path, *words: str) -> None:
    """Run OpenSSL."""
    subprocess.run(["/usr/bin/env", "openssl", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Authority]]:
    """An authority that listens."""
    made = Authority(tmp_path_factory.mktemp("authority") / "tsa")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = made.reply(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def stamped(lab: Laboratory, authority: tuple[str, Authority]) -> Laboratory:
    """A laboratory whose seals the authority stamps."""
    url, made = authority
    configure(lab, SEALS.format(url=url, certificate=made.folder / "root.pem"))
    Played(lab).start(COI)
    assert lab.do(Seal(all_of_it=True), CLOCK)["not_witnessed"] == []
    return lab


def answers(lab: Laboratory) -> list[str]:
    """Return the tokens that are kept."""
    with lab.reading() as connection:
        return list(connection.execute(text("SELECT answer FROM witnessed WHERE problem = ''")).scalars())


def test_a_token_proves_that_the_seal_was_there(stamped: Laboratory) -> None:
    """The token is of this checkpoint and of this authority; of another checkpoint it proves nothing."""
    (witness,) = stamped.installation.sealing.witnesses
    (token,) = answers(stamped)
    with stamped.reading() as connection:
        note = connection.execute(text("SELECT note FROM checkpoint")).scalar_one()
    assert witness.proves(token, note)
    assert not witness.proves(token, note + "\n")
    assert not witness.proves(token[:-8] + "AAAAAAA=", note)
    assert not witness.proves("no token", note)


def test_another_authoritys_token_is_none(
    stamped: Laboratory, authority: tuple[str, Authority], tmp_path: Path
) -> None:
    """Who answers at the address is not believed: the configured root must have signed for it."""
    stranger = Authority(tmp_path / "stranger")
    configure(stamped, SEALS.format(url=authority[0], certificate=stranger.folder / "root.pem"))
    stamped.time.later(minutes=11)
    (said,) = stamped.do(Seal(), CLOCK)["not_witnessed"]
    assert "its token does not hold" in said


def test_an_authority_out_of_reach_is_said(stamped: Laboratory, authority: tuple[str, Authority]) -> None:
    """Nobody at the address: said, kept, and tried again."""
    certificate = authority[1].folder / "root.pem"
    configure(stamped, SEALS.format(url="http://127.0.0.1:9/", certificate=certificate))
    stamped.time.later(minutes=11)
    (said,) = stamped.do(Seal(), CLOCK)["not_witnessed"]
    assert "does not answer" in said
