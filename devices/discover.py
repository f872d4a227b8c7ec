"""Find every instrument: import each file of `devices.instruments`, which enters itself into the register."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from devices import instruments
from devices.instrument import KINDS, Instrument


@cache
def kinds() -> Mapping[str, type[Instrument]]:
    """Return kind → class. Raise `ValueError` where two files declare the same one."""
    for module in iter_modules(instruments.__path__):
        import_module(f"{instruments.__name__}.{module.name}")
    return KINDS
