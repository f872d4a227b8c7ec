"""Reports on the software as PDF, in the hand of the batch record: A4, each page with its number and the digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any, cast

from jinja2 import Environment, PackageLoader, select_autoescape

_TEMPLATES = Environment(
    loader=PackageLoader("mes.evidence", "templates/document"),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
)


def printed(content: Mapping[str, Any], digest: str, signatures: Sequence[object]) -> bytes:
    """Print a report. ``form`` in it names the template."""
    from weasyprint import CSS, HTML  # noqa: PLC0415 - heavy, and only for who prints
    from weasyprint.urls import URLFetcher  # noqa: PLC0415 - the same

    template = _TEMPLATES.get_template(f"{content['form']}.html")
    html = template.render(report=content, digest=digest, signatures=signatures)
    # It holds all that it shows: a test's name or an instrument's words must not make the printer go anywhere.
    nowhere = URLFetcher(allowed_protocols=("data",), allow_redirects=False)
    style = CSS(string=_TEMPLATES.get_template("report.css").render(digest=digest), url_fetcher=nowhere)
    pdf = HTML(string=html, url_fetcher=nowhere).write_pdf(stylesheets=[style], pdf_variant="pdf/a-3u")
    return cast(bytes, pdf)


def by_file(tests: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Say which tests of which file ran, and how often: the parameters of one function stand in the JSON."""
    functions = [(test["id"].split("[")[0].rpartition("::")[::2], test["outcome"]) for test in tests]
    told = []
    for file, of_file in groupby(sorted(functions), key=lambda each: each[0][0]):
        names = [
            _runs(name, [outcome for _, outcome in runs]) for name, runs in groupby(of_file, key=lambda e: e[0][1])
        ]
        told.append((str(PurePosixPath(file)), ", ".join(names)))
    return told


def _runs(name: str, outcomes: list[str]) -> str:
    words = name.removeprefix("test_").replace("_", " ")
    failed = sum(outcome != "passed" for outcome in outcomes)
    times = f" ({len(outcomes)} runs)" if len(outcomes) > 1 else ""
    return f"{words}{times}" + (f": {failed} FAILED" if failed else "")


def by_law(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Put the rows of one law together, in the order of the table."""
    return [(law, list(of_law)) for law, of_law in groupby(rows, key=lambda row: str(row["text"]))]


def breakable(clause: str) -> str:
    """Let a clause of the law break behind a stroke, and not within a number."""
    return clause.replace("/", "/\N{ZERO WIDTH SPACE}")


_TEMPLATES.filters |= {"by_file": by_file, "by_law": by_law, "breakable": breakable}
