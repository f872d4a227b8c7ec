"""A bioreactor that serves its probes after LADS, on asyncua: no node of it has to be told to anybody.

The types are those of the companion specifications DI, Machinery and LADS 1.0 that a device like this one uses, with
their namespaces, numbers and supertypes, written down here from the specifications; the full sets of nodes are not
part of this project. Loopback only.
"""

from __future__ import annotations

from asyncua import ua
from asyncua.server.server import Server

from devices.simulators.secured import SecuredServer

DI, MACHINERY, LADS = (f"http://opcfoundation.org/UA/{name}/" for name in ("DI", "Machinery", "LADS"))
UNECE = "http://www.opcfoundation.org/UA/units/un/cefact"
VENDOR = "urn:simulated:lads:bioreactor"
UNIT = "Culture"

_TYPES = (  # namespace, number, name; the type that it is made from, by the same
    (DI, 1001, "TopologyElementType", (None, 58)),
    (DI, 15063, "ComponentType", (DI, 1001)),
    (DI, 1002, "DeviceType", (DI, 15063)),
    (DI, 1005, "FunctionalGroupType", (None, 61)),
    (MACHINERY, 1004, "MachineryItemIdentificationType", (DI, 1005)),
    (MACHINERY, 1012, "MachineIdentificationType", (MACHINERY, 1004)),
    (LADS, 61, "SetType", (None, 61)),
    (LADS, 1023, "FunctionalUnitSetType", (LADS, 61)),
    (LADS, 1026, "FunctionSetType", (LADS, 61)),
    (LADS, 1002, "LADSDeviceType", (DI, 1002)),
    (LADS, 1003, "FunctionalUnitType", (DI, 1001)),
    (LADS, 1004, "FunctionType", (DI, 1001)),
    (LADS, 1005, "BaseSensorFunctionType", (LADS, 1004)),
    (LADS, 1046, "AnalogSensorFunctionType", (LADS, 1005)),
    (LADS, 1016, "AnalogScalarSensorFunctionType", (LADS, 1046)),
    (LADS, 1012, "DiscreteSensorFunctionType", (LADS, 1005)),
    (LADS, 1031, "TwoStateDiscreteSensorFunctionType", (LADS, 1012)),
    (LADS, 1007, "BaseControlFunctionType", (LADS, 1004)),
    (LADS, 1009, "AnalogControlFunctionType", (LADS, 1007)),
    (LADS, 1013, "TimerControlFunctionType", (LADS, 1007)),
    (LADS, 1011, "CoverFunctionType", (LADS, 1004)),
    (LADS, 1010, "CoverStateMachineType", (None, 2771)),
    (LADS, 1039, "LADSDeviceStateMachineType", (None, 2771)),
    (LADS, 1038, "FunctionalStateMachineType", (None, 2771)),
    (LADS, 1043, "FunctionalUnitStateMachineType", (LADS, 1038)),
    (LADS, 1044, "ControlFunctionStateMachineType", (LADS, 1038)),
    (VENDOR, 1, "PerfusionProbeType", (LADS, 1016)),  # a vendor's own, made from one of LADS
)
_SETS = ("DeviceSet", "FunctionalUnitSet", "FunctionSet")  # no part of the way to what is in them
_PERCENT = (UNECE, 20529, "%")
_MILLISECONDS = (UNECE, 4403766, "ms")
_CELSIUS = (UNECE, 4408652, "°C")
_SENSORS = {  # channel → function, its type, its unit
    "pH": ("pH", (LADS, 1016), (UNECE, 5321520, "pH")),
    "dissolved_oxygen": ("DissolvedOxygen", (LADS, 1016), _PERCENT),
    "viable_cell_density": ("ViableCellDensity", (VENDOR, 1), (VENDOR, 1, "cells/mL")),
}
_CONTROLLERS = {  # channel → function, what it is set to, its unit
    "temperature": ("Temperature", 37.0, _CELSIUS),
    "carbon_dioxide": ("CO2", 5.0, _PERCENT),
    "agitation": ("Stirrer", 60.0, (UNECE, 5394509, "r/min")),
}
_IDENTITY = {"Manufacturer": "Simulated", "Model": "Bioreactor", "SerialNumber": "S-0001", "SoftwareRevision": "1.0"}


