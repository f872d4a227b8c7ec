"""The server itself: TLS and headers as a browser gets them, and clients that mean ill (ASVS 3.3, 3.4, 12.1, 13.1)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from mes import processes
from mes.processes import free_port
from mes.schema import upgrade
from tests.architecture.source import ROOT
from tests.browser.serving import served
from tests.mes.laboratory import Laboratory

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "permissions-policy": "camera=(self)",
}
FORBIDDEN = ("unsafe", "http:", "https:", "*", "blob:", "wss:")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[httpx.Client]:
    """The web application as `./lab run` starts it, alone on this machine and without a network."""
    upgrade(f"sqlite:///{tmp_path}/mes.sqlite")
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--worker-class", processes.WORKER, "--threads", "8"]
    told = os.environ | {"MES_FOLDER": str(tmp_path), "MES_INSECURE_COOKIES": "1"}
    with subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{port}", "--no-control-socket"], env=told, cwd=ROOT
    ) as server:
        try:
            retrying = httpx.HTTPTransport(retries=8)  # until it listens: half a second, one, two …
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, transport=retrying) as client:
                assert client.get("/health").is_success
                yield client
        finally:
            server.terminate()


@contextmanager
def connected(web: httpx.Client, count: int, says: bytes) -> Iterator[None]:
    """Hold connections that said something, or nothing, and go on saying nothing."""
    with ExitStack() as held:
        for _ in range(count):
            client = held.enter_context(socket.create_connection((web.base_url.host, web.base_url.port or 0)))
            client.sendall(says)
        yield


@pytest.mark.parametrize(
    ("count", "says"),
    [
        (500, b""),
        (12, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "),
        (12, b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nuser="),
        (12, b"\x16\x03\x01"),
        (60, b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
    ],
    ids=["idle", "slow headers", "slow body", "no HTTP", "never closed"],
)
def test_clients_that_say_nothing_keep_nobody_out(web: httpx.Client, count: int, says: bytes) -> None:
    """ASVS 13.1.2, 13.2.6: more of them than threads, held open all the while: a page is answered."""
    with connected(web, count, says):
        assert web.get("/sign-in").status_code == 200
        assert web.get("/health").text == "ok\n"


def exchange(web: httpx.Client, request: bytes) -> bytes:
    """Send bytes as they are, and return how the answer begins."""
    with socket.create_connection((web.base_url.host, web.base_url.port or 0), timeout=60) as client:
        try:
            client.sendall(request)
            return client.recv(200)
        except ConnectionError:  # it did not read to the end
            return b""


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 10_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: b\0c\r\n\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x",
        b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
        b"\x00" * 10_000,
    ],
    ids=["header", "address", "many headers", "NUL", "two lengths", "negative", "huge", "chunk", "zeroes"],
)
def test_a_request_that_is_none_is_refused(web: httpx.Client, request_: bytes) -> None:
    """ASVS 4.2.1: a megabyte of header, two lengths, none at all: refused or sent away, and the next is answered."""
    begins = exchange(web, request_)
    assert begins[:10] in (b"", b"HTTP/1.1 4", b"HTTP/1.0 4", b"HTTP/1.1 3"), begins
    assert web.get("/health").is_success


def test_a_stream_without_end_is_cut(web: httpx.Client) -> None:
    """ASVS 5.2.1: more than eight megabytes, sent without saying how many: refused, and not kept in memory."""
    answer = httpx.post(f"{web.base_url}/sign-in", content=(b"user=" + b"x" * 65_536 for _ in range(300)), timeout=60)
    assert answer.status_code in (302, 400, 413)
    assert web.get("/health").is_success


@pytest.mark.parametrize("word", ["(" * 5_000, "a" * 19_000, "[a-z]+" * 2_000, "\u0130" * 9_000, " " * 19_000 + "x"])
def test_no_word_makes_a_page_think_for_ever(laboratory: Laboratory, word: str) -> None:
    """ASVS 1.3.12: patterns and long words in every search: a page comes."""
    tablet = laboratory.tablet()
    tablet.sign_in("quinn", "seven quiet lamps in the corridor")
    for path, name in (("/lots/", "search"), ("/samples/", "sample"), ("/audit/", "words"), ("/deviations", "show")):
        assert tablet.http.get(path, params={name: word}).status_code == 200


@pytest.fixture
def origin(laboratory: Laboratory) -> Iterator[str]:
    """Where the laboratory is served over TLS."""
    with served(laboratory.app) as origin:
        yield origin


def test_every_answer_has_its_headers_over_tls(laboratory: Laboratory, origin: str) -> None:
    """ASVS 3.4.1 to 3.4.6: pages, files, refusals and the interface alike."""
    with httpx.Client(base_url=origin, verify=False) as http:  # noqa: S501 - the test's own certificate
        for path in ("/sign-in", "/batches/", "/nothing", "/static/mes.css", "/api/v1/batches", "/health"):
            headers = http.get(path).headers
            assert {name: headers.get(name) for name in HEADERS} == HEADERS, path
            policy = dict(each.strip().partition(" ")[::2] for each in headers["content-security-policy"].split(";"))
            assert (policy["object-src"], policy["base-uri"], policy["frame-ancestors"]) == ("'none'",) * 3
            assert not [word for word in FORBIDDEN if word in headers["content-security-policy"]]
    assert laboratory.installation.settings.secure_cookies
