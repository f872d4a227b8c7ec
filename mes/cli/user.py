"""Add people with their roles, list them, train them, let them go. Whoever does it enters their own password.

    ./lab user open ID NAME                    set up a laboratory, with its first administrator
    ./lab user list
    ./lab user add ID NAME --role ROLE …       --as ADMINISTRATOR
    ./lab user machine ID NAME --role ROLE     --as ADMINISTRATOR   an instrument gateway, the clock or an auditor
    ./lab user password ID                     choose one's own password, with the one that one has
    ./lab user prove ID --document KIND        --as SUPERVISOR      who looked at which kind of document
    ./lab user train RECIPE/EDITION ID … --until DAY   --as SUPERVISOR
    ./lab user unlock ID --reason WHY          --as ADMINISTRATOR
    ./lab user deactivate ID --reason WHY      --as ADMINISTRATOR

First passwords and tokens are printed once.
"""

from __future__ import annotations

import argparse
import getpass
import secrets
import sys
from collections.abc import Callable
from uuid import uuid4

from batch_records.executed.commands import Person
from batch_records.executed.draft import Malformed
from mes.cli import Missing, folder_argument
from mes.cli.installed import carried_out
from mes.execute import Actor, Outcome, execute
from mes.people import commands as c
from mes.people import queries
from mes.people.identity import DOCUMENTS, ProveIdentity
from mes.people.passwords import new_password
from mes.signing import Signing
from mes.site.commands import INSTALLER, OpenSite
from mes.training.commands import RecordTraining
from mes.web.forms import local_time

about = "add people"
_NOBODY = Actor(Person("nobody", "nobody", frozenset()), "this machine")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)
    parser.add_argument("what", choices=tuple(_WHAT))
    parser.add_argument("id", nargs="?", default="")
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("more", nargs="*", default=[])
    parser.add_argument("--role", action="append", default=[], choices=c.ROLES)
    parser.add_argument("--reason", default="")
    parser.add_argument("--document", default="", help=f"one of: {', '.join(DOCUMENTS)}")
    parser.add_argument("--until", default="", metavar="DAY")
    parser.add_argument("--as", dest="administrator", default="", metavar="ADMINISTRATOR")


def main(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    return carried_out(_WHAT[options.what], options, opens=options.what == "open")


def do_as(command: object, administrator: str) -> Outcome:
    """Carry out a command as somebody who enters their password, and has chosen it."""
    if not administrator:
        raise Missing("say who does it: --as ADMINISTRATOR")
    if queries.has_first_password(administrator):
        raise Missing(f"{administrator} has a first password: ./lab user password {administrator} comes before")
    password = getpass.getpass(f"Password of {administrator}: ")
    return execute(command, by=_NOBODY, tap=str(uuid4()), signing=Signing(administrator, password, ""))


def _open(options: argparse.Namespace) -> None:
    password = new_password(options.id)
    command = OpenSite("laboratory", options.id, options.name, password)
    execute(command, by=INSTALLER, tap=str(uuid4()))
    sys.stdout.write(f"The laboratory is set up. {options.id} administers it, with the first password {password}\n")


def _list(options: argparse.Namespace) -> None:
    del options
    for each in queries.accounts():
        sys.stdout.write(f"{each.name:<20} {each.state:<10} {each.full_name}: {', '.join(each.roles)}\n")


def _add(options: argparse.Namespace) -> None:
    password = new_password(options.id)
    do_as(c.AddUser(options.id, options.name, tuple(options.role), password), options.administrator)
    sys.stdout.write(f"{options.id} has the first password {password}\n")


def _machine(options: argparse.Namespace) -> None:
    token = secrets.token_urlsafe(32)
    do_as(c.AddMachine(options.id, options.name, options.role[0] if options.role else "", token), options.administrator)
    sys.stdout.write(f"{options.id} has the token {token}\n")


def _password(options: argparse.Namespace) -> None:
    """Have a person choose a password; nothing that is typed is shown."""
    now = getpass.getpass(f"Password of {options.id} now: ")
    new, again = getpass.getpass("New password: "), getpass.getpass("Once more: ")
    if new != again:
        raise Malformed("again", "the two new passwords are not the same")
    execute(c.ChoosePassword(options.id, "", new), by=_NOBODY, tap=str(uuid4()), signing=Signing(options.id, now, ""))


def _prove(options: argparse.Namespace) -> None:
    do_as(ProveIdentity(options.id, options.document), options.administrator)


def _train(options: argparse.Namespace) -> None:
    recipe, _, edition = options.id.partition("/")
    if not edition.isdigit():
        raise Malformed("recipe", "say which edition: RECIPE/1")
    users = tuple(user for user in (options.name, *options.more) if user)
    until = local_time("until", options.until)
    do_as(RecordTraining(recipe, int(edition), users, until), options.administrator)


def _unlock(options: argparse.Namespace) -> None:
    do_as(c.Unlock(options.id, options.reason), options.administrator)


def _deactivate(options: argparse.Namespace) -> None:
    do_as(c.SetActive(options.id, active=False, reason=options.reason), options.administrator)


_WHAT: dict[str, Callable[[argparse.Namespace], None]] = {
    "open": _open,
    "list": _list,
    "add": _add,
    "machine": _machine,
    "password": _password,
    "prove": _prove,
    "train": _train,
    "unlock": _unlock,
    "deactivate": _deactivate,
}
