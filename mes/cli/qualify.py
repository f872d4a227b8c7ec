"""Qualify an installation: that it is what was released and is set up well (IQ), that it does what it must (OQ).

    ./lab qualify --folder F --url https://mes.example.org --backups /mnt/backup --as USER
    ./lab qualify --review FILE --as USER     sign a report that another person signed

IQ reads and changes nothing. OQ opens a laboratory of its own beside the records, plays a whole batch in it and tries
what must be refused; on PostgreSQL, --scratch is the owner's address of an empty database for that. The report goes
into `qualification` in the installation's folder, as JSON and PDF; with --as its digest is signed into the ledger.

Exit code 1 where a check failed. One that nobody could make is open: the report says why, and a person judges it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from batch_records.executed.draft import Malformed, Refused
from mes.cli import folder_argument
from mes.cli.evidence import finished, reviewed
from mes.cli.installed import installed_in
from mes.evidence import installation, operation
from mes.evidence.check import Check, Site, answered
from mes.evidence.qualification import qualification
from mes.evidence.report import write
from mes.evidence.results import FAILED
from mes.settings import Settings

about = "qualify an installation"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)
    parser.add_argument("--url", default="", help="where tablets reach it")
    parser.add_argument("--backups", type=Path, help="the folder where copies lie")
    parser.add_argument("--scratch", default="", metavar="URL", help="an empty database for the operational checks")
    parser.add_argument("--only", choices=("IQ", "OQ"), help="one of the two parts")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--as", dest="user", default="", metavar="USER", help="sign it")
    parser.add_argument("--review", type=Path, metavar="FILE", help="a report to review (its JSON)")


def main(options: argparse.Namespace) -> int:
    """Check, tell each verdict as it comes, write the report."""
    try:
        if options.review:
            return reviewed(options.review, options.user, options.folder)
        return _qualify(options)
    except (Refused, Malformed) as refused:
        sys.stderr.write(f"{refused}\n")
        return 1


def _qualify(options: argparse.Namespace) -> int:
    environment, folder, _ = installed_in(options.folder)
    site = Site(Settings.from_environment(environment), environment, options.url, options.backups, options.scratch)
    checks = list(_told(_checks(site, options.only), quiet=options.json))
    at = datetime.now(UTC)
    content = qualification(site, checks, at)
    report = write(content, folder / "qualification", f"qualification-{at:%Y-%m-%dT%H%M%SZ}")
    if options.json:
        sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    finished(report, options.user, options.folder, quiet=options.json)
    sys.stderr.write(f"{content['summary']}\n")
    return int(content["verdict"] == FAILED)


def _checks(site: Site, only: str | None) -> Iterator[Check]:
    if only != "OQ":
        yield from answered("IQ", installation.QUESTIONS, site)
    if only != "IQ":
        with tempfile.TemporaryDirectory(prefix="qualification-") as folder:
            yield from operation.checks(site, Path(folder))


def _told(checks: Iterable[Check], *, quiet: bool) -> Iterator[Check]:
    for each in checks:
        if not quiet:
            sys.stdout.write(f"  {each.id}  {each.verdict:<6}  {each.title}: {each.actual[:400]}\n")
            sys.stdout.flush()
        yield each
