"""Units as numbers: the common codes of UNECE Recommendation 20, as OPC-UA writes them (OPC 10000-8, 5.6.4.3)."""

from __future__ import annotations

from collections.abc import Mapping

# Units that recipes know, in their spelling.
_OURS = {
    "C62": "1",
    "P1": "%",
    "CEL": "°C",
    "Q30": "pH",
    "C26": "ms",
    "SEC": "s",
    "MIN": "min",
    "HUR": "h",
    "DAY": "d",
    "LTR": "L",
    "MLT": "mL",
    "DLT": "dL",
    "4G": "uL",
    "Q34": "nL",
    "Q32": "fL",
    "KGM": "kg",
    "GRM": "g",
    "MGM": "mg",
    "MC": "ug",
    "C34": "mol",
    "C18": "mmol",
    "FH": "umol",
    "4H": "um",
    "RPM": "rev/min",
    "M46": "rev/min",
    "RPS": "rev/s",
    "CMK": "cm2",
    "MTK": "m2",
    "L2": "L/min",
    "41": "mL/min",
    "G55": "mL/h",
    "GJ": "g/mL",
    "GL": "g/L",
    "M1": "mg/L",
    "H29": "ug/L",
    "C38": "mol/L",
    "M33": "mmol/L",
    "PAL": "Pa",
    "A97": "hPa",
    "KPA": "kPa",
    "MBR": "mbar",
    "BAR": "bar",
    "PS": "psi",
}
# Units that servers tell and no recipe knows: named, so that they are not taken for another.
_OTHERS = {"FAH": "°F", "KEL": "K", "59": "ppm", "HN": "mmHg"}


def _by_number(units: Mapping[str, str]) -> dict[int, str]:
    return {int.from_bytes(code.encode()): unit for code, unit in units.items()}


OURS = _by_number(_OURS)
EVERY = OURS | _by_number(_OTHERS)
