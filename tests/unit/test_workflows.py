"""The workflows: actions pinned to commits, no more rights than needed, make's own targets."""

import re
from typing import Any

import pytest
import yaml

from clone import ROOT

FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_workflow(path: Any) -> None:
    text = path.read_text()
    content = yaml.safe_load(text)
    assert content["permissions"] == {"contents": "read"}
    for used in re.findall(r"uses: (.*)", text):
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v[\d.]+", used)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    steps = [step for job in content["jobs"].values() for step in job["steps"]]
    called = re.findall(r"\bmake ([a-z-]+)", "\n".join(step.get("run", "") for step in steps))
    assert {"check", "test", "docker", "setup"} <= set(called) <= targets
    assert all("timeout-minutes" in job for job in content["jobs"].values())


def test_nothing_of_a_pull_request_is_pasted_into_a_script() -> None:
    for path in FILES:
        for job in yaml.safe_load(path.read_text())["jobs"].values():
            for step in job["steps"]:
                assert "${{" not in step.get("run", "")
