"""A walk through an OPC-UA server's objects, to whatever a companion specification's types say is a device's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from devices.instrument import ModelledInstrument
from devices.transports.opcua_address_space import OBJECTS, SERVER, Browser, Thing, standard

LARGEST = 50_000  # objects of a server that are looked at, at most
_PROPERTY = "EngineeringUnits"


@dataclass(frozen=True, slots=True)
class Found:
    """A variable of a device, its unit, and the node that tells its unit."""

    device: str
    channel: str
    node: str
    unit: str = ""
    units: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """An object, the device that it belongs to, and the way to it from there."""

    node: ua.NodeId
    device: str = ""
    way: tuple[str, ...] = ()
    values: tuple[str, ...] = ()  # the variables that are read of it


class Walk:
    """One walk, a level at a time: a few requests, however many objects there are."""

    def __init__(self, browser: Browser, instrument: ModelledInstrument) -> None:
        self._browser, self._instrument, self._model = browser, instrument, instrument.model
        self._seen = {standard(SERVER)}
        self._devices: set[str] = set()
        self._found: dict[tuple[str, str], Thing] = {}  # device and channel → its variable

    async def variables(self) -> list[Found]:
        """Return every variable of every device, with its unit."""
        level = [_Place(standard(OBJECTS))]
        while level and len(self._seen) < LARGEST:
            held = await self._browser.children([place.node for place in level])
            await self._browser.learn(thing.type for things in held for thing in things)
            level = [
                below
                for place, things in zip(level, held, strict=True)
                for thing in things
                if (below := await self._met(place, thing))
            ]
        return await self._with_units()

    async def _met(self, place: _Place, thing: Thing) -> _Place | None:
        """Keep a variable that is read; return an object that is to be walked into."""
        if thing.node_class == ua.NodeClass.Variable and thing.name in place.values:
            self._keep(place, thing)
        if thing.node_class != ua.NodeClass.Object or thing.node in self._seen:
            return None
        self._seen.add(thing.node)
        types = await self._browser.lineage(thing.type)
        return self._inside(place, thing, types) if place.device else self._outside(thing, types)

    def _outside(self, thing: Thing, types: Sequence[str]) -> _Place:
        if self._model.device not in types:
            return _Place(thing.node)
        name = thing.name if thing.name not in self._devices else self._unlike(thing)
        self._devices.add(name)
        return _Place(thing.node, name, (), self._model.identity)

    def _inside(self, place: _Place, thing: Thing, types: Sequence[str]) -> _Place | None:
        if not place.way and thing.name == self._model.identification:
            return _Place(thing.node, place.device, (), self._model.identity)
        if self._model.containers.intersection(types):
            return _Place(thing.node, place.device, place.way)
        if self._model.parts.intersection(types):
            values = tuple(name for each in types for name in self._model.values.get(each, ()))
            return _Place(thing.node, place.device, (*place.way, thing.name), values)
        return None

    def _keep(self, place: _Place, thing: Thing) -> None:
        """Keep a variable under its name: the same one once, another of the same name under one more name."""
        way = place.way if thing.name == self._model.silent else (*place.way, thing.name)
        key = (place.device, ".".join(way))
        there = self._found.get(key)
        if there and there.node != thing.node and place.way:
            key = (place.device, f"{key[1]} {self._unlike(thing)}")
        self._found.setdefault(key, thing)

    def _unlike(self, thing: Thing) -> str:
        return f"{thing.name} ({self._browser.portable(thing.node).rpartition(';')[2]})"

    async def _with_units(self) -> list[Found]:
        held = await self._browser.children([thing.node for thing in self._found.values()])
        properties = [next((each for each in things if each.name == _PROPERTY), None) for things in held]
        told = await self._browser.read([each.node for each in properties if each], AttributeIds.Value)
        units = {
            each: spelled(self._instrument, value) for each, value in zip(filter(None, properties), told, strict=True)
        }
        none = self._instrument.unit("", 0, "")
        found = []
        for ((device, channel), thing), property_ in zip(self._found.items(), properties, strict=True):
            node = self._browser.portable(thing.node)
            if property_:
                told_by = self._browser.portable(property_.node)
                found.append(Found(device, channel, node, units[property_] or none, told_by))
            else:
                quantity = self._model.quantity in await self._browser.lineage(thing.type)
                found.append(Found(device, channel, node, none if quantity else ""))
        return found


def spelled(instrument: ModelledInstrument, told: object) -> str:
    """Return the unit that a property EngineeringUnits tells, or nothing where it tells none."""
    if not isinstance(told, ua.EUInformation):
        return ""
    return instrument.unit(told.NamespaceUri or "", told.UnitId, told.DisplayName.Text or "")
