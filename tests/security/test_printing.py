"""What is printed and exported fetches nothing, opens nothing and computes nothing (ASVS 1.2.10, 1.3.6, 5.4)."""

from __future__ import annotations

import base64
import csv
import socketserver
import threading
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path

import pikepdf
import pytest
from weasyprint import HTML

from mes.reports.nowhere import nowhere
from mes.reports.render import render
from mes.web.spreadsheet import as_csv, cell
from tests.mes.laboratory import Laboratory
from tests.security.sinks import typed_everywhere

# WeasyPrint leaves the colour profile open that PDF/A asks for; the process that prints ends with it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning")
CANARY = "a canary in a file of the server"


class Listener(socketserver.ThreadingTCPServer):
    """Somebody who waits to be called."""

    def __init__(self) -> None:
        self.calls = 0
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)

    def process_request(self, request: object, client_address: object) -> None:
        """Count a call."""
        self.calls += 1
        super().process_request(request, client_address)  # type: ignore[arg-type]  # the library's own


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A server on loopback that nobody should find."""
    with Listener() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that no document may hold."""
    file = tmp_path / "secret.txt"
    file.write_text(CANARY)
    return file


def calls(port: int, file: Path) -> dict[str, str]:
    """Return every way to have something fetched, by name."""
    at, there = f"http://127.0.0.1:{port}/x", file.as_uri()
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{at}"/><image href="{there}"/></svg>'
    return {
        "a picture": f'<img src="{at}"><img src="{there}">',
        "a picture in a picture": f'<img src="data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}">',
        "drawn inside": svg,
        "an attachment": f'<link rel="attachment" href="{there}"><a rel="attachment" href="{there}">x</a>',
        "an attachment from elsewhere": f'<link rel="attachment" href="{at}">',
        "a style": f'<link rel="stylesheet" href="{at}"><style>@import url({at});p{{background:url({there})}}</style>',
        "a font": f"<style>@font-face{{font-family:x;src:url({at})}}p{{font-family:x}}</style><p>x</p>",
        "an object": f'<object data="{at}"></object><embed src="{there}"><iframe src="{at}"></iframe>',
        "another protocol": '<img src="ftp://127.0.0.1/x"><img src="file:/etc/hostname"><img src="//127.0.0.1/x">',
        "another base": f'<base href="{at}"><img src="relative.png">',
        "other spelling": f'<img src="HTTP://127.0.0.1:{port}/x"><img src=" {at}"><img src="http://2130706433:{port}/">',
        "a style of its own": f'<p style="background-image:url({at});list-style:url({there})">x</p>',
    }


WAYS = tuple(calls(0, Path("/x")))


def inside(pdf: bytes) -> str:
    """Return every stream of a PDF, unpacked, as one text."""
    found: list[str] = []
    with pikepdf.open(BytesIO(pdf)) as document:
        streams = (each for each in document.objects if isinstance(each, pikepdf.Stream))
        found += [bytes(each.read_bytes()).decode("latin-1") for each in streams]
        found.append(str(list(document.attachments)))
    return "".join(found)


@pytest.mark.parametrize("way", WAYS)
def test_the_printer_goes_nowhere(way: str, listener: Listener, secret: Path) -> None:
    """ASVS 1.3.6: whatever a document asks for: nobody is called, no file is read, nothing is attached."""
    html = calls(listener.server_address[1], secret)[way]
    pdf = HTML(string=html, url_fetcher=nowhere()).write_pdf()
    assert listener.calls == 0
    assert CANARY not in inside(pdf)
    assert inside(pdf).endswith("[]")


def test_the_listener_would_have_heard(listener: Listener) -> None:
    """The same asked without the guard is heard: else the test above would prove nothing."""
    HTML(string=f'<img src="http://127.0.0.1:{listener.server_address[1]}/x">').write_pdf()
    assert listener.calls > 0


@pytest.mark.parametrize("lab", ["sqlite"], indirect=True)
def test_a_record_prints_what_was_typed_as_text(lab: Laboratory, listener: Listener, secret: Path) -> None:
    """ASVS 1.2.1: HTML in every text of a batch: the record shows it as typed, calls nobody and holds no file."""
    html = "".join(calls(listener.server_address[1], secret).values())[:900]
    batch = typed_everywhere(lab, html)
    with lab.app.app_context():
        made = render(batch.number)
    assert made.pages > 1
    assert listener.calls == 0
    assert CANARY not in inside(made.content)


FORMULAS = (
    *("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=cmd|'/C calc'!A0", '=HYPERLINK("http://x","y")'),
    *(
        "\uff1d1+1",
        "\uff0b1+1",
        "\uff20SUM(A1)",
        " =1+1",
        "\u00a0=1",
        "\ufeff=1",
        "-2+3+cmd|' /C calc'!A0",
        '"=1+1',
        "%0A=1",
        "|calc",
    ),
)


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(text: str) -> None:
    """ASVS 1.2.10: a remark that a spreadsheet would compute is kept from it, and loses no letter."""
    ((head,), (read,)) = csv.reader(StringIO(as_csv(["Remark"], [[text]]), newline=""))
    assert head == "Remark"
    assert read.lstrip(" \u00a0\ufeff")[:1] not in tuple("=+-@\t\r\n|%\uff1d\uff0b\uff20")
    assert read.removeprefix("'") == text


@pytest.mark.parametrize("text", ["-0.50", "+12", "85 %", "1.2e8", "a = b", "", "COI-26-0001-A", "37,5", "it's"])
def test_a_number_and_a_plain_text_stay_as_they_are(text: str) -> None:
    """A value below zero is no formula: its digits and its sign are left alone."""
    assert cell(text) == text
