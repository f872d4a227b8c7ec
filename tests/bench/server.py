"""The server that both are measured under: gunicorn as `./lab run` starts it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from mes.processes import free_port


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]

    def memory(self) -> float:
        """Return the resident memory of its largest worker, in megabytes."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        sizes = [_resident(child) for child in children]
        return max(sizes) / 1024


def _resident(pid: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmRSS")).split()[1])


@contextmanager
def serving(app: str, environment: Mapping[str, str], workers: int, folder: Path) -> Iterator[Server]:
    """Serve an application while entered."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", app, "--worker-class", "gthread", "--workers", str(workers)]
    command += ["--threads", "8", "--bind", f"127.0.0.1:{port}", "--no-control-socket", "--keep-alive", "75"]
    command += ["--log-level", "warning"]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, env=dict(environment), stdout=log, stderr=log)
        try:
            _await(port, process)
            yield Server(port, process)
        finally:
            process.terminate()
            process.wait(20)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"http://127.0.0.1:{port}/health", timeout=2)
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server did not start")
