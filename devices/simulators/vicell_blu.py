"""A Vi-CELL BLU: its vendor's OPC-UA surface on asyncua, and counts of the one culture.

Names and types are those of the published information model (see `devices.instruments.vicell_blu`); of its 35 methods
there are those that give results and the lock, of its events those of a sample. Like the vendor's server it tells a
finished sample to the user who started it alone. Its results outlive it, in a file. Loopback only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from asyncua import ua
from asyncua.common.node import Node
from asyncua.common.structures104 import new_enum, new_struct, new_struct_field
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from devices.instruments.vicell_blu import ViCellBlu
from devices.simulators.culture import drift
from devices.simulators.secured import SecuredServer
from devices.simulators.world import Count

_SCHEMA = "http://opcfoundation.org/BinarySchema/"
NAMESPACE = ViCellBlu.surface.namespace
_FAMILY = UUID("7c9d6a3e-52c5-4c56-9a11-6a5f0f5f8a10")  # of the samples' numbers
_ENUMERATIONS = {
    "ViCellStatusEnum": "Idle Running Pausing Paused Stopping Stopped Faulted SearchingForTubes NightlyClean",
    "LockStateEnum": "Locked Unlocked",
    "MethodResultEnum": "Failure Success",
    "ErrorLevelEnum": "NoError Error Warning RequiresUserInteraction",
    "FilterOnEnum": "SampleSet Sample",
    "WorkflowTypeEnum": "NormalWorkflow LowCellDensityWorkflow",
    "QcStatusEnum": "Fail Pass NotApplicable",
    "DeclusterDegreeEnum": "None Low Medium High",
    "SampleStatusEnum": "NotProcessed InProcessAspirating InProcessMixing InProcessImageAcquisition"
    " InProcessCleaning AcquisitionComplete Completed SkipManual SkipError",
}
_RESULT = "MethodResult:MethodResultEnum ResponseDescription:String ErrorLevel:ErrorLevelEnum"
_STRUCTURES = {
    "SamplePosition": "Row:String Column:UInt32",
    "SampleResult": "SampleDataUuid:Guid SampleId:String Status:SampleStatusEnum CellCount:UInt32 ViableCells:UInt32"
    " TotalCellsPerMilliliter:Double ViableCellsPerMilliliter:Double ViabilityPercent:Double AverageDiameter:Double"
    " AverageViableDiameter:Double AverageCircularity:Double AverageViableCircularity:Double"
    " AverageCellsPerImage:Double AverageBackgroundIntensity:UInt32 BubbleCount:UInt32 ClusterCount:UInt32"
    " ImagesForAnalysis:UInt32 QualityControlName:String CellType:String MinimumDiameter:Double MaximumDiameter:Double"
    " Images:Int32 CellSharpness:Float MinimumCircularity:Double DeclusterDegree:DeclusterDegreeEnum"
    " AspirationCycles:Int32 ViableSpotBrightness:Float ViableSpotArea:Float MixingCycles:Int32"
    " ConcentrationAdjustmentFactor:Float AnalysisDateTime:DateTime ReanalysisDateTime:DateTime AnalysisBy:String"
    " ReanalysisBy:String Dilution:UInt32 WorkflowType:WorkflowTypeEnum Tag:String Position:SamplePosition"
    " QcStatus:QcStatusEnum",
    "SampleStatusData": "SampleId:String AnalysisBy:String SampleStatus:SampleStatusEnum"
    " SamplePosition:SamplePosition SampleDataUuid:Guid",
    "VcbResult": _RESULT,
    "VcbResultGetSampleResults": f"{_RESULT} SampleResults:SampleResult[]",
    "VcbResultRequestLock": f"{_RESULT} LockState:LockStateEnum",
    "VcbResultReleaseLock": f"{_RESULT} LockState:LockStateEnum",
}
_EVENTS = {
    "SampleCompleteEvent": "SampleResult:SampleResult",
    "SampleStatusChangedEvent": "SampleStatusData:SampleStatusData",
}
_QUESTION = (
    "Username:String FromDate:DateTime ToDate:DateTime FilterType:FilterOnEnum CellTypeQualityControlName:String"
    " SearchNameString:String SearchTagString:String"
)
_STATE = {
    "ViCellIdentifier": "S-0002",
    "SoftwareVersion": "1.4.4.1",
    "FirmwareVersion": "1.0",
    "ReagentUsesRemaining": 240,
    "WasteTubeRemainingCapacity": 110,
}


@dataclass(frozen=True, slots=True)
class Result:
    """What the instrument keeps of a sample: who analysed it, as which version, and what it found."""

    uuid: str
    sample: str
    by: str
    at: datetime
    total: float
    viable: float
    viability: float
    diameter: float
    status: int = 6  # Completed
    reanalysed: datetime | None = None

    @staticmethod
    def of(count: Count, by: str, seed: int) -> Result:
        """Return the result of a count."""
        total, viable, viability = float(count.total), float(count.viable), float(count.viability)
        diameter = round(11.4 + drift(seed, "diameter", count.at, 0.4), 2)
        number = uuid5(_FAMILY, f"{seed}:{count.sample}:{count.at}")
        return Result(str(number), count.sample, by, count.at, total, viable, viability, diameter)


class ViCellFace(SecuredServer):
    """The instrument's own server."""

    way = "ViCellBlu/Server"

    def __init__(self, port: int, pki: Path, user: str, password: str, results: Path) -> None:
        super().__init__(port, pki, user, password)
        self._user, self._path, self._index = user, results, 0
        self._types: dict[str, ua.NodeId] = {}
        self.results = _read(results)
        self.older = False  # it tells its structures by a dictionary, as servers before OPC-UA 1.04 do
        self.refuses = ""  # why it gives no results, while it does not

    async def populate(self, server: Server) -> dict[str, ua.NodeId]:
        """Make the surface."""
        self._index = await server.register_namespace(NAMESPACE)
        for name, words in _ENUMERATIONS.items():
            self._types[name] = (await new_enum(server, self._index, name, list(words.split()))).nodeid
        for name, fields in _STRUCTURES.items():
            node, _ = await new_struct(server, self._index, name, [self._field(each) for each in fields.split()])
            self._types[name] = node.nodeid
        await server.load_data_type_definitions()
        if self.older:
            await self._forget_definitions(server)
        await self._events(server)
        root = await server.nodes.objects.add_folder(self._index, "CellHealth")
        state = await root.add_object(self._index, "ViCellBluStateObject")
        for name, value in _STATE.items():
            await state.add_property(self._index, name, value)
        await state.add_property(self._index, "ViCellStatus", ua.Variant(0, ua.VariantType.Int32))
        await self._methods(await state.add_folder(self._index, "Methods"))
        return {}

    async def count(self, result: Result) -> None:
        """Keep a result; tell it to its user."""
        self._keep([*self.results, result])
        if result.by == self._user:
            generator = await self.server.get_event_generator(self._types["SampleCompleteEvent"])
            generator.event.SampleResult = self._structure(result)
            await generator.trigger()

    def reanalyse(self, result: Result) -> None:
        """Put a result in the place of the earlier one of the same sample, as a re-analysis does."""
        self._keep([result if each.uuid == result.uuid else each for each in self.results])

    def _keep(self, results: list[Result]) -> None:
        self.results = results
        draft = self._path.with_suffix(".draft")
        draft.write_text(json.dumps([_as_json(each) for each in results], indent=1))
        draft.replace(self._path)

    def _field(self, written: str) -> ua.StructureField:
        name, _, kind = written.partition(":")
        plain = kind.removesuffix("[]")
        type_ = self._types[plain] if plain in self._types else ua.VariantType[plain]
        return new_struct_field(name, type_, array=kind != plain)

    async def _forget_definitions(self, server: Server) -> None:
        nothing = ua.DataValue(StatusCode=ua.StatusCode(ua.UInt32(StatusCodes.BadAttributeIdInvalid)))
        for node in self._types.values():
            await server.write_attribute_value(node, nothing, AttributeIds.DataTypeDefinition)
        system = server.get_node(ua.NodeId.from_string("i=93"))
        await system.add_variable(self._index, "BeckmanUa", dictionary(), ua.VariantType.ByteString)

    async def _events(self, server: Server) -> None:
        system = server.get_node(ua.NodeId.from_string("i=2130"))
        base = await system.add_object_type(self._index, "BecEvent")
        for name, field in _EVENTS.items():
            event = await base.add_object_type(self._index, name)
            held, _, kind = field.partition(":")
            nothing = ua.Variant(None, ua.VariantType.ExtensionObject)
            await event.add_property(self._index, held, nothing, datatype=self._types[kind])
            self._types[name] = event.nodeid

    async def _methods(self, folder: Node) -> None:
        arguments = [self._argument(each) for each in _QUESTION.split()]
        for name, given in (("GetSampleResults", arguments), ("RequestLock", []), ("ReleaseLock", [])):
            returned = [self._argument(f"MethodResult:VcbResult{name}")]
            called = {"GetSampleResults": self._get, "RequestLock": self._lock, "ReleaseLock": self._lock}[name]
            await folder.add_method(self._index, name, called, given, returned)

    def _argument(self, written: str) -> ua.Argument:
        field = self._field(written)
        return ua.Argument(Name=field.Name, DataType=field.DataType, ValueRank=-1)

    def _lock(self, _parent: ua.NodeId) -> list[ua.Variant]:
        """Give the lock to whoever asks."""
        made = _types()
        return [ua.Variant(made.VcbResultRequestLock(MethodResult=made.MethodResultEnum.Success))]

    def _get(self, _parent: ua.NodeId, *asked: ua.Variant) -> list[ua.Variant]:
        """Give the results of a time, of one user or of all."""
        user, since, until, _, _, name, _ = (each.Value for each in asked)
        found = [
            self._structure(each)
            for each in self.results
            if since <= each.at < until and user in (None, "", each.by) and (name or "") in each.sample
        ]
        made = _types()
        well = made.MethodResultEnum.Failure if self.refuses else made.MethodResultEnum.Success
        answer = made.VcbResultGetSampleResults(
            MethodResult=well, ResponseDescription=self.refuses, SampleResults=[] if self.refuses else found
        )
        return [ua.Variant(answer)]

    def _structure(self, result: Result) -> Any:  # noqa: ANN401 - a class that asyncua makes from the definition
        never, made = datetime(1601, 1, 1, tzinfo=UTC), _types()
        return made.SampleResult(
            SampleDataUuid=UUID(result.uuid),
            SampleId=result.sample,
            Status=made.SampleStatusEnum(result.status),
            CellCount=2000,
            ViableCells=int(2000 * min(1.0, result.viable / result.total)) if result.total > 0 else 0,
            TotalCellsPerMilliliter=result.total,
            ViableCellsPerMilliliter=result.viable,
            ViabilityPercent=result.viability,
            AverageDiameter=result.diameter,
            AverageViableDiameter=result.diameter,
            ImagesForAnalysis=100,
            CellType="T cells",
            AnalysisDateTime=result.at,
            ReanalysisDateTime=result.reanalysed or never,
            AnalysisBy=result.by,
            Position=made.SamplePosition(Row="Z", Column=1),
            QcStatus=made.QcStatusEnum.NotApplicable,
        )


