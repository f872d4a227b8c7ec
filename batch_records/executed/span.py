"""Spans of time in words."""

from __future__ import annotations

from datetime import datetime, timedelta


def apart(one: datetime, other: datetime) -> timedelta:
    """Return how far two times are apart, whichever is later.

    A clock that was set back makes what just happened lie ahead. What is hours ahead is no more of this moment than
    what is hours behind: an age that may be negative would call it new.
    """
    return abs(one - other)


def in_words(span: timedelta) -> str:
    """Say how long: ``3 d 4 h``, ``1 h 05 min``, ``40 s``. No span is shorter than nothing, whatever a clock says."""
    seconds = max(0, int(span.total_seconds()))
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min" if minutes else f"{seconds} s"
