"""What one installation consists of while it runs, reached from anywhere inside the application's context."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from flask import current_app
from sqlalchemy.orm import Session

from mes.batches.folds import Folds
from mes.db import Database
from mes.settings import Settings


@dataclass
class Installation:
    """The settings, the database and the batches that were folded so far."""

    settings: Settings
    database: Database
    folds: Folds = field(default_factory=Folds)

    def now(self) -> datetime:
        """The time that everything recorded now gets, aware UTC."""
        return self.settings.clock()

    def reading(self) -> Session:
        """Return a session that can only read. Use it as a context manager."""
        return Session(self.database.reader, autoflush=False)


def installation() -> Installation:
    """Return the installation that the running application is."""
    return cast(Installation, current_app.extensions["mes"])
