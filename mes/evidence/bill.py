"""The bill of materials (CycloneDX): what others wrote and we ship or install, from the lock and the vendored files.

It is made on demand and names no registry. A package has one hash for each archive that the lock admits, since each
site installs the archive for its own machine; so they stand as properties, and not as the hash of the one component.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from mes.evidence import manifest, packages
from mes.evidence.packages import Locked

_VENDORED = "mes/*/static/vendor/VENDOR.toml"


def text() -> str:
    """Return the bill as JSON."""
    released = manifest.released()
    product = Component(
        name="cell-lab-mes",
        version=released.version,
        type=ComponentType.APPLICATION,
        bom_ref="cell-lab-mes",
        licenses=[LicenseFactory().make_from_string("Apache-2.0")],
        properties=[Property(name="commit", value=released.commit), Property(name="files", value=released.digest)],
    )
    bom = Bom()
    bom.metadata.component = product
    components = {pin: _package(pin) for pin in packages.locked()}
    for component in (*components.values(), *_vendored()):
        bom.components.add(component)
    bom.register_dependency(product, bom.components)
    for pin, component in components.items():
        needed = _needed(pin)
        bom.register_dependency(component, [other for each, other in components.items() if each.name in needed])
    return str(JsonV1Dot6(bom).output_as_string(indent=1)) + "\n"


def _package(pin: Locked) -> Component:
    licences = _licences(pin)
    return Component(
        name=pin.name,
        version=pin.version,
        bom_ref=f"{pin.name}=={pin.version}",
        purl=PackageURL("pypi", name=pin.name, version=pin.version),
        scope=ComponentScope.OPTIONAL if pin.only else ComponentScope.REQUIRED,
        licenses=licences,
        properties=[
            *(Property(name="sha256 of an archive", value=hashed) for hashed in pin.hashes),
            *([Property(name="only where", value=pin.only)] if pin.only else []),
        ],
    )


def _licences(pin: Locked) -> list[License]:
    """Return the licence that a package states of itself, as far as it lies here."""
    try:
        told = distribution(pin.name).metadata
    except PackageNotFoundError:
        return []
    stated = {key: str(told[key]) for key in ("License-Expression", "License") if key in told}
    classified = _classified(told.get_all("Classifier") or [])
    words = stated.get("License-Expression") or classified or stated.get("License", "")
    first = words.strip().splitlines()[0] if words.strip() else ""
    return [LicenseFactory().make_from_string(first)] if first else []


def _classified(classifiers: list[str]) -> str:
    found = [each.split(" :: ")[-1] for each in classifiers if each.startswith("License :: ")]
    return " or ".join(found)


def _needed(pin: Locked) -> set[str]:
    """Return the names that a package says it needs, extras aside."""
    try:
        told = distribution(pin.name).requires or []
    except PackageNotFoundError:
        return set()
    return {packages.normal(re.split(r"[^\w.-]", each, maxsplit=1)[0]) for each in told if "extra ==" not in each}


def _vendored() -> Iterator[Component]:
    for listed in sorted(manifest.ROOT.glob(_VENDORED)):
        for each in tomllib.loads(listed.read_text())["file"]:
            yield Component(
                name=each["name"],
                version=each["version"],
                bom_ref=each["file"],
                description=f"{each['file']}: {each['use']}",
                licenses=[LicenseFactory().make_from_string(each["licence"])],
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each["sha256"])],
            )
