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
from mes.machine.watch import Watch

about = "tick"

_LOOK = 10  # seconds between two looks at the machine itself


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the web application is")
    parser.add_argument("--token-file", type=Path, required=True, help="the clock's token")


def main(options: argparse.Namespace) -> int:
    """Tick, seal, render and look at the machine until told to stop; then seal what is left.

    Each has a thread of its own: neither a slow witness nor a long record keeps a tick waiting.
    """
    headers = {"Authorization": f"Bearer {options.token_file.read_text().strip()}"}
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with httpx.Client(base_url=options.url, headers=headers, timeout=60) as web:
        watch = Watch(options.folder / "clock.seen", {"the records": options.folder})
        asked: dict[str, tuple[str, str]] = {}  # the batch and the form of each document that is to be made
        beside = [
            _thread(stop, 1, "seal", lambda: _seal(web)),
            _thread(stop, _LOOK, "look at the machine", lambda: _look(web, watch)),
            _thread(stop, 1, "document", lambda: _render(web, asked, options.folder)),
        ]
        for thread in beside:
            thread.start()
        _again_and_again(stop, 1, "tick", lambda: asked.update(_tick(web)))
        for thread in beside:
            thread.join()
        _again_and_again(stop, 1, "seal", lambda: _seal(web, all_of_it=True))
    return 0


def _thread(stop: threading.Event, every: float, what: str, act: Callable[[], None]) -> threading.Thread:
    return threading.Thread(target=_again_and_again, args=(stop, every, what, act))


def _again_and_again(stop: threading.Event, every: float, what: str, act: Callable[[], None]) -> None:
    """Do something now and every so many seconds, until told to stop. What fails is said once, and tried again."""
    failing = False
    while True:
        try:
            act()
            failing = False
        except httpx.HTTPError as error:
            if not failing:
                sys.stderr.write(f"the web application did not answer a {what}: {error}\n")
            failing = True
        if stop.wait(every):
            return


def _tick(web: httpx.Client) -> dict[str, tuple[str, str]]:
    told = web.post("/api/v1/ticks").raise_for_status().json()
    return {document["id"]: (document["batch"], document["form"]) for document in told["documents"]}


def _look(web: httpx.Client, watch: Watch) -> None:
    web.post("/api/v1/machine", json=watch.look().told()).raise_for_status()
    watch.seen()


def _seal(web: httpx.Client, *, all_of_it: bool = False) -> None:
    web.post("/api/v1/seals", params={"all": "1"} if all_of_it else {}).raise_for_status()


def _render(web: httpx.Client, asked: dict[str, tuple[str, str]], folder: Path) -> None:
    """Render what is asked for, each in a process of its own: it takes memory that this one would never give back."""
    for document, (batch, form) in list(asked.items()):
        command = [sys.executable, "-m", "mes", "render", batch, "--folder", str(folder), "--form", form]
        rendered = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
        made = {"batch": batch, "problem": rendered.stderr.strip()[-1_500:] or "the renderer failed"}
        if rendered.returncode == 0:
            made = {"batch": batch, **json.loads(rendered.stdout)}
        answer = web.post(f"/api/v1/documents/{document}", json=made)
        asked.pop(document)
        if answer.status_code != httpx.codes.CONFLICT:  # asked for once more while it was made: it is made by now
            answer.raise_for_status()
