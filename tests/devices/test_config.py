"""The gateway's configuration: what it means, and what is said of every mistake in it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from devices.config import FileSettings, OpcUaSettings, SerialSettings, load
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
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("secret-token\n")
    (tmp_path / "password").write_text("secret-password\n")
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
    assert exports.settings.folder == folder / "exports"


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
        ("nsu=urn:x;s=pH", "ns=2;s=pH", "12: “ns=2;s=pH” is no node; write nsu=<namespace URI>;s=<identifier>"),
        ('unit = "pH"', 'unit = "%"', "12: pH is in pH, not in %: set the server to that unit"),
        ('unit = "mL"', 'units = "mL"', "13: [instruments.BR-01.nodes.base_pump] needs unit = …"),
        ("baud = 19200", 'baud = "fast"', "17: baud is a number, 50 or more"),
        ('port = "socket', 'prot = "socket', "14: [instruments.CC-01] needs port = …"),
        ("[instruments.CC-01]", "[instruments.'CC 01']", "14: “CC 01” is no code of an instrument"),
        ('folder = "exports"', "", "18: [instruments.VC-01] needs folder = …"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_was_meant(folder: Path, wrong: str, right: str, said: str) -> None:
    """One mistake in an otherwise whole configuration."""
    assert wrong in WHOLE
    assert any(line.startswith(said) for line in mistakes(folder, WHOLE.replace(wrong, right, 1)))


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
