"""Copy while eight tablets save, restore elsewhere, prove: all that was acknowledged before is in the copy (R10)."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mes.db import Database
from mes.integrity import check
from tests.architecture.source import ROOT
from tests.soak.rounds import Report, luck, on_each, rounds_arguments
from tests.soak.writers import Site, Writer, at_work, judge, more, site_on


def soak(kind: str, rounds: int, seed: int, first: int = 0, saves: int = 100) -> Report:
    """Copy and restore so often, each time after about so many saves, into batches of the round's own.

    The writers save on while it is copied, and rest while the copy is proved: what they would add meanwhile says
    nothing of the copy, and would make each round longer than the one before.
    """
    report, everybody = Report(f"copies under eight writers, {kind}", seed), list[Writer]()
    with tempfile.TemporaryDirectory(prefix="mes-backup-") as folder, site_on(Path(folder), kind) as site:
        site.start()
        for number in range(first, first + rounds):
            place = Path(folder) / f"round-{number}"
            place.mkdir()
            with at_work(site) as writers:
                everybody += writers
                more(writers, luck(seed, number).randint(saves // 2, saves))
                known = {remark for writer in everybody for remark in writer.acknowledged}
                _copy(site, place / "copy.tar", report)
            _restore(site, place, known, report)
            report.rounds += 1
        judge(site, everybody, report)
    return report


def _copy(site: Site, copy: Path, report: Report) -> None:
    began = time.monotonic()
    report.flaws += _lab(_owner(site), "backup", copy, "--folder", site.measured.folder)
    report.took("to copy and walk it", time.monotonic() - began)


def _restore(site: Site, place: Path, known: set[str], report: Report) -> None:
    copy, elsewhere = place / "copy.tar", place / "elsewhere"
    url = f"sqlite:///{elsewhere / 'mes.sqlite'}"
    if site.cluster:
        base, _, query = _owner(site).partition("?")
        url = f"{base}_{place.name.replace('-', '_')}?{query}"
    began = time.monotonic()
    report.flaws += _lab(url, "restore", copy, "--folder", elsewhere)
    report.took("to prove it and put it in place", time.monotonic() - began)
    restored = Site(type(site.measured)(elsewhere, url, site.measured.app), site.cluster, elsewhere, 0)
    if lost := known - set(restored.remarks()):
        report.flaws.append(f"{len(lost)} saves acknowledged before the copy are not in it")
    database = Database(url)
    with database.snapshot() as connection:
        report.flaws += [f"restored: {flaw.book}: {flaw.sentence}" for flaw in check(connection).flaws]
    database.dispose()
    report.counts["bytes in the last copy"] = copy.stat().st_size
    report.counts["saves in the last copy"] = len(restored.remarks())


def _owner(site: Site) -> str:
    return site.measured.url.replace("mes_app@", "postgres@")


def _lab(url: str, *words: object) -> list[str]:
    command = [sys.executable, "-m", "mes", *map(str, words)]
    told = os.environ | {"MES_DATABASE_URL": url}
    done = subprocess.run(command, env=told, cwd=ROOT, capture_output=True, text=True, check=False)
    return [f"{words[0]}: {done.stdout}{done.stderr}"] if done.returncode else []


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    rounds_arguments(parser, 20)


def main(options: argparse.Namespace) -> int:
    """Run and report; the exit code is 1 where a copy was not whole, or lacked what was acknowledged."""
    return on_each(options, soak)
