"""The installation that a command acts in."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from werkzeug.exceptions import NotFound

from batch_records.executed.draft import Malformed, Refused
from mes import create_app
from mes.cli import Missing
from mes.context import installation
from mes.schema import upgrade
from mes.settings import Settings, place
from mes.signing import WrongPassword
from mes.site.queries import kind_at


def installed_in(folder: Path) -> tuple[dict[str, str], Path, str]:
    """Return the environment of the installation in a folder, its folder, and its database's address.

    Raise `Missing` where there is none.
    """
    environment, where, url = _at(folder)
    if not kind_at(url):
        raise Missing(f"no laboratory is set up in {where}: ./lab user open does that")
    return environment, where, url


def carried_out(do: Callable[[argparse.Namespace], object], options: argparse.Namespace, *, opens: bool = False) -> int:
    """Do something in the installation of ``options.folder``; where it is refused, say why. Return the exit code.

    What ``opens`` an installation finds no more than a database, and makes its tables.
    """
    environment, _, url = _at(options.folder) if opens else installed_in(options.folder)
    settings = Settings.from_environment(environment)
    if opens:
        upgrade(url)
    app = create_app(settings)
    with app.app_context(), app.test_request_context():
        try:
            do(options)
        except (Refused, Malformed, NotFound, WrongPassword) as error:
            sys.stderr.write(f"{getattr(error, 'description', '') or error or 'This password is not right.'}\n")
            return 1
        finally:
            installation().database.dispose()
    return 0


def _at(folder: Path) -> tuple[dict[str, str], Path, str]:
    environment = os.environ | {"MES_FOLDER": str(folder.resolve())}
    return environment, *place(environment)
