"""Alembic's entry: it is only ever called by `mes.schema`, with a connection."""

from __future__ import annotations

from alembic import context

from mes.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata(), render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
