"""The gateway's configuration: what it means, and what is said of every mistake in it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from devices.config import FileSettings, Node, OpcUaSettings, SerialSettings, load
from devices.instrument import DateOrder
from devices.instruments.delimited_printer import DelimitedPrinter
from devices.instruments.fixed_width_printer import FixedWidthPrinter
from devices.printer import Printout
from devices.toml_table import ConfigurationError

WHOLE = """\
name = "gateway-1"
zone = "Europe/Berlin"
[mes]
url = "https://mes.example.org/"
token_file = "token"
[instruments.BR-01]
kind = "bioreactor"
url = "opc.tcp://127.0.0.1:4840"
user = "gateway"
password_file = "password"
[instruments.BR-01.nodes]
pH = { node = "nsu=urn:x;s=pH", unit = "pH" }
base_pump = { node = "nsu=urn:x;i=7", unit = "mL" }
[instruments.CC-01]
kind = "cell-counter"
port = "socket://192.0.2.1:4001"
baud = 19200
[instruments.VC-01]
kind = "vicell-blu-export"
folder = "exports"
dates = "day-first"
"""

WHO = 'user = "gateway"\npassword_file = "password"'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("secret-token\n")
    (tmp_path / "password").write_text("secret-password\n")
    (tmp_path / "password").chmod(0o600)
    (tmp_path / "user.der").write_text("a certificate")
    (tmp_path / "open.pem").write_text("a key that all can read")
    (tmp_path / "open.pem").chmod(0o644)
    return tmp_path


def mistakes(folder: Path, text: str) -> list[str]:
    path = folder / "gateway.toml"
    path.write_text(dedent(text), "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def test_a_whole_configuration_is_read(folder: Path) -> None:
    """Names, secrets from their files, paths from the configuration's folder."""
    (folder / "gateway.toml").write_text(WHOLE, "utf-8")
    config = load(folder / "gateway.toml")
    assert (config.name, config.zone.key, config.spool) == ("gateway-1", "Europe/Berlin", folder / "spool.sqlite")
    assert (config.mes.url, config.mes.token, config.mes.retention_days) == (
        "https://mes.example.org",
        "secret-token",
        30,
    )
    reactor, counter, exports = config.stations
    assert isinstance(reactor.settings, OpcUaSettings)
    assert (reactor.settings.password, reactor.settings.security) == ("secret-password", "Basic256Sha256")
    assert [node.channel for node in reactor.settings.nodes] == ["pH", "base_pump"]
    assert isinstance(counter.settings, SerialSettings)
    assert (counter.settings.line.baud, counter.silent_after, reactor.silent_after) == (19200, None, 60)
    assert isinstance(exports.settings, FileSettings)
    assert (exports.settings.folder, exports.settings.dates) == (folder / "exports", DateOrder.DAY_FIRST)


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        (
            'zone = "Europe/Berlin"',
            'zone = "Berlin"',
            "2: “Berlin” is no time zone; write one like Europe/Berlin or UTC",
        ),
        ('name = "gateway-1"', "name = 1", "1: name is a text: write it in quotes"),
        ('zone = "Europe/Berlin"', 'zone = "UTC"\nspool_megabytes = 0', "3: spool_megabytes is a number, 1 or more"),
        ('zone = "Europe/Berlin"', 'zone = "UTC"\nspool_days = "x"', "3: spool_days is a number, 0 or more"),
        (
            'folder = "exports"',
            'folder = "exports"\n[instruments.VC-02]\nkind = "vicell-blu-export"\nfolder = "exports"',
            "23: VC-02 cannot have the folder of VC-01",
        ),
        ("[mes]", "[mess]", "3: the configuration has no mess; did you mean mes?"),
        ('url = "https', 'url = "ftp', "4: the MES's address begins with https:// (or http:// on this machine)"),
        ('"token"', '"tokens"', "5: the secret file "),
        ('"token"', '"token"\ncertificate_authority = "ca"', "6: there is no file "),
        ('kind = "bioreactor"', 'kind = "bio-reactor"', "7: “bio-reactor” is no kind; did you mean bioreactor?"),
        ("opc.tcp", "http", "8: an OPC-UA server's address begins with opc.tcp://"),
        ("nsu=urn:x;i=7", "nsu=urn:x;i=seven", "13: “nsu=urn:x;i=seven” is no node"),
        ("nsu=urn:x;i=7", "nsu=urn:x;s=pH", "13: base_pump is the same node as pH"),
        ('unit = "mL"', 'unit = "mL", sampling = -1', "13: sampling is a number, 0 or more"),
        ('unit = "mL"', 'unit = "mL", deadband = "1"', "13: deadband is a number, 0 or more"),
        ('unit = "mL"', 'unit = "mL", deadband = inf', "13: deadband is a number, 0 or more"),
        ('unit = "mL"', 'unit = "mL", dead_band = 1', "13: [instruments.BR-01.nodes.base_pump] has no dead_band"),
        (WHO, "", "6: as whom to connect? write user and password_file"),
        (
            '"password"',
            '"password"\nuser_certificate = "user.der"',
            "9: the server is told a user with a password or",
        ),
        ('"password"', '"open.pem"', "10: "),
        (WHO, 'user_certificate = "user.der"\nuser_key = "open.pem"', "10: "),
        (
            WHO,
            'user_certificate = "user.der"',
            "6: [instruments.BR-01] needs user_key",
        ),
        (
            WHO,
            'user_certificate = "usr"\nuser_key = "user.der"',
            "9: there is no file ",
        ),
        ("nsu=urn:x;s=pH", "ns=2;s=pH", "12: “ns=2;s=pH” is no node; write nsu=<namespace URI>;s=<identifier>"),
        ('unit = "pH"', 'unit = "%"', "12: pH is in pH, not in %: set the server to that unit"),
        ('unit = "mL"', 'units = "mL"', "13: [instruments.BR-01.nodes.base_pump] needs unit = …"),
        ("baud = 19200", 'baud = "fast"', "17: baud is a number, 50 or more"),
        ('port = "socket', 'prot = "socket', "14: [instruments.CC-01] needs port = …"),
        ("[instruments.CC-01]", "[instruments.'CC 01']", "14: “CC 01” is no code of an instrument"),
        ('folder = "exports"', "", "18: [instruments.VC-01] needs folder = …"),
        ('dates = "day-first"', "", "18: [instruments.VC-01] needs dates = …"),
        ('dates = "day-first"', 'dates = "days-first"', "21: “days-first” is no dates; did you mean day-first?"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_was_meant(folder: Path, wrong: str, right: str, said: str) -> None:
    """One mistake in an otherwise whole configuration."""
    assert wrong in WHOLE
    assert any(line.startswith(said) for line in mistakes(folder, WHOLE.replace(wrong, right, 1)))


def test_an_instrument_whose_dates_have_one_meaning_needs_no_order_of_them(folder: Path) -> None:
    """The Vi-CELL XR writes its months' names."""
    other = WHOLE.replace("vicell-blu-export", "vicell-xr-export").replace('dates = "day-first"', "")
    (folder / "gateway.toml").write_text(other, "utf-8")
    settings = load(folder / "gateway.toml").stations[2].settings
    assert isinstance(settings, FileSettings)
    assert settings.dates is None


PRINTER = """\
[instruments.PR-01]
kind = "fixed-width-printer"
port = "/dev/ttyUSB2"
fields = ["sample", "mass", "=g"]
widths = [12, 10, 3]
[instruments.PR-02]
kind = "delimited-printer"
port = "/dev/ttyUSB3"
separator = ";"
fields = ["-", "time", "viability"]
dates = "day-first"
end = "LF"
"""


def test_a_printer_prints_what_the_site_says(folder: Path) -> None:
    """Its fields, their widths or what stands between them, how its lines end and its dates are written."""
    (folder / "gateway.toml").write_text(WHOLE + PRINTER, "utf-8")
    fixed, delimited = (each.instrument for each in load(folder / "gateway.toml").stations[3:])
    assert isinstance(fixed, FixedWidthPrinter)
    assert isinstance(delimited, DelimitedPrinter)
    assert (fixed.printout.fields, fixed.widths) == (("sample", "mass", "=g"), (12, 10, 3))
    assert delimited.printout == Printout(b"\n", ("-", "time", "viability"), DateOrder.DAY_FIRST)
    assert delimited.separator == ";"


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ('"mass"', '"weight"', "25: “weight” is no field; there is -, =text, sample, time"),
        ('"mass"', '"sample"', "25: a field stands there twice"),
        ('["sample", "mass", "=g"]', '"mass"', "25: fields is a list of texts"),
        ("[12, 10, 3]", "[12, 10]", "26: there are 3 fields and 2 widths"),
        ("[12, 10, 3]", "[12, 10, 0]", "26: widths is a list of whole numbers, 1 or more"),
        ('end = "LF"', 'end = "lf"', "33: “lf” is no end; "),
        ('separator = ";"', 'seperator = ";"', "30: [instruments.PR-02] has no seperator; did you mean separator?"),
    ],
)
def test_a_printers_mistake_is_told_with_its_line(folder: Path, wrong: str, right: str, said: str) -> None:
    """One mistake in what a site says of its printers."""
    assert wrong in PRINTER
    found = mistakes(folder, WHOLE + PRINTER.replace(wrong, right, 1))
    assert any(line.startswith(said) for line in found), found


