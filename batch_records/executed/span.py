"""Spans of time in words."""

from __future__ import annotations

from datetime import timedelta


def in_words(span: timedelta) -> str:
    """Say how long: ``3 d 4 h``, ``1 h 05 min``, ``40 s``."""
    seconds = int(span.total_seconds())
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min" if minutes else f"{seconds} s"
