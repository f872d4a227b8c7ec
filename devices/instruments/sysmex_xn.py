"""Sysmex XN series haematology analysers, XN-L included, over ASTM on TCP or a serial line.

Source: ASTM E1394-97, and the message of an XN-550 that the project senaite.astm published. Beside its counts an XN
sends its judgements as results without a unit (“Blasts/Abn_Lympho?”) and the names of its pictures: they are told under
their own names, and are no measurements. A flag other than N, L and H questions a count, which is then uncertain.
"""

from __future__ import annotations

from typing import ClassVar

from devices.analyser import AstmAnalyser
from devices.instrument import instrument
from devices.instruments.sysmex_xp import COUNTS

_CELLS = {
    "LYMPH": "lymphocyte",
    "NEUT": "neutrophil",
    "MONO": "monocyte",
    "EO": "eosinophil",
    "BASO": "basophil",
    "IG": "immature_granulocyte",
    "NRBC": "nucleated_erythrocyte",
}
_TESTS = (
    COUNTS
    | {f"{code}#": (f"{name}s", "10^3 cells/uL", "10*3/uL") for code, name in _CELLS.items()}
    | {f"{code}%": (f"{name}_fraction", "%", "%") for code, name in _CELLS.items()}
)


@instrument("sysmex-xn", verified=None)
class SysmexXn(AstmAnalyser):
    """Sysmex XN series haematology analyser, over ASTM."""

    channels: ClassVar = {channel: unit for channel, unit, _ in _TESTS.values()}
    tests: ClassVar = {code: (channel, written) for code, (channel, _, written) in _TESTS.items()}
    code: ClassVar = 5
    sample: ClassVar = (4, 3)
    untroubled: ClassVar = frozenset({"", "N", "L", "H"})
