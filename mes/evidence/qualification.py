"""The report of a qualification: what is installed, and every check with its verdict; nothing of any patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from mes.evidence import environment
from mes.evidence.check import Check, Site, counted, verdict_of
from mes.evidence.dossier import product
from mes.evidence.results import FAILED, PASSED


def qualification(site: Site, checks: Sequence[Check], at: datetime) -> Mapping[str, Any]:
    """Return the report."""
    counts = counted(checks)
    return {
        "form": "qualification",
        "title": "Installation and operational qualification",
        "verdict": verdict_of(checks),
        "summary": f"{len(checks)} checks: {counts[PASSED]} passed, {counts[FAILED]} failed, {counts['open']} open",
        "written": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "product": product(),
        "site": {
            "laboratory": site.settings.laboratory,
            "room": site.settings.room,
            "database": "PostgreSQL" if site.settings.database_url.startswith("postgresql") else "SQLite",
            "time zone": site.settings.zone.key,
            "run by": environment.who(),
        },
        "checks": [asdict(each) for each in checks],
        "environment": dict(environment.look()),
    }
