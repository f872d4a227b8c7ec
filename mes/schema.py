"""The schema of a database: brought up to date, or found to be of another version, before anything is served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Mapper

from mes.access import models as access
from mes.alarms import models as alarms
from mes.archive import models as archive
from mes.badges import models as badges
from mes.batches import models as batches
from mes.codes import models as codes
from mes.db import Database, Row, Table, View
from mes.doses import models as doses
from mes.equipment import models as equipment
from mes.factors import models as factors
from mes.gateways import models as gateways
from mes.ledger import reasons, seal_tables
from mes.machine import models as machine
from mes.masters import models as masters
from mes.materials import models as materials
from mes.patients import models as patients
from mes.people import models as people
from mes.reports import models as reports
from mes.samples import models as samples
from mes.site import models as site
from mes.sso import models as sso
from mes.training import models as training
from mes.trends import models as trends

_MODELS = (
    access,
    alarms,
    archive,
    badges,
    batches,
    codes,
    doses,
    equipment,
    factors,
    gateways,
    machine,
    masters,
    materials,
    patients,
    people,
    reasons,
    reports,
    samples,
    site,
    sso,
    training,
    trends,
)
_ROLE = "mes_app"


def metadata() -> MetaData:
    """Return the tables of all rows and views."""
    return Table.metadata


def rows() -> list[type[Row]]:
    """Return every class of rows."""
    return [mapper.class_ for mapper in Table.registry.mappers if issubclass(mapper.class_, Row)]


def upgrade(url: str) -> None:
    """Bring a database up to this version's schema. On PostgreSQL, ``url`` is the owner's, not the application's."""
    config = _config()
    if make_url(url).get_backend_name() == "sqlite":
        database = Database(url)  # with the pragmas that the application uses
        engine = database.writer
    else:
        engine = create_engine(url)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if connection.dialect.name == "postgresql":
            _grant(connection)
        connection.commit()
    engine.dispose()


def is_current(database: Database) -> bool:
    """Say whether a database has this version's schema."""
    with database.reader.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    return found == newest()


def newest() -> str:
    """Return which version of the schema this program has."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _grant(connection: Connection) -> None:
    """Give the application's role what it needs and no more: it cannot change a line, nor delete a row."""
    exists = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": _ROLE}).scalar()
    if not exists:
        connection.execute(text(f"CREATE ROLE {_ROLE} LOGIN"))
    grants = [
        *(f"SELECT, INSERT ON {table}" for table in ("line", "tap", "reading", "vouched", *seal_tables.APPEND_ONLY)),
        "SELECT, INSERT, UPDATE ON book",
        "SELECT ON alembic_version",
        "EXECUTE ON FUNCTION make_room_for_readings(text)",
        *(_rights(mapper) for mapper in Table.registry.mappers),
    ]
    for grant in grants:
        connection.execute(text(f"GRANT {grant} TO {_ROLE}"))


def _rights(mapper: Mapper[Any]) -> str:
    rights = "SELECT, INSERT, UPDATE" + (", DELETE" if issubclass(mapper.class_, View) else "")
    return f"{rights} ON {mapper.local_table}"
