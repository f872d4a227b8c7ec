"""The packages: as the lock names them, and as they lie here; and the bill of materials."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion, _res
from jsonschema import Draft7Validator, RefResolver

from mes.evidence import bill, packages
from mes.evidence.manifest import ROOT

_PIN = "{}=={} \\\n    --hash=sha256:" + "ab" * 32 + "\n"


def test_the_lock_is_read_whole() -> None:
    """Every package of the lock is found, with its version and at least one hash."""
    pins = packages.locked()
    assert len(pins) == (ROOT / "requirements.lock").read_text().count("==") - _comparisons()
    assert all(pin.version and pin.hashes for pin in pins)


def _comparisons() -> int:
    """Count the == that compare machines."""
    return sum(pin.only.count(" == ") for pin in packages.locked())


def test_what_is_installed_is_what_is_locked() -> None:
    """The tests run on the packages that the lock names."""
    assert packages.not_as_locked() == []


def test_a_package_that_differs_from_the_lock_is_named(tmp_path: Path) -> None:
    """Another version, and one that is not here at all; one for other machines may be missing."""
    only = _PIN.format("nowhere-else", "1.0 ; sys_platform == 'win32'")
    lock = tmp_path / "lock"
    lock.write_text(_PIN.format("flask", "0.1") + _PIN.format("no-such-package", "1.0") + only)
    flask, missing = packages.not_as_locked(lock)
    assert flask.endswith("and the lock says 0.1")
    assert missing == "no-such-package is not installed"


def test_an_altered_file_of_a_package_is_named(tmp_path: Path) -> None:
    """One byte in a library is as good as one in ours."""
    folder = tmp_path / "thing-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1\n")
    good = base64.urlsafe_b64encode(hashlib.sha256(b"1").digest()).rstrip(b"=").decode()
    (folder / "RECORD").write_text(f"thing.py,sha256={good},1\ngone.py,sha256={good},1\n../starter,sha256={good},1\n")
    (tmp_path / "thing.py").write_text("2")
    found = list(packages._altered(PathDistribution(folder)))
    assert found == ["thing: thing.py was altered", "thing: gone.py is missing"]


def cyclonedx() -> Draft7Validator:
    """Return what checks a bill by CycloneDX's own schema, which stands on two others."""
    whole, *others = (
        json.loads(Path(str(file)).read_text())
        for file in (_res.BOM_JSON[SchemaVersion.V1_6], _res.SPDX_JSON, _res.JSF)
    )
    beside = ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")
    store = {f"http://cyclonedx.org/schema/{name}": each for name, each in zip(beside, others, strict=True)}
    resolver = RefResolver.from_schema(whole, store=store)
    return Draft7Validator(whole, resolver=resolver)


@pytest.fixture(scope="module")
def made() -> str:
    """The bill of materials of this product."""
    return bill.text()


@pytest.mark.requirement("RQ-082")
def test_the_bill_of_materials_is_valid_and_complete(made: str) -> None:
    """It is CycloneDX by its own schema, and has every package of the lock and every vendored file."""
    told = json.loads(made)
    assert [error.message for error in cyclonedx().iter_errors(told)] == []
    names = {(each["name"], each["version"]) for each in told["components"]}
    assert {(pin.name, pin.version) for pin in packages.locked()} <= names
    assert {"htmx", "uPlot"} <= {name for name, _ in names}
    flask = next(each for each in told["dependencies"] if each["ref"].startswith("flask=="))
    assert any(needed.startswith("werkzeug==") for needed in flask["dependsOn"])


def test_the_bill_of_materials_names_no_registry(made: str) -> None:
    """Each site installs from its own."""
    assert re.findall(r"\w+://\S+", made) == ['http://cyclonedx.org/schema/bom-1.6.schema.json",']
