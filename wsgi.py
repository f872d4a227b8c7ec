"""The application, for a WSGI server: ``gunicorn wsgi:app``."""

from mes import create_app

app = create_app()
