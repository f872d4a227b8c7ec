"""The clock process: each second it asks the web application to do what is due, and has documents rendered."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import httpx

from mes.cli import folder_argument
from mes.machine.watch import Watch
from mes.web import steady

about = "tick"

_LOOK = 10.0  # seconds between two looks at the machine itself


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the web application is")
    parser.add_argument("--token-file", type=Path, required=True, help="the clock's token")


def main(options: argparse.Namespace) -> int:
    """Tick until told to stop. A tick that fails is said once, and tried again a second later."""
    headers = {"Authorization": f"Bearer {options.token_file.read_text().strip()}"}
    failing = False
    watch = Watch(options.folder / "clock.seen", {"the records": options.folder})
    due = 0.0
    with httpx.Client(base_url=options.url, headers=headers, timeout=30) as web:
        while True:
            try:
                if steady.seconds() >= due:
                    web.post("/api/v1/machine", json=watch.look().told()).raise_for_status()
                    watch.seen()
                    due = steady.seconds() + _LOOK
                ticked = web.post("/api/v1/ticks").raise_for_status().json()
                failing = False
                for document in ticked["documents"]:
                    _render(web, document["id"], document["batch"], options.folder)
            except httpx.HTTPError as error:
                if not failing:
                    sys.stderr.write(f"the web application did not answer a tick: {error}\n")
                failing = True
            time.sleep(1)


def _render(web: httpx.Client, document: str, batch: str, folder: Path) -> None:
    """Render in a process of its own: it takes memory that this one would never give back."""
    command = [sys.executable, "-m", "mes", "render", batch, "--folder", str(folder)]
    rendered = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    made = {"batch": batch, "problem": rendered.stderr.strip()[-1_500:] or "the renderer failed"}
    if rendered.returncode == 0:
        made = {"batch": batch, **json.loads(rendered.stdout)}
    web.post(f"/api/v1/documents/{document}", json=made).raise_for_status()
