"""What the software runs on here: machine, system, Python, packages, databases, printer of pages."""

from __future__ import annotations

import getpass
import platform
import re
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mes.evidence.packages import installed


def look(**programs: str) -> Mapping[str, Any]:
    """Describe this machine. ``programs`` are others that took part, by what they are: their version is asked for."""
    return {
        "machine": socket.gethostname(),
        "system": _system(),
        "kernel": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": sqlite3.sqlite_version,
        **{what: version_of(program) for what, program in programs.items()},
        "packages": [[each.name, each.version, each.digest] for each in installed().values()],
    }


def who() -> str:
    """Return the account on this machine under which we run."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return "an account without a name"


def version_of(program: str) -> str:
    """Return what a program says its version is."""
    found = shutil.which(program)
    if found is None:
        return "not here"
    done = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - named by us
    return (done.stdout or done.stderr).strip().splitlines()[0] if done.stdout or done.stderr else "does not say"


def _system() -> str:
    release = Path("/etc/os-release")
    named = re.search(r'^PRETTY_NAME="?(.+?)"?$', release.read_text(), re.MULTILINE) if release.exists() else None
    return named[1] if named else platform.platform()
