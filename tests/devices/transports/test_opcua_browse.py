"""A configuration drafted from a live server: what it says is taken over, and what it does not say is asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from asyncua import ua

from devices.config import OpcUaSettings, load
from devices.instruments.bioreactor import Bioreactor
from devices.intake import Intake
from devices.transports import opcua_browse
from devices.transports.opcua_browse import BrowseError, Variable, _lines
from tests.devices.opcua_support import Counting, receiving, settings
from tests.devices.support import readings, until

pytestmark = pytest.mark.usefixtures("impatient")

FRAME = """\
name = "gateway-1"
zone = "UTC"
[mes]
url = "http://127.0.0.1:8000"
token_file = "token"
"""


def test_the_draft_of_a_live_server_is_a_configuration_that_works(
    either: Counting, intake: Intake, tmp_path: Path
) -> None:
    """Every channel with its node and unit; the gateway reads with it what the server measures."""
    drafted = opcua_browse.main("XX-01", either.settings(), either.pki)
    assert re.search("# Reactor/temperature: (0.0|no value) now, range 0 to 60 °C, with history\n", drafted)
    assert 'pH = { node = "nsu=urn:simulated:bioreactor;s=Reactor.pH", unit = "pH" }' in drafted
    for name in ("token", "secrets/password"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("secret")
        (tmp_path / name).chmod(0o600)
    (tmp_path / "gateway.toml").write_text(FRAME + drafted, "utf-8")
    found = load(tmp_path / "gateway.toml").stations[0].settings
    assert isinstance(found, OpcUaSettings)
    assert {node.channel: node.unit for node in found.nodes} == dict(Bioreactor.channels)
    with receiving(found, either.pki, intake):
        until(lambda: {reading.channel for reading in readings(intake.spool)} == set(Bioreactor.channels))


def lines(*found: Variable) -> list[str]:
    return list(_lines(found, ["http://opcfoundation.org/UA/", "urn:x"], Bioreactor.channels))


def variable(*path: str, value: object = 1.5, unit: str = "", span: str = "", node: str = "ns=1;s=x") -> Variable:
    number = isinstance(value, float)
    return Variable(path, ua.NodeId.from_string(node), value=value, number=number, unit=unit, span=span, access=1)


@pytest.mark.parametrize(
    ("found", "remark", "line"),
    [
        (
            variable("Unit 1", "Temp", value=37.1, unit="°C", span="0 to 60"),
            "# Unit 1/Temp: 37.1 now, range 0 to 60 °C, no history",
            'temperature = { node = "nsu=urn:x;s=x", unit = "°C" }',
        ),
        (
            variable("Temp", unit="°F"),
            "# Temp: 1.5 now, no history",
            ('# temperature = { node = "nsu=urn:x;s=x", unit = "°C" }  # the server says °F'),
        ),
        (
            variable("DO", unit="% sat"),
            "# DO: 1.5 now, no history",
            (
                '# dissolved_oxygen = { node = "nsu=urn:x;s=x", unit = "%" }'
                '  # the server says % sat; if that is %: server_unit = "% sat"'
            ),
        ),
        (
            variable("Base pump", node="ns=1;i=7"),
            "# Base pump: 1.5 now, no history",
            '# base_pump = { node = "nsu=urn:x;i=7", unit = "" }  # which unit? the server does not say',
        ),
        (
            variable("State", value="running"),
            "# State: now 'running', no history",
            '# state = { node = "nsu=urn:x;s=x", unit = "" }  # it is no number',
        ),
        (
            variable("Weight", unit="kg", node='ns=1;s=a "b"'),
            "# Weight: 1.5 now, no history",
            'weight = { node = "nsu=urn:x;s=a \\"b\\"", unit = "kg" }',
        ),
    ],
)
def test_what_a_person_has_to_decide_is_a_comment(found: Variable, remark: str, line: str) -> None:
    """A unit that is another or not said, what is no number; all else is a line that is read."""
    assert lines(found) == [remark, line]


def test_two_of_a_name_are_told_apart() -> None:
    """Two reactors on one server: the second one's channels bear its name."""
    two = lines(variable("R1", "pH", unit="pH"), variable("R2", "pH", unit="pH"), variable("R2", "pH", unit="pH"))
    assert [line.partition(" ")[0] for line in two[1::2]] == ["pH", "r2_ph", "r2_ph_2"]


def test_a_server_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """With its address."""
    nobody = OpcUaSettings(url="opc.tcp://127.0.0.1:1/", nodes=(), security=None)
    with pytest.raises(BrowseError, match=r"opc\.tcp://127\.0\.0\.1:1/ cannot be browsed"):
        opcua_browse.main("XX-01", nobody, tmp_path)


def test_more_than_anybody_would_read_is_refused(either: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole plant behind one server."""
    monkeypatch.setattr(opcua_browse, "MOST", 3)
    with pytest.raises(BrowseError, match="more than 3 nodes"):
        opcua_browse.main("XX-01", settings(either.port), either.pki)
