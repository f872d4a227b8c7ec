"""Enter equipment and rooms. Whoever does it is an operator or a quality reviewer, and enters the password.

    .venv/bin/python -m mes equipment add CODE NAME --class CLASS --until DATE --as USER

CODE is what people scan, and for an instrument what the gateway calls it; CLASS is what recipes ask for. With
--exclusive it belongs to one batch from its scan until somebody says that it is ready again, as a bioreactor does.
"""

from __future__ import annotations

import argparse
import os
import sys

from batch_records.executed.draft import Malformed, Refused
from mes import create_app
from mes.cli import folder_argument
from mes.cli.user import do
from mes.context import installation
from mes.equipment.commands import AddEquipment
from mes.settings import Settings
from mes.web.forms import local_time

about = "enter equipment"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    folder_argument(parser)
    parser.add_argument("what", choices=("add",))
    parser.add_argument("code")
    parser.add_argument("name")
    parser.add_argument("--class", dest="equipment_class", required=True, metavar="CLASS")
    parser.add_argument("--until", required=True, metavar="DATE", help="until when its calibration counts: 2027-03-31")
    parser.add_argument("--exclusive", action="store_true", help="it is used for one batch at a time")
    parser.add_argument("--as", dest="user", required=True, metavar="USER")


def main(options: argparse.Namespace) -> int:
    """Enter it, or say why not."""
    settings = Settings.from_environment(os.environ | {"MES_FOLDER": str(options.folder.resolve())})
    app = create_app(settings)
    with app.app_context(), app.test_request_context():
        try:
            until = local_time("until", options.until)
            added = AddEquipment(options.code, options.name, options.equipment_class, until, options.exclusive)
            do(added, options.user)
        except (Refused, Malformed) as error:
            sys.stderr.write(f"{error}\n")
            return 1
        finally:
            installation().database.dispose()
    sys.stdout.write(f"{options.code} is entered, and ready.\n")
    return 0
