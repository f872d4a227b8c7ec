"""What one installation consists of while it runs, reached from anywhere inside the application's context."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from flask import current_app
from sqlalchemy.orm import Session

from mes.batches.folds import Folds
from mes.db import Database
from mes.people.names import Names
from mes.seals.sealing import Sealing
from mes.settings import Settings
from mes.site.queries import kind_of_site


@dataclass
class Installation:
    """The settings, the database and the batches that were folded so far."""

    settings: Settings
    database: Database
    folds: Folds = field(init=False)
    names: Names = field(init=False)
    sealing: Sealing = field(init=False)

    def __post_init__(self) -> None:
        """Refuse a clock that a laboratory cannot have."""
        self.names = Names(self.database)
        self.sealing = Sealing(self.database, self.settings.folder, self.now)
        self.folds = Folds(self.names)
        if self.settings.is_demonstration and kind_of_site(self.database) == "laboratory":
            raise ValueError("this installation was opened as a laboratory: it takes no process clock")

    def now(self) -> datetime:
        """The time that everything recorded now gets, aware UTC."""
        return self.settings.clock()

    def reading(self) -> Session:
        """Return a session that can only read. Use it as a context manager."""
        return Session(self.database.reader, autoflush=False)


def installation() -> Installation:
    """Return the installation that the running application is."""
    return cast(Installation, current_app.extensions["mes"])
