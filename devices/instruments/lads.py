"""Any device after LADS, the OPC-UA companion specification for laboratory and analytical devices (OPC 30500-1).

Source: OPC 30500-1, version 1.0: a device has functional units (7.2), a unit has functions (7.4): sensors with a
SensorValue, controllers with a CurrentValue and a TargetValue, timers, covers; units and functions tell their state by
finite state machines. A function is known by its type, whatever a vendor calls it, derives from it or numbers it. Units
are codes of UNECE Recommendation 20 as numbers (OPC 10000-8, 5.6.4.3).

A channel is named by the way to its variable: ``Incubator.Temperature.CurrentValue``.
"""

from __future__ import annotations

from typing import ClassVar

from devices import unece
from devices.instrument import Model, ModelledInstrument, instrument

_LADS, _UA = "http://opcfoundation.org/UA/LADS/", "http://opcfoundation.org/UA/"
_UNECE = "http://www.opcfoundation.org/UA/units/un/cefact"

NO_UNIT = "no unit"
LONGEST_UNIT = 40
_OURS = {*unece.OURS.values(), "cells/mL", "10^6 cells/mL"}  # UNECE counts no cells: a vendor's own code shows them


@instrument("lads", verified=None)
class Lads(ModelledInstrument):
    """Any laboratory device after OPC-UA LADS (OPC 30500-1): its functions are found by their types."""

    channels: ClassVar = {  # what a site may call a function's variable; all others keep the names of their own
        "temperature": "°C",
        "pH": "pH",
        "dissolved_oxygen": "%",
        "oxygen": "%",
        "carbon_dioxide": "%",
        "humidity": "%",
        "agitation": "rev/min",
        "pump": "mL/min",
        "gas_flow": "mL/min",
        "volume": "mL",
        "weight": "g",
    }
    model: ClassVar = Model(
        device=f"{_LADS};LADSDeviceType",
        containers=frozenset(
            f"{_LADS};{name}" for name in ("FunctionalUnitSetType", "FunctionSetType", "ControllerParameterSetType")
        ),
        parts=frozenset(
            [f"{_LADS};{name}" for name in ("FunctionalUnitType", "FunctionType", "ControllerParameterType")]
            + [f"{_UA};FiniteStateMachineType"]
        ),
        values={
            f"{_LADS};BaseSensorFunctionType": ("SensorValue",),
            f"{_LADS};BaseControlFunctionType": ("CurrentValue", "TargetValue", "DifferenceValue", "CurrentMode"),
            f"{_LADS};ControllerParameterType": ("CurrentValue", "TargetValue"),
            f"{_LADS};FunctionType": ("IsEnabled",),
            f"{_UA};FiniteStateMachineType": ("CurrentState",),
        },
        quantity=f"{_UA};BaseAnalogType",
        identification="Identification",
        identity=("Manufacturer", "Model", "SerialNumber", "DeviceRevision", "SoftwareRevision"),
        silent="CurrentState",
    )

    def unit(self, namespace: str, number: int, shown: str) -> str:
        """Return an EUInformation's unit; what it shows, where its code is none of ours: that is doubted."""
        ours, shown = unece.OURS.get(number) if namespace == _UNECE else None, shown.strip()
        if ours and (shown == ours or shown not in _OURS):
            return ours
        if namespace == _UNECE and number > 0 and shown in _OURS:
            return f"{shown}, by its code {number.to_bytes(4).strip(bytes(1)).decode('ascii', 'replace')}"
        return shown[:LONGEST_UNIT] or NO_UNIT

    def doubt(self, unit: str) -> str:
        """Say so where a unit is none that recipes know."""
        return "" if unit in {"", *_OURS} else f"the unit “{unit}” is not known"
