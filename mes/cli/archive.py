"""Copy records out, check them, and import those of other laboratories.

    ./lab archive copy BATCH FILE --as USER        the PDF that was made last; .json and .csv.zip are made anew
    ./lab archive check FILE [--key KEYS]          as its own verify.py does
    ./lab archive key                              the public keys of this laboratory, to be published
    ./lab archive import FILE --key KEYS --as USER

Who copies or imports enters the password. KEYS is a file with the keys that the laboratory published which made the
record. A record is made when its batch ends, and on its page at any time.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from mes.archive import verify
from mes.archive.copies import copy_of
from mes.archive.inspection import inspect
from mes.cli import Missing, folder_argument
from mes.cli.installed import carried_out
from mes.context import installation
from mes.execute import Actor, execute
from mes.ledger.seal_keys import announced
from mes.reports.commands import CopyRecord
from mes.signing import authenticate

about = "copy records out and check them"

_FORMS = {".pdf": "pdf", ".json": "json", ".zip": "csv"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)
    parser.add_argument("what", choices=("check", *_WHAT))
    parser.add_argument("words", nargs="*", metavar="BATCH, FILE")
    parser.add_argument("--key", type=Path, help="a file with the keys that the other laboratory published")
    parser.add_argument("--as", dest="user", default="", metavar="USER")


def main(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    if len(options.words) != {"copy": 2, "key": 0}.get(options.what, 1):
        sys.stderr.write("Say what is meant; ./lab archive --help explains it.\n")
        return 2
    if options.what == "check":
        return verify.main([options.words[0], *(("--key", str(options.key)) if options.key else ())])
    return carried_out(_WHAT[options.what], options)


def _actor(options: argparse.Namespace) -> Actor:
    if not options.user:
        raise Missing("say who does it: --as USER")
    person = authenticate(options.user, getpass.getpass(f"Password of {options.user}: "))
    return Actor(person, "this machine", person.id)


def _copy(options: argparse.Namespace) -> None:
    batch, file = options.words[0], Path(options.words[1])
    form = _FORMS.get(file.suffix)
    if form is None or file.exists():
        raise Missing(f"{file} is there already" if form else f"a copy ends with {', '.join(_FORMS)}")
    actor = _actor(options)
    made = copy_of(batch, form)
    execute(CopyRecord(batch, made.form, made.digest), by=actor, tap=str(uuid4()))
    file.write_bytes(made.content)
    sys.stdout.write(f"{file}: {len(made.content):,} bytes, SHA-256 {made.digest}\n")


def _key(_: argparse.Namespace) -> None:
    with installation().reading() as session:
        sys.stdout.write("".join(f"{each.key}\n" for each in announced(session.connection())))


def _import(options: argparse.Namespace) -> None:
    if not options.key:
        raise Missing("give the keys that the other laboratory published: --key KEYS")
    actor = _actor(options)
    command = inspect(Path(options.words[0]).read_bytes(), options.key.read_text(), actor.person)
    execute(command, by=actor, tap=str(uuid4()))
    sys.stdout.write(f"The record of batch {command.batch} of {command.origin} is imported, to be read.\n")


_WHAT: dict[str, Callable[[argparse.Namespace], None]] = {"copy": _copy, "key": _key, "import": _import}
