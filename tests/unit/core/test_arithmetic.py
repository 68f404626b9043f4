"""A stage's process has the settings of portable arithmetic before anything computes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from clone import ROOT
from ferblur.core import arithmetic
from ferblur.core.errors import UserError

OTHERS = {
    "NPY_DISABLE_CPU_FEATURES": "",
    "OPENBLAS_CORETYPE": "SandyBridge",
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "MKL_CBWR": "AUTO",
    "NPY_ENABLE_CPU_FEATURES": "",
    "OMP_THREAD_LIMIT": "1",
}
"""What a user's shell may have set."""


def python(code: str, *arguments: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments, *(["-c", code] if code else [])],
        env=os.environ | variables, check=False, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout + done.stderr


def settings(stage: str, arithmetic_of_training: str, folder: Path) -> dict[str, str]:
    """What a stage's process ends up with, whatever the shell had."""
    params = yaml.safe_load((ROOT / "profiles/smoke.yaml").read_text())
    params["train"]["arithmetic"] = arithmetic_of_training
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    code = (
        "import json, os, sys; import ferblur.stages; from ferblur.core import stage as s; "
        "assert not {'numpy', 'torch', 'pandas'} & set(sys.modules); "
        f"os.chdir({str(folder)!r}); s.start({stage!r}); assert 'torch' not in sys.modules; "
        "print(json.dumps(dict(os.environ)))"
    )
    found: dict[str, str] = json.loads(python(code, **OTHERS))
    return {name: found[name] for name in OTHERS if name in found}


def test_what_the_shell_has_set_does_not_matter(tmp_path: Path) -> None:
    for stage in ("synthesize", "align", "train", "statistics"):
        assert settings(stage, "portable", tmp_path) == arithmetic.pins()


def test_native_training_is_left_to_the_machine(tmp_path: Path) -> None:
    for stage in ("train", "evaluate"):
        left = {name: OTHERS[name] for name in arithmetic.TORCH}
        assert settings(stage, "bfloat16", tmp_path) == left | arithmetic.NUMPY
    assert settings("align", "bfloat16", tmp_path) == arithmetic.pins()


def test_the_libraries_obey() -> None:
    code = (
        "from ferblur.core import arithmetic; arithmetic.pin(); import numpy, torch; "
        "from numpy._core._multiarray_umath import __cpu_features__ as f; "
        "print(torch.backends.cpu.get_cpu_capability(), f['AVX2'], f['X86_V4'])"
    )
    assert python(code, **OTHERS).split()[-3:] == ["AVX2", "True", "False"]


def test_a_stage_is_told_apart_by_its_command(tmp_path: Path) -> None:
    # no params.yaml: the stage itself says so, in one line
    done = subprocess.run(
        [sys.executable, "-m", "ferblur.stages.train", "baseline"],
        cwd=tmp_path, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("train: params.yaml: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_processor_that_is_too_old_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    arithmetic.check()
    old = SimpleNamespace(__cpu_features__={"AVX2": False, "FMA3": False})
    monkeypatch.setattr(arithmetic, "import_module", lambda name: old)
    with pytest.raises(UserError, match="this processor has no AVX2 and no FMA3") as raised:
        arithmetic.check()
    assert "\n" not in str(raised.value)
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    arithmetic.check()  # not refused: nothing is promised there


BLEND = """
import hashlib, numpy as np
from ferblur.rendering.head_mesh import Head
draw = np.random.default_rng(0).uniform
shapes = draw(-1, 1, (110, 999, 3)).astype(np.float32)
names = tuple(map(str, range(110)))
none = np.zeros(0)
head = Head(shapes[0], none, none, none, none, none, none, names, shapes)
weights = dict(zip(names, draw(0, 1, 110)))
print(hashlib.sha256(head.deform(weights).tobytes()).hexdigest())
"""


def test_a_head_is_deformed_alike_without_settings() -> None:
    kernels = ("Haswell", "SandyBridge", "Nehalem")
    found = {python(BLEND, OPENBLAS_CORETYPE=kernel) for kernel in kernels}
    assert len(found) == 1
    assert len(found.pop().strip()) == 64