def test_a_node_may_be_looked_at_in_its_own_way(folder: Path) -> None:
    """How often, from which change on, and in whose spelling of the unit."""
    changed = WHOLE.replace('unit = "pH"', 'unit = "pH", sampling = 0.5, deadband = 0.01, server_unit = "pH units"')
    (folder / "gateway.toml").write_text(changed, "utf-8")
    settings = load(folder / "gateway.toml").stations[0].settings
    assert isinstance(settings, OpcUaSettings)
    assert settings.nodes == (
        Node("pH", "nsu=urn:x;s=pH", "pH", sampling=0.5, deadband=0.01, server_unit="pH units"),
        Node("base_pump", "nsu=urn:x;i=7", "mL"),
    )


def test_nobody_in_particular_must_be_meant(folder: Path) -> None:
    """A server that asks nobody's name is connected to when the configuration says so."""
    anonymous = WHOLE.replace(WHO, "allow_anonymous = true")
    (folder / "gateway.toml").write_text(anonymous, "utf-8")
    settings = load(folder / "gateway.toml").stations[0].settings
    assert isinstance(settings, OpcUaSettings)
    assert (settings.user, settings.password, settings.user_certificate) == (None, None, None)


@pytest.mark.parametrize(("mode", "usable"), [(0o600, True), (0o640, True), (0o644, False), (0o660, False)])
def test_a_secret_is_its_owners(folder: Path, mode: int, usable: bool) -> None:  # noqa: FBT001 - a case
    """The group of the service may read it, and nobody else; the sentence is the command that puts it right."""
    (folder / "password").chmod(mode)
    (folder / "gateway.toml").write_text(WHOLE, "utf-8")
    if usable:
        assert load(folder / "gateway.toml").stations
    else:
        assert mistakes(folder, WHOLE) == [
            f"10: {folder / 'password'} can be read or changed by others: chmod 600 {folder / 'password'}"
        ]


