"""The image's bill of materials, as CycloneDX JSON on standard output: sbom.py BASE_IMAGE.

Lists every Python package with its licence and every package of the distribution. The same list
gives the same bytes: the serial number follows from it, and the time is SOURCE_DATE_EPOCH or 0.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from uuid import NAMESPACE_OID, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL


def licence(package: Distribution) -> str:
    """The licence as the package's metadata names it, or an empty string."""
    named: dict[str, list[str]] = {
        key: [text for text in package.metadata.get_all(key) or [] if text and "\n" not in text]
        for key in ("License-Expression", "License", "Classifier")
    }
    classes = [c.rpartition(" :: ")[2] for c in named["Classifier"] if c.startswith("License ::")]
    return [*named["License-Expression"], *named["License"], " AND ".join(classes)][0]


def python_packages() -> Iterator[Component]:
    """What pip installed."""
    for package in distributions():
        name = package.metadata["Name"]
        named = licence(package)
        yield Component(
            type=ComponentType.LIBRARY,
            name=name,
            version=package.version,
            bom_ref=f"pypi:{name}@{package.version}",
            purl=PackageURL("pypi", name=name, version=package.version),
            licenses=[LicenseFactory().make_from_string(named)] if named else [],
        )


def system_packages() -> Iterator[Component]:
    """What the distribution's package manager, dpkg, installed."""
    system = platform.freedesktop_os_release()["ID"]
    fields = "${db:Status-Status} ${Package} ${Version} ${Architecture}\n"
    listed = subprocess.run(
        ["dpkg-query", "--show", f"--showformat={fields}"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    for line in listed.stdout.splitlines():
        status, name, version, architecture = line.split()
        if status == "installed":
            yield Component(
                type=ComponentType.LIBRARY,
                name=name,
                version=version,
                bom_ref=f"deb:{name}:{architecture}@{version}",
                purl=PackageURL("deb", system, name, version, qualifiers={"arch": architecture}),
            )


def bill(base_image: str) -> str:
    """The document; `base_image` is the reference the image was built from."""
    image = Component(
        type=ComponentType.CONTAINER,
        name="ferblur",
        bom_ref="ferblur",
        properties=[Property(name="base image", value=base_image)],
    )
    parts = [*python_packages(), *system_packages()]
    listed = " ".join(sorted(part.bom_ref.value or "" for part in parts))
    bom = Bom(
        components=parts,
        serial_number=uuid5(NAMESPACE_OID, f"{base_image} {listed}"),
        metadata=BomMetaData(
            component=image,
            timestamp=datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", 0)), UTC),
        ),
    )
    bom.register_dependency(image, parts)
    return str(JsonV1Dot6(bom).output_as_string(indent=2))


if __name__ == "__main__":
    print(bill(sys.argv[1]))
