"""What the application tells who watches over it: one line of JSON an event, whatever is in it.

Everything goes to standard error, which `./lab run` keeps in ``logs/web.log``. Where MES_SYSLOG names another machine
(``host:port``, UDP), it goes there as well, out of reach of whoever holds this one. What was refused to whom goes to
the logger ``mes.security``; the ledger holds the same where it concerns a record. Passwords and tokens go to neither.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import SysLogHandler

_SECURITY = logging.getLogger("mes.security")
_LONGEST = 300  # characters of one fact: what is asked for is not ours, and may be as long as it likes


class Here(logging.Handler):
    """Standard error, whichever it is by now."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write an event. Where the disk is full, people go on all the same."""
        with suppress(OSError):
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()


class OneLine(logging.Formatter):
    """An event as one line of ASCII: nobody who chooses a text in it can begin another, or paint the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        told: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "says": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)


def init(environment: Mapping[str, str] = os.environ) -> None:
    """Write every event as one line, here and where it is to be shipped to. Done once a process."""
    ours = logging.getLogger("mes")
    if any(isinstance(handler.formatter, OneLine) for handler in ours.handlers):
        return
    handlers: list[logging.Handler] = [Here()]
    if elsewhere := environment.get("MES_SYSLOG"):
        host, _, port = elsewhere.rpartition(":")
        handlers.append(SysLogHandler((host, int(port))))
    for handler in handlers:
        handler.setFormatter(OneLine())
        ours.addHandler(handler)


def refused(what: str, **facts: object) -> None:
    """Tell that something was refused: sign-in, signature, page, wish, token."""
    _SECURITY.warning(what, extra={"facts": {key: str(fact)[:_LONGEST] for key, fact in facts.items()}})
