"""Show which requirement which test proves, with which outcome, on which files and machine: as JSON, and as PDF.

    ./lab evidence                  the newest whole run of the tests on these very files; where there is none, run them
    ./lab evidence --from FILE      the results of a run elsewhere (pytest --results FILE)
    ./lab evidence --json           print the matrix and write nothing
    ./lab evidence --as USER        and sign it on the installation in --folder; the password is asked for
    ./lab evidence --review FILE --as USER    sign a report that another person signed
    ./lab evidence --sbom FILE      write the bill of materials (CycloneDX) instead
    ./lab evidence --manifest FILE  write the released files with their hashes instead

Exit code 1 where a test failed. A requirement that no test proves yet is open: shown and counted, and no failure.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from batch_records.executed.draft import Malformed, Refused
from mes.cli import Missing, folder_argument
from mes.evidence import bill, manifest, matrix, results
from mes.evidence.dossier import dossier
from mes.evidence.report import Report, sign, write

about = "show what is proven"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)
    parser.add_argument("--from", dest="results", type=Path, metavar="FILE", help="the results of a run")
    parser.add_argument("--json", action="store_true", help="print the matrix")
    parser.add_argument("--to", type=Path, default=Path(".lab/evidence"), help="the folder for reports (.lab/evidence)")
    parser.add_argument("--as", dest="user", default="", metavar="USER", help="sign it")
    parser.add_argument("--review", type=Path, metavar="FILE", help="a report to review (its JSON)")
    parser.add_argument("--sbom", type=Path, metavar="FILE", help="write the bill of materials")
    parser.add_argument("--manifest", type=Path, metavar="FILE", help="write the released files with their hashes")


def main(options: argparse.Namespace) -> int:
    """Do what is asked for, and say what came of it."""
    try:
        if options.sbom:
            return _keep(options.sbom, bill.text())
        if options.manifest:
            return _keep(options.manifest, manifest.released().text())
        if options.review:
            return reviewed(options.review, options.user, options.folder)
        return _evidence(options)
    except (results.Unreadable, manifest.NoManifest) as nothing:
        raise Missing(str(nothing)) from None
    except (Refused, Malformed) as refused:
        sys.stderr.write(f"{refused}\n")
        return 1


def _keep(file: Path, text: str) -> int:
    file.write_text(text)
    sys.stdout.write(f"{file}: {len(text.splitlines()):,} lines\n")
    return 0


def reviewed(file: Path, user: str, folder: Path) -> int:
    """Have a report reviewed by another person, and print it anew with both signatures."""
    if not user:
        raise Missing("say who reviews it: --as USER")
    report = Report(file)
    pdf = report.print(sign(report, user, folder, as_reviewer=True))
    sys.stdout.write(f"{pdf}\nSHA-256 {report.digest}\n")
    return 0


def _evidence(options: argparse.Namespace) -> int:
    ran = results.read(options.results) if options.results else _newest()
    rows = matrix.matrix(matrix.requirements(), ran)
    has_failed = any(row.status == results.FAILED for row in rows) or bool(ran.failed)
    if options.json:
        sys.stdout.write(json.dumps(matrix.as_json(rows), indent=1) + "\n")
        return int(has_failed)
    at = datetime.now(UTC)
    report = write(dossier(rows, ran, at), options.to, f"evidence-{ran.version}-{at:%Y-%m-%dT%H%M%SZ}")
    finished(report, options.user, options.folder)
    sys.stdout.write(f"{matrix.summary(rows)}\n")
    return int(has_failed)


def finished(report: Report, user: str, folder: Path, *, quiet: bool = False) -> None:
    """Have a new report signed where somebody is named, print it, and say where it is."""
    try:
        signatures = sign(report, user, folder) if user else []
    except (Refused, Missing):
        report.print()  # what was found is kept, whoever may not sign it
        raise
    pdf = report.print(signatures)
    to = sys.stderr if quiet else sys.stdout
    to.write(f"{report.file}\n{pdf}\nSHA-256 {report.digest}\n")


def _newest() -> results.Results:
    """Return the results of these very files. Where there are none, run the tests; what they say goes to stderr."""
    if results.NEWEST.exists():
        found = results.read(results.NEWEST)
        if found.digest == manifest.present().digest:
            return found
    sys.stderr.write("No run of all tests on these files is on record here: they are run now.\n")
    tests = (sys.executable, "-m", "pytest", "--numprocesses", "auto")
    done = subprocess.run(tests, cwd=manifest.ROOT, stdout=sys.stderr, check=False)  # noqa: S603 - our own tests
    if done.returncode > 1 or not results.NEWEST.exists():
        raise Missing(f"the tests did not come to their end (exit code {done.returncode}): there is no evidence")
    return results.read(results.NEWEST)