def dictionary() -> bytes:
    """Return the surface's structures as OPC Binary Schema."""
    lines = [f'<opc:EnumeratedType Name="{name}" LengthInBits="32" />' for name in _ENUMERATIONS]
    for name, fields in _STRUCTURES.items():
        lines.append(f'<opc:StructuredType Name="{name}" BaseType="ua:ExtensionObject">')
        for field, _, kind in (each.partition(":") for each in fields.split()):
            plain = kind.removesuffix("[]")
            written = f"tns:{plain}" if plain in _STRUCTURES or plain in _ENUMERATIONS else f"opc:{plain}"
            length = f' LengthField="NoOf{field}"' if kind != plain else ""
            lines.append(f'<opc:Field Name="NoOf{field}" TypeName="opc:Int32" />' if length else "")
            lines.append(f'<opc:Field Name="{field}" TypeName="{written}"{length} />')
        lines.append("</opc:StructuredType>")
    spaces = f'xmlns:opc="{_SCHEMA}" xmlns:ua="http://opcfoundation.org/UA/" xmlns:tns="{NAMESPACE}"'
    text = f'<opc:TypeDictionary {spaces} TargetNamespace="{NAMESPACE}">{"".join(lines)}</opc:TypeDictionary>'
    return text.encode()


def _types() -> Any:  # noqa: ANN401 - asyncua puts the classes that it makes of definitions into its own module
    return ua


def _read(path: Path) -> list[Result]:
    if not path.exists():
        return []
    return [
        Result(**each | {key: datetime.fromisoformat(each[key]) for key in ("at", "reanalysed") if each[key]})
        for each in json.loads(path.read_text())
    ]


def _as_json(result: Result) -> dict[str, Any]:
    told = {name: getattr(result, name) for name in Result.__dataclass_fields__}
    return told | {name: told[name].isoformat() for name in ("at", "reanalysed") if told[name]}
