"""Write the periodic review of the system: what happened to it in a stretch of time, told from the ledger alone.

    ./lab periodic 2026-01-01 2027-01-01 --folder F --as USER
    ./lab periodic --review FILE --as USER --folder F     sign a report that another person signed

Changes, upgrades, deviations, incidents, access, reviews of the audit trail, copies; and whether the ledger is whole.
Days begin at midnight in the site's time zone; the last is not in it. Exit code 1 where the ledger is not whole.
"""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path

from batch_records.executed.draft import Malformed, Refused
from mes.cli import folder_argument
from mes.cli.evidence import finished, reviewed
from mes.cli.installed import installed_in
from mes.db import Database
from mes.evidence.periodic import periodic
from mes.evidence.report import write
from mes.evidence.results import FAILED
from mes.settings import Settings

about = "review the system"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)
    parser.add_argument("since", nargs="?", type=datetime.fromisoformat, help="the first day")
    parser.add_argument("until", nargs="?", type=datetime.fromisoformat, help="the day after the last")
    parser.add_argument("--as", dest="user", default="", metavar="USER", help="sign it")
    parser.add_argument("--review", type=Path, metavar="FILE", help="a report to review (its JSON)")


def main(options: argparse.Namespace) -> int:
    """Gather, write, sign."""
    try:
        if options.review:
            return reviewed(options.review, options.user, options.folder)
        if options.since is None or options.until is None:
            sys.stderr.write("Say from which day to which: ./lab periodic 2026-01-01 2027-01-01\n")
            return 2
        return _review(options)
    except (Refused, Malformed) as refused:
        sys.stderr.write(f"{refused}\n")
        return 1


def _review(options: argparse.Namespace) -> int:
    environment, folder, url = installed_in(options.folder)
    settings = Settings.from_environment(environment)
    since, until = (day.replace(tzinfo=settings.zone) for day in (options.since, options.until))
    database = Database(url)
    with database.snapshot() as connection:
        site = {"laboratory": settings.laboratory, "room": settings.room}
        content = periodic(connection, since, until, site)
    database.dispose()
    report = write(content, folder / "reviews", f"review-{since:%Y-%m-%d}-{until:%Y-%m-%d}")
    finished(report, options.user, options.folder)
    sys.stdout.write(f"{content['summary']}\n")
    return int(content["verdict"] == FAILED)
