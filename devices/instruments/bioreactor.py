"""A culture vessel that serves its probes as OPC-UA variables, whoever made it.

Vendors agree on no node names, so the site maps nodes to channels in the gateway's configuration. What is fixed here
is what the channels mean: a recipe that asks for ``pH`` gets it from any bioreactor.
"""

from __future__ import annotations

from typing import ClassVar

from devices.instrument import OpcUaInstrument, instrument


@instrument("bioreactor", verified=None)
class Bioreactor(OpcUaInstrument):
    """Culture vessel with probes, over OPC-UA."""

    channels: ClassVar = {
        "temperature": "°C",
        "pH": "pH",
        "dissolved_oxygen": "%",  # of saturation with air
        "carbon_dioxide": "%",  # of the gas above the culture
        "agitation": "rev/min",
        "viable_cell_density": "cells/mL",  # a capacitance probe's
    }
