"""Layouts from a dictionary of OPC Binary Schema."""

from __future__ import annotations

import pytest

from devices.protocols import ProtocolError
from devices.protocols.opcua_dictionary import definition, namespace
from devices.protocols.opcua_structure import Definition, Field
from devices.simulators.vicell_blu import NAMESPACE, dictionary

PLACE = Definition("SamplePosition", (Field("Row", "String"), Field("Column", "UInt32")))


def test_a_structure_has_the_structures_and_arrays_that_are_in_it() -> None:
    """Enumerations are numbers, the length of an array is no field of ours."""
    found = definition(dictionary(), "VcbResultGetSampleResults")
    assert namespace(dictionary()) == NAMESPACE
    assert [field.name for field in found.fields] == [
        "MethodResult",
        "ResponseDescription",
        "ErrorLevel",
        "SampleResults",
    ]
    assert [field.type for field in found.fields[:3]] == ["Int32", "String", "Int32"]
    results = found.fields[3]
    assert results.array
    assert isinstance(results.type, Definition)
    assert len(results.type.fields) == 39
    assert Field("Position", PLACE) in results.type.fields


@pytest.mark.parametrize("document", [b"", b"<a", dictionary()[:-9]])
def test_what_is_no_dictionary_is_refused(document: bytes) -> None:
    """Nothing is guessed."""
    with pytest.raises(ProtocolError, match="no XML"):
        namespace(document)


def test_a_structure_that_is_not_there_is_named() -> None:
    """So is one that would have itself inside, without an end."""
    with pytest.raises(ProtocolError, match="no structure Missing"):
        definition(dictionary(), "Missing")
    endless = dictionary().replace(b'Name="Row" TypeName="opc:String"', b'Name="Row" TypeName="tns:SamplePosition"')
    with pytest.raises(ProtocolError, match="no structure SamplePosition"):
        definition(endless, "SampleResult")
