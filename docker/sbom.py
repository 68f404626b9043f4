"""The image's bill of materials, as CycloneDX JSON on standard output: sbom.py BASE_IMAGE.

Lists every Python package with its licence and every package of the distribution. Nothing in it
depends on when or where it was written.
"""

import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions

from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL


def licence(package: Distribution) -> str:
    """The licence as the package's metadata names it, or an empty string."""
    metadata = package.metadata
    classifiers = metadata.get_all("Classifier") or []
    named = [c.rpartition(" :: ")[2] for c in classifiers if c.startswith("License :: ")]
    text = metadata.get("License-Expression") or metadata.get("License") or ""
    return text if text and "\n" not in text else " AND ".join(named)


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
    """What the distribution's package manager installed; nothing where there is none."""
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
    bom = Bom(components=[*python_packages(), *system_packages()])
    bom.metadata.component = Component(
        type=ComponentType.CONTAINER,
        name="ferblur",
        bom_ref="ferblur",
        properties=[Property(name="base image", value=base_image)],
    )
    return JsonV1Dot6(bom).output_as_string(indent=2)


if __name__ == "__main__":
    print(bill(sys.argv[1]))
