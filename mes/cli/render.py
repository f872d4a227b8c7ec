"""Render the record of one batch, keep the file, and print what it is as JSON. The clock process calls this."""

from __future__ import annotations

import argparse
import json
import os
import sys

from flask import Flask

from mes.cli import folder_argument
from mes.context import Installation
from mes.db import Database
from mes.reports.models import SUPPLY
from mes.reports.queries import file_of
from mes.reports.render import render, render_supply
from mes.settings import Settings

about = "render a record"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)
    parser.add_argument("batch", help="the batch's number")
    parser.add_argument("--form", default="", choices=("", SUPPLY), help="which document; the batch record unless said")


def main(options: argparse.Namespace) -> int:
    """Render, and keep the file under its digest."""
    settings = Settings.from_environment(os.environ | {"MES_FOLDER": str(options.folder.resolve())})
    app = Flask("render")
    app.extensions["mes"] = Installation(settings, Database(settings.database_url))
    with app.app_context(), app.test_request_context():
        rendered = render_supply(options.batch) if options.form == SUPPLY else render(options.batch)
        file = file_of(rendered.digest)
        file.parent.mkdir(exist_ok=True)
        draft = file.with_suffix(".draft")
        draft.write_bytes(rendered.content)
        draft.replace(file)
    made = {"page": rendered.page, "head": rendered.head, "digest": rendered.digest, "pages": rendered.pages}
    sys.stdout.write(json.dumps(made | {"size": len(rendered.content)}))
    return 0
