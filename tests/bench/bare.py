"""What a save is measured against: the least that a web application can do on the same database and server.

``POST /row`` commits one row before it answers. Nobody signs in, nothing is checked, nothing is chained.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask, request
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert

from mes.db import Database
from mes.settings import Settings

_METADATA = MetaData()
_ROW = Table(
    "bare_row",
    _METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("value", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", Text, nullable=False),
)


def create_app() -> Flask:
    """Make the bare application; its engine is the one that the product uses, with the same pragmas and lock."""
    database = Database(Settings.from_environment().database_url)
    app = Flask("bare")

    @app.get("/health")
    def health() -> str:
        return "ok"

    @app.post("/row")
    def row() -> str:
        values = {"value": request.form["value"], "author": request.form["author"]}
        with database.turn(), database.writer.begin() as connection:
            connection.execute(insert(_ROW).values(**values, at=datetime.now(UTC).isoformat()))
        return "saved"

    return app


def create_table(owner_url: str) -> None:
    """Create the row's table, as the owner of the database."""
    database = Database(owner_url)
    _METADATA.create_all(database.writer)
    if not database.is_sqlite:
        with database.writer.begin() as connection:
            connection.exec_driver_sql(
                "GRANT ALL ON bare_row TO mes_app; GRANT ALL ON SEQUENCE bare_row_id_seq TO mes_app"
            )
    database.dispose()
