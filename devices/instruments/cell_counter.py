"""A cell counter that speaks ASTM E1381/E1394 over a serial line and sends a result when a count ends.

Tests are named in the universal test id's fourth component; the sample is the order's first specimen id. Modelled on
haematology analysers' messages (E1394-97); no manual of one counter is behind it, so `verified` is None.
"""

from __future__ import annotations

from typing import ClassVar

from devices.analyser import AstmAnalyser
from devices.instrument import instrument


@instrument("cell-counter", verified=None)
class CellCounter(AstmAnalyser):
    """Cell counter with dye exclusion, over ASTM on a serial line."""

    channels: ClassVar = {"total_cells": "cells/mL", "viable_cells": "cells/mL", "viability": "%"}
    tests: ClassVar = {
        "TOTAL": ("total_cells", "cells/mL"),
        "VIABLE": ("viable_cells", "cells/mL"),
        "VIABILITY": ("viability", "%"),
    }
