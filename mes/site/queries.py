"""What is asked about the site."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.engine import make_url
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


def exists(url: str) -> bool:
    """Say whether there is a database at an address, without making one. Of PostgreSQL's, its server tells."""
    address = make_url(url)
    return address.get_backend_name() != "sqlite" or Path(address.database or "").is_file()


def kind_at(url: str) -> str:
    """Return what kind of site stands at an address; nothing where there is none yet."""
    if not exists(url):
        return ""
    database = Database(url)
    try:
        return kind_of_site(database)
    finally:
        database.dispose()
