"""Our plug-in of pytest: each run of the whole suite leaves its results under ``.lab``, for ``./lab evidence``.

A run of a part leaves nothing, unless ``--results FILE`` asks for it: it would take the place of what is evidence. With
several processes each tells the first what it left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mes.evidence import environment, manifest
from mes.evidence.results import FAILED, NEWEST, PASSED, LeftOut, Ran, Results
from tests.services import chromium, postgres

_CAPTURES = "what real instruments sent is not on this machine (MES_CAPTURES)"
_NOT_ASKED_FOR = "the run did not ask for it"
_ENDED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that says where results go."""
    parser.addoption("--results", type=Path, metavar="FILE", help="write the results of this run there, too")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to listen."""
    config.pluginmanager.register(Recorder(config), "results")


class Recorder:
    """What one run leaves."""

    def __init__(self, config: pytest.Config) -> None:
        self.config, self.began = config, _now()
        self.ran = dict[str, Ran]()
        self.left_out = list[LeftOut]()

    def pytest_deselected(self, items: Iterable[pytest.Item]) -> None:
        """Keep what is left out, with the reason."""
        for item in items:
            why = _CAPTURES if "captures" in getattr(item, "fixturenames", ()) else _NOT_ASKED_FOR
            proves = tuple(str(mark.args[0]) for mark in item.iter_markers("requirement"))
            self.left_out.append(LeftOut(item.nodeid, why, proves))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep how a test ended: passed only if its beginning and its end did, too."""
        before = self.ran.get(report.nodeid, Ran(report.nodeid, PASSED, 0.0))
        proves = tuple(str(value) for key, value in report.user_properties if key == "requirement")
        passed = report.outcome == "passed" and before.outcome == PASSED
        seconds = round(before.seconds + report.duration, 3)
        self.ran[report.nodeid] = Ran(report.nodeid, PASSED if passed else FAILED, seconds, tuple(sorted(set(proves))))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:  # noqa: ANN401 - a process of pytest-xdist
        """Take what one of several processes left out; all of them leave out the same."""
        told = getattr(node, "workeroutput", {}).get("left_out", [])
        self.left_out = [LeftOut(each["id"], each["why"], tuple(each["requirements"])) for each in told]

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Tell the first process, or write the file."""
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["left_out"] = [asdict(each) for each in self.left_out]
            return
        is_whole = exitstatus in _ENDED and bool(self.ran) and self._asked_for_all()
        files = [self.config.getoption("results"), NEWEST if is_whole else None]
        if not any(files):
            return
        try:
            results = self._results(is_whole=is_whole)
        except manifest.NoManifest as nothing:
            self.config.get_terminal_writer().line(f"No results are kept: {nothing}.")
            return
        for file in filter(None, files):
            results.write(file)

    def _asked_for_all(self) -> bool:
        asked = self.config.args_source is pytest.Config.ArgsSource.TESTPATHS
        return asked and all(each.why != _NOT_ASKED_FOR for each in self.left_out)

    def _results(self, *, is_whole: bool) -> Results:
        released, present = manifest.released(), manifest.present()
        pairs = present.files.items() ^ released.files.items()
        return Results(
            version=present.version,
            commit=present.commit,
            digest=present.digest,
            altered=tuple(sorted({path for path, _ in pairs})),
            began=self.began,
            ended=_now(),
            tester=environment.who(),
            environment=environment.look(postgresql=_postgres(), browser=_browser()),
            is_whole=is_whole,
            tests=tuple(self.ran.values()),
            left_out=tuple(self.left_out),
        )


def _postgres() -> str:
    with suppress(RuntimeError):  # it is not here, and the tests that need it said so
        return str(postgres.programs() / "postgres")
    return "postgres"


def _browser() -> str:
    with suppress(RuntimeError):  # the same
        return chromium.executable()
    return "chromium"


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
