"""Sysmex XP-100 and XP-300 haematology analysers, over ASTM on a serial line or TCP.

Source: a message that an XP-100 sent (`tests/devices/instruments/test_captures.py` reads it); ASTM E1394-97 for what
its fields mean. It comes as one frame; values are padded with spaces; the sample stands in the third component of the
order's instrument specimen id; results have no status of their own, their order has one. How wide the cells' and the
platelets' volumes are spread is told without a channel.
"""

from __future__ import annotations

from typing import ClassVar

from devices.analyser import AstmAnalyser
from devices.instrument import instrument

_THOUSANDS, _MILLIONS = ("10^3 cells/uL", "10*3/uL"), ("10^6 cells/uL", "10*6/uL")
_PERCENT, _PICOGRAM = ("%", "%"), ("pg", "pg")
_GRAMS, _VOLUME = ("g/dL", "g/dL"), ("fL", "fL")

COUNTS = {  # code → channel, its unit, the unit as a Sysmex analyser writes it
    "WBC": ("leukocytes", *_THOUSANDS),
    "RBC": ("erythrocytes", *_MILLIONS),
    "HGB": ("haemoglobin", *_GRAMS),
    "HCT": ("haematocrit", *_PERCENT),
    "MCV": ("mean_cell_volume", *_VOLUME),
    "MCH": ("mean_cell_haemoglobin", *_PICOGRAM),
    "MCHC": ("mean_cell_haemoglobin_concentration", *_GRAMS),
    "MPV": ("mean_platelet_volume", *_VOLUME),
    "PLT": ("platelets", *_THOUSANDS),
}
_TESTS = COUNTS | {
    "LYM%": ("lymphocyte_fraction", *_PERCENT),
    "MXD%": ("mixed_cell_fraction", *_PERCENT),
    "NEUT%": ("neutrophil_fraction", *_PERCENT),
    "LYM#": ("lymphocytes", *_THOUSANDS),
    "MXD#": ("mixed_cells", *_THOUSANDS),
    "NEUT#": ("neutrophils", *_THOUSANDS),
}


@instrument("sysmex-xp", verified=None)
class SysmexXp(AstmAnalyser):
    """Sysmex XP-100 or XP-300 haematology analyser, over ASTM."""

    channels: ClassVar = {channel: unit for channel, unit, _ in _TESTS.values()}
    tests: ClassVar = {code: (channel, written) for code, (channel, _, written) in _TESTS.items()}
    code: ClassVar = 5
    sample: ClassVar = (4, 3)
    untroubled: ClassVar = frozenset({"", "N", "L", "H"})