class LadsFace(SecuredServer):
    """The probes as the functions of a LADS device."""

    way = "reactor"
    without: tuple[str, ...] = ()  # channels whose functions it does not have
    celsius: tuple[str, int, str] = _CELSIUS

    async def populate(self, server: Server) -> dict[str, ua.NodeId]:
        """Make the types, and a device of them; return the nodes of the channels."""
        maker = _Maker(server)
        await maker.types()
        device_set = await maker.add(_node(85), "DeviceSet", (None, 58))
        device = await maker.add(device_set, "Bioreactor", (LADS, 1002))
        identification = await maker.add(device, "Identification", (MACHINERY, 1012))
        for name, value in _IDENTITY.items():
            await maker.property(identification, name, ua.Variant(value))
        await maker.state(device, "DeviceState", 1039, "Operate")
        units = await maker.add(device, "FunctionalUnitSet", (LADS, 1023))
        unit = await maker.add(units, UNIT, (LADS, 1003))
        await maker.state(unit, "FunctionalUnitState", 1043, "Running")
        functions = await maker.add(unit, "FunctionSet", (LADS, 1026))
        nodes = {}
        for channel, (name, type_, told) in _SENSORS.items():
            if channel not in self.without:
                function = await maker.function(functions, name, type_)
                nodes[channel] = await maker.quantity(function, "SensorValue", 0.0, told)
                await maker.quantity(function, "RawValue", 0.0, told)
        for channel, (name, target, told) in _CONTROLLERS.items():
            if channel not in self.without:
                nodes[channel] = await self._controller(maker, functions, name, target, told)
        await self._others(maker, functions)
        return nodes

    async def _controller(
        self, maker: _Maker, functions: ua.NodeId, name: str, target: float, told: tuple[str, int, str]
    ) -> ua.NodeId:
        function = await maker.function(functions, name, (LADS, 1009))
        told = self.celsius if told == _CELSIUS else told
        await maker.state(function, "ControlFunctionState", 1044, "Running")
        await maker.quantity(function, "TargetValue", target, told)
        return await maker.quantity(function, "CurrentValue", 0.0, told)

    async def _others(self, maker: _Maker, functions: ua.NodeId) -> None:
        """Add what no channel of the culture stands behind: a lid, a switch, a timer, a sensor without a unit."""
        lid = await maker.function(functions, "Lid", (LADS, 1011))
        await maker.state(lid, "CoverState", 1010, "Closed")
        switch = await maker.function(functions, "HarvestSwitch", (LADS, 1031))
        await maker.variable(switch, "SensorValue", ua.Variant(False), 2373)
        timer = await maker.function(functions, "Feeding", (LADS, 1013))
        await maker.quantity(timer, "CurrentValue", 90_000.0, _MILLISECONDS)
        pressure = await maker.function(functions, "Pressure", (LADS, 1016))
        await maker.quantity(pressure, "SensorValue", 1013.0, (UNECE, 5063250, "mbar"))
        conductivity = await maker.function(functions, "Conductivity", (LADS, 1016))
        await maker.quantity(conductivity, "SensorValue", 14.2, (UNECE, int.from_bytes(b"H61"), "mS/cm"))
        turbidity = await maker.function(functions, "Turbidity", (LADS, 1016))
        await maker.variable(turbidity, "SensorValue", ua.Variant(0.4), 17570)

    async def say(self, path: str, value: ua.DataValue) -> None:
        """Show a value at a path below the device: ``Culture.Lid.CoverState.CurrentState``."""
        await self.server.get_node(await self._node(path)).write_value(value)

    async def remove(self, path: str) -> None:
        """Take away what is at a path below the device, with all that it holds."""
        await self.server.delete_nodes([self.server.get_node(await self._node(path))], recursive=True)

    async def _node(self, path: str) -> ua.NodeId:
        index = await self.server.get_namespace_index(VENDOR)
        return _node(f"Bioreactor.{path}", index)


