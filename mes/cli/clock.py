"""The clock process: each second it asks the web application to do and to seal what is due, and renders documents."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import httpx

from mes.cli import folder_argument

about = "tick"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the web application is")
    parser.add_argument("--token-file", type=Path, required=True, help="the clock's token")


def main(options: argparse.Namespace) -> int:
    """Tick and seal until told to stop; then seal what is left. A witness that is slow keeps no tick waiting."""
    headers = {"Authorization": f"Bearer {options.token_file.read_text().strip()}"}
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with httpx.Client(base_url=options.url, headers=headers, timeout=60) as web:
        sealing = threading.Thread(target=_each_second, args=(stop, "seal", lambda: _seal(web)))
        sealing.start()
        _each_second(stop, "tick", lambda: _tick(web, options.folder))
        sealing.join()
        _each_second(stop, "seal", lambda: _seal(web, all_of_it=True))
    return 0


def _each_second(stop: threading.Event, what: str, act: Callable[[], None]) -> None:
    """Do something now and each second, until told to stop. What fails is said once, and tried again a second later."""
    failing = False
    while True:
        try:
            act()
            failing = False
        except httpx.HTTPError as error:
            if not failing:
                sys.stderr.write(f"the web application did not answer a {what}: {error}\n")
            failing = True
        if stop.wait(1):
            return


def _tick(web: httpx.Client, folder: Path) -> None:
    for document in web.post("/api/v1/ticks").raise_for_status().json()["documents"]:
        _render(web, document["id"], document["batch"], folder)


def _seal(web: httpx.Client, *, all_of_it: bool = False) -> None:
    web.post("/api/v1/seals", params={"all": "1"} if all_of_it else {}).raise_for_status()


def _render(web: httpx.Client, document: str, batch: str, folder: Path) -> None:
    """Render in a process of its own: it takes memory that this one would never give back."""
    command = [sys.executable, "-m", "mes", "render", batch, "--folder", str(folder)]
    rendered = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    made = {"batch": batch, "problem": rendered.stderr.strip()[-1_500:] or "the renderer failed"}
    if rendered.returncode == 0:
        made = {"batch": batch, **json.loads(rendered.stdout)}
    web.post(f"/api/v1/documents/{document}", json=made).raise_for_status()
