"""What is asked about the site."""

from __future__ import annotations

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from mes.db import Database
from mes.site.models import Site


def kind_of_site(database: Database) -> str:
    """Return ``laboratory``, ``demonstration``, or nothing where no installation was set up yet."""
    if not inspect(database.reader).has_table(Site.__tablename__):
        return ""
    with Session(database.reader) as session:
        site = session.get(Site, 1)
        return site.kind if site else ""
