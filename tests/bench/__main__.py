"""Measure, beside what the same machine does without the product; each figure has a bar that it should hold.

Saves are measured over real connections to the real server, on SQLite and on PostgreSQL, with the disk waited for.
The machine should have nothing else to do. It takes some half an hour; --quick takes six minutes, and says less.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack
from functools import partial

from tests.bench import audit, charts, core, instruments, saves
from tests.bench.figure import Figure, Named
from tests.bench.installation import Installed, checkpoint, on
from tests.bench.server import serving


def main() -> int:
    """Measure and print; the exit code is 1 where a bar is not held."""
    parser = argparse.ArgumentParser(prog="./lab bench", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--json", action="store_true", help="print one object: figure → value, bar, holds, unit")
    parser.add_argument("--quick", action="store_true", help="fewer saves and fewer batches")
    parser.add_argument(
        "--only", action="append", choices=PARTS, help="measure this part alone (hour: a gateway for an hour)"
    )
    parser.add_argument("--lines", type=int, default=0, help="audit: lines of the trail, instead of ten million")
    parser.add_argument("--engine", action="append", choices=audit.ENGINES, help="audit: this database alone")
    options = parser.parse_args()
    of_audit = partial(audit.measure, lines=options.lines, engines=options.engine or audit.ENGINES)
    figures: dict[str, Figure] = {}
    for part in options.only or USUAL:
        measure = of_audit if part == "audit" else PARTS[part]
        for name, figure in measure(quick=options.quick):
            figures[name] = figure
            sys.stderr.write(f"{_row(name, figure)}\n")
    if options.json:
        sys.stdout.write(json.dumps({name: figure.as_json() for name, figure in figures.items()}, indent=1) + "\n")
    return 0 if all(figure.holds for figure in figures.values()) else 1


def _row(name: str, figure: Figure) -> str:
    sign = "≥" if figure.at_least else "≤"
    bar = f"{sign} {figure.bar:g}" if figure.bar is not None else ""
    verdict = "" if figure.bar is None else "holds" if figure.holds else "FALLS SHORT"
    return f"  {name:<66} {figure.value:>10.2f} {figure.unit:<10} {bar:<8} {verdict}"


def _records(*, quick: bool) -> Named:
    yield "fold of a batch of 5,000 entries", Figure(core.fold_of(5_000), "ms")
    for engine in ("SQLite", "PostgreSQL"):
        with on(engine) as measured:
            for name, figure in _of_one(measured, quick=quick):
                yield f"{engine}: {name}", figure


def _of_one(measured: Installed, *, quick: bool) -> Named:
    measured.fill(10)
    checkpoint(measured)
    few = saves.one_client(measured, 100 if quick else 400)
    yield from _saves(measured, quick=quick)
    if not quick:
        for batches in (1_000, 10_000):
            measured.fill(batches)
            checkpoint(measured)
            many = saves.one_client(measured, 400)
            bar = 1.2 if batches == 10_000 else None
            yield f"save with {batches:,} batches ÷ save with 10", Figure(many / few, "×", bar)
    opened, ratio = core.step_page_against_template(measured)
    yield "open of a step page", Figure(opened, "ms")
    yield "open of a step page ÷ its bare template", Figure(ratio, "×", 3.0)
    per_million, ratio = core.verify_against_hashing(measured)
    yield "verify of a million lines", Figure(per_million, "s", 60.0)
    yield "verify ÷ SHA-256 over the same bytes", Figure(ratio, "×")
    seconds, pages = core.record_as_pdf(measured)
    yield f"batch record as PDF, {pages} pages", Figure(seconds, "s")


def _saves(measured: Installed, *, quick: bool) -> Named:
    workers = 1 if measured.url.startswith("sqlite") else 2
    with ExitStack() as stack:
        environment, folder = measured.environment, measured.folder
        product = stack.enter_context(serving("wsgi:app", environment, workers, folder))
        bare = stack.enter_context(serving("tests.bench.bare:create_app()", environment, workers, folder))
        for clients, each in ((1, 300), (16, 30), (50, 12)):
            pair = saves.flat_out(measured, product, bare, clients, each // 3 if quick else each)
            yield f"save of one value, {clients} clients, median", Figure(pair.p50, "ms")
            yield (
                f"save ÷ bare row, {clients} clients, median",
                Figure(pair.p50_ratio, "×", 2.5 if clients == 1 else None),
            )
            share = Figure(100 * pair.throughput_share, "%", 40.0, at_least=True)
            yield f"throughput of saves ÷ of bare rows, {clients} clients", share
        paced = saves.paced(measured, product, 50, 5 if quick else 15)
        yield "50 tablets, a save a second each, 95th percentile", Figure(paced.percentile(0.95), "ms", 100.0)
        yield "memory of a web process", Figure(product.memory(), "MB", 150.0)


PARTS = {
    "records": _records,
    "instruments": instruments.measure,
    "charts": charts.measure,
    "audit": audit.measure,
    "hour": instruments.hour,
}
USUAL = ("records", "instruments", "charts")


if __name__ == "__main__":
    sys.exit(main())
