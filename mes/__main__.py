"""``python -m mes COMMAND``: what ``./lab`` hands over to, once everything is installed."""

from __future__ import annotations

import sys

from mes.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