class _Maker:
    """Adds nodes to a server, named by the way to them."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._indices: dict[str | None, int] = {None: 0}
        self._ways: dict[ua.NodeId, str] = {}

    async def types(self) -> None:
        """Make every type."""
        for uri in (VENDOR, LADS, MACHINERY, DI):  # LADS is not what another server's index says
            self._indices[uri] = await self._server.register_namespace(uri)
        for uri, number, name, above in _TYPES:
            node = self._server.get_node(self._type(above))
            await node.add_object_type(self._type((uri, number)), ua.QualifiedName(name, self._indices[uri]))

    async def add(self, parent: ua.NodeId, name: str, type_: tuple[str | None, int]) -> ua.NodeId:
        """Add an object."""
        return await self._node(parent, name, ua.NodeClass.Object, ua.ObjectAttributes(), self._type(type_))

    async def function(self, functions: ua.NodeId, name: str, type_: tuple[str, int]) -> ua.NodeId:
        """Add a function, switched on."""
        made = await self.add(functions, name, type_)
        await self.property(made, "IsEnabled", ua.Variant(True))
        return made

    async def state(self, parent: ua.NodeId, name: str, type_: int, state: str) -> None:
        """Add a state machine in a state."""
        machine = await self.add(parent, name, (LADS, type_))
        await self.variable(machine, "CurrentState", ua.Variant(ua.LocalizedText(state)), 2760)

    async def quantity(self, parent: ua.NodeId, name: str, value: float, told: tuple[str, int, str]) -> ua.NodeId:
        """Add a number with its unit."""
        made = await self.variable(parent, name, ua.Variant(value, ua.VariantType.Double), 17570)
        await self.property(made, "EngineeringUnits", ua.Variant(unit(told)))
        return made

    async def property(self, parent: ua.NodeId, name: str, value: ua.Variant) -> None:
        """Add a property."""
        await self.variable(parent, name, value, 68, _node(46))

    async def variable(
        self, parent: ua.NodeId, name: str, value: ua.Variant, type_: int, reference: ua.NodeId | None = None
    ) -> ua.NodeId:
        """Add a variable of a type of OPC-UA's own."""
        attributes = ua.VariableAttributes(Value=value, DataType=_node(value.VariantType.value), ValueRank=-1)
        return await self._node(parent, name, ua.NodeClass.Variable, attributes, _node(type_), reference)

    async def _node(
        self,
        parent: ua.NodeId,
        name: str,
        kind: ua.NodeClass,
        attributes: ua.ObjectAttributes | ua.VariableAttributes,
        type_: ua.NodeId,
        reference: ua.NodeId | None = None,
    ) -> ua.NodeId:
        way = ".".join([each for each in self._ways.get(parent, "").split(".") if each and each not in _SETS] + [name])
        node = _node(way, self._indices[VENDOR])
        self._ways[node] = way
        attributes.DisplayName = ua.LocalizedText(name)
        item = ua.AddNodesItem(
            ParentNodeId=parent,
            ReferenceTypeId=reference or _node(47),
            RequestedNewNodeId=node,
            BrowseName=ua.QualifiedName(name, self._indices[LADS]),
            NodeClass=kind,
            NodeAttributes=attributes,
            TypeDefinition=type_,
        )
        (result,) = await self._server.iserver.isession.add_nodes([item])
        result.StatusCode.check()
        return node

    def _type(self, named: tuple[str | None, int]) -> ua.NodeId:
        uri, number = named
        return _node(number, self._indices[uri])


def unit(told: tuple[str, int, str]) -> ua.EUInformation:
    """Return the structure that tells a unit."""
    uri, number, shown = told
    return ua.EUInformation(NamespaceUri=uri, UnitId=number, DisplayName=ua.LocalizedText(shown))


def _node(identifier: int | str, namespace: int = 0) -> ua.NodeId:
    return ua.NodeId.from_string(f"ns={namespace};{'i' if isinstance(identifier, int) else 's'}={identifier}")
