"""Import every module of a folder, so that adding a thing is adding a file."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def discover(package: ModuleType) -> None:
    """Import each module of a package; each registers what it holds."""
    for module in iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
