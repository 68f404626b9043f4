"""compose.yaml: four services, one image, nothing open to other machines."""

import shutil
import subprocess
from typing import Any

import pytest
import yaml

from clone import ROOT


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return found


def test_services(services: dict[str, Any]) -> None:
    assert list(services) == ["repro", "repro-cpu", "test", "report"]
    for service in services.values():
        assert service["image"] == "ferblur"
        assert service["volumes"] == [".:/project"]
        assert service["cap_drop"] == ["ALL"]
    assert services["test"]["command"] == "pytest"


def test_only_one_asks_for_a_gpu(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "deploy" in service] == ["repro"]
    devices = services["repro"]["deploy"]["resources"]["reservations"]["devices"]
    assert devices == [{"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}]


def test_only_the_report_has_a_network_and_only_on_loopback(services: dict[str, Any]) -> None:
    assert [name for name, s in services.items() if s["network_mode"] != "none"] == ["report"]
    assert all(port.startswith("127.0.0.1:") for port in services["report"]["ports"])
    assert not any("ports" in service for name, service in services.items() if name != "report")


def test_compose_accepts_it(services: dict[str, Any]) -> None:
    for command in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(command[0])
            and not subprocess.run(
                [*command, "version"], capture_output=True, check=False
            ).returncode
        ):
            break
    else:
        pytest.skip("needs Docker Compose or podman-compose, and neither is installed")
    done = subprocess.run(
        [*command, "--file", str(ROOT / "compose.yaml"), "config"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["services"]) == set(services)
