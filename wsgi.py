"""The application, for a WSGI server: ``gunicorn wsgi:app``."""

from contextlib import suppress

from sqlalchemy.exc import OperationalError

from mes import create_app
from mes.context import Installation
from mes.durability import must_be_durable

app = create_app()
installation: Installation = app.extensions["mes"]
with suppress(OperationalError):
    must_be_durable(installation.database)
with suppress(OperationalError), installation.database.reader.connect() as connection:
    installation.folds.warm(connection)  # a database that cannot be reached yet is told to whoever asks for a page