def test_all_mistakes_are_told_at_once(folder: Path) -> None:
    """A person corrects them in one go."""
    said = mistakes(
        folder,
        """\
        name = "gateway-1"
        [mes]
        url = "https://mes.example.org"
        token_file = "nowhere"
        """,
    )
    assert [line.split(":")[0] for line in said] == ["1", "4"]


def test_what_is_not_toml_is_told_with_its_line(folder: Path) -> None:
    """A quote that is missing."""
    (said,) = mistakes(folder, 'name = "gateway-1\nzone = "UTC"\n')
    assert "line 1" in said


def test_an_unsecured_session_must_be_allowed_in_words(folder: Path) -> None:
    """Security None is refused until the configuration says that it is meant."""
    unsecured = WHOLE.replace('user = "gateway"', 'security = "None"\nuser = "gateway"')
    assert mistakes(folder, unsecured)[0].startswith("9: readings would travel unsigned and unencrypted")
    (folder / "gateway.toml").write_text(unsecured.replace('"None"', '"None"\nallow_unsecured = true'), "utf-8")
    settings = load(folder / "gateway.toml").stations[0].settings
    assert isinstance(settings, OpcUaSettings)
    assert settings.security is None


def test_a_bioreactor_without_nodes_is_a_mistake(folder: Path) -> None:
    """The sentence lists the channels that could be configured."""
    (said,) = mistakes(folder, "\n".join(line for line in WHOLE.splitlines() if "nsu=" not in line))
    assert said.startswith("11: no node is configured; write a line for each channel: temperature, pH")


def test_a_configuration_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A wrong path is a sentence."""
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml: cannot be read"):
        load(tmp_path / "nowhere.toml")
