"""A terminal, as a user has one: a shell line typed into it, what it shows, Ctrl-C, and passwords that nobody sees."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping
from pathlib import Path
from shlex import quote
from threading import Condition, Thread
from typing import Self

from tests.architecture.source import ROOT

PATIENCE = 300.0  # seconds: a slow machine is not a defect


class Terminal:
    """A shell line on a pseudo-terminal that it controls. Leaving it kills what is still running of its group."""

    def __init__(self, line: str, environment: Mapping[str, str] | None = None, folder: Path = ROOT) -> None:
        self.shown, self._ended, self._changed = "", False, Condition()
        self._near, far = os.openpty()
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", line],
            stdin=far,
            stdout=far,
            stderr=far,
            cwd=folder,
            env=_environment(environment or {}),
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - one system call, in the child
        )
        os.close(far)
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._reader.join()
        os.close(self._near)

    def until(self, words: str) -> str:
        """Wait until something is shown, and return all that is."""
        self._wait(lambda: words in self.shown or self._ended)
        assert words in self.shown, self.shown
        return self.shown

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._near, f"{text}\n".encode())

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C: the kernel signals what runs in the foreground."""
        os.write(self._near, b"\x03")

    def end(self, patience: float = PATIENCE) -> int:
        """Wait until it ends by itself, and return its exit code."""
        self._wait(lambda: self._ended, patience)
        return self.process.wait(patience)

    def _wait(self, condition: Callable[[], object], patience: float = PATIENCE) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, patience), self.shown

    def _read(self) -> None:
        data = b""
        while True:
            try:
                more = os.read(self._near, 65_536)
            except OSError:  # nobody holds the far end any more
                more = b""
            data += more
            with self._changed:
                self.shown, self._ended = data.decode(errors="replace").replace("\r\n", "\n"), not more
                self._changed.notify_all()
            if not more:
                return


def mes(*words: object) -> str:
    """Return the line that ``./lab`` hands over to, with these words after it."""
    return " ".join(quote(str(word)) for word in ("exec", sys.executable, "-m", "mes", *words)).removeprefix("exec ")


def done(*words: object, **environment: str) -> tuple[int, str]:
    """Run a command to its end; return its exit code and all that it said."""
    with Terminal(f"exec {mes(*words)}", environment) as terminal:
        return terminal.end(), terminal.shown


def processes_of(folder: Path) -> dict[int, str]:
    """Return what runs for an installation, by process id: all that was told that its folder is this one."""
    told, found = f"MES_FOLDER={folder}".encode(), dict[int, str]()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if told in (process / "environ").read_bytes().split(b"\0"):
                found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it ended meanwhile
            continue
    return found


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return the user's environment, without what a laboratory elsewhere has set."""
    kept = {name: value for name, value in os.environ.items() if not re.match("MES_(?!CAPTURES|CACHE)|PYTEST_", name)}
    return kept | {"PYTHONPATH": str(ROOT), **more}
