"""The bill of materials of the machine at hand: valid, complete, the same each time."""

import json
import shutil
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from clone import ROOT

pytestmark = pytest.mark.skipif(not shutil.which("dpkg-query"), reason="not Debian or Ubuntu")


@pytest.fixture
def bill(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    monkeypatch.syspath_prepend(str(ROOT / "docker"))
    sys.modules.pop("sbom", None)
    made: Callable[[str], str] = import_module("sbom").bill
    return made


def test_is_valid_and_names_every_package(bill: Callable[[str], str]) -> None:
    text = bill("a base")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found = json.loads(text)
    components = {part["bom-ref"]: part for part in found["components"]}
    torch = components[f"pypi:torch@{version('torch')}"]
    assert torch["purl"] == f"pkg:pypi/torch@{version('torch')}"
    assert "BSD-3-Clause" in json.dumps(torch["licenses"])
    assert any(ref.startswith("deb:dpkg:") for ref in components)
    root = next(one for one in found["dependencies"] if one["ref"] == "ferblur")
    assert set(root["dependsOn"]) == set(components)


def test_the_same_machine_gives_the_same_bytes(bill: Callable[[str], str]) -> None:
    assert bill("a base") == bill("a base")
    assert bill("a base") != bill("another")
