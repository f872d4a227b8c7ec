"""What the printer may fetch: nothing. A record holds all that it shows."""

from __future__ import annotations

from weasyprint.urls import URLFetcher


def nowhere() -> URLFetcher:
    """Return a fetcher for what the text itself holds: no file, no address, and no other by way of one."""
    return URLFetcher(allowed_protocols=("data",), allow_redirects=False)
