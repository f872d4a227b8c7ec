"""Backups made and restored in a test, as `./lab` does it, on the database that the test's laboratory stands in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from mes.cli import main
from tests.mes.laboratory import Laboratory, opened


@dataclass
class Desk:
    """Where somebody sits who makes and restores backups, and what the terminal said last."""

    lab: Laboratory
    terminal: pytest.CaptureFixture[str]
    said: str = ""

    @property
    def file(self) -> Path:
        """Where the copy goes."""
        return self.lab.folder / "away" / "copy.tar"

    def type(self, *words: object, url: str = "") -> int:
        """Type a command of `./lab`, for the laboratory's database or another; return the exit code."""
        told = {"MES_DATABASE_URL": url or self.lab.owner_url}
        with mock.patch.dict(os.environ, told):
            code = main([str(word) for word in words])
        out = self.terminal.readouterr()
        self.said = out.out + out.err
        return code

    def back_up(self, *words: object) -> int:
        """Make a backup."""
        self.file.parent.mkdir(exist_ok=True)
        return self.type("backup", self.file, "--folder", self.lab.folder, *words)

    def restore(self, *words: object, url: str = "", folder: Path | None = None) -> int:
        """Restore it, with the laboratory stopped: its connections are closed."""
        self.lab.database.dispose()
        return self.type("restore", self.file, "--folder", folder or self.lab.folder, *words, url=url)

    @contextmanager
    def elsewhere(self) -> Iterator[tuple[str, Path]]:
        """Lend an address where there is no database yet, and a folder, as on another machine."""
        folder = self.lab.folder / "elsewhere"
        if self.lab.is_sqlite:
            yield f"sqlite:///{folder}/mes.sqlite", folder
            return
        url = f"{self.lab.owner_url.partition('?')[0]}_elsewhere?{self.lab.owner_url.partition('?')[2]}"
        yield url, folder

    @contextmanager
    def restored(self, url: str, folder: Path) -> Iterator[Laboratory]:
        """Open what was restored."""
        with opened(url, folder, self.lab.time()) as restored:
            yield restored
        self.lab.install()
