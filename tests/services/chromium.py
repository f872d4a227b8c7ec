"""The Chromium of the machine, driven by Playwright, which brings no browser of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

_LAB = Path(__file__).resolve().parents[2] / ".lab"
_NAMES = (
    # Unpacked without root; the package's own script looks for it where only root could have put it.
    f"{_LAB}/syslibs/usr/lib/chromium/chromium",
    f"{_LAB}/chromium",
    "chromium",
    "google-chrome",
)
_ARGUMENTS = (
    "--no-sandbox",  # it shows our own pages, and root has no other way to run it
    "--disable-gpu",
    "--disable-dev-shm-usage",  # a container's shared memory is too small for its pages
    "--ignore-certificate-errors",  # the tests' own server has a certificate of the moment
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def executable() -> str:
    """Return the browser to drive: the one named, or the first there is."""
    named = os.environ.get("MES_CHROMIUM")
    for name in [named] if named else _NAMES:
        if found := shutil.which(name):
            return found
    raise RuntimeError("Chromium is not on this machine; ./lab setup --dev installs it, MES_CHROMIUM names another")


@contextmanager
def running() -> Iterator[Browser]:
    """Start a browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=_ARGUMENTS)
        yield browser
        browser.close()
