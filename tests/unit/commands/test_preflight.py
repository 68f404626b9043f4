"""What is checked and said before a run: profile, parameters, dataset, device."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from clone import ROOT
from ferblur.commands import preflight
from ferblur.core.errors import UserError
from ferblur.core.params import load_params
from ferblur.model import device

PROFILES = ("demo", "smoke", "affwild2")


@pytest.fixture
def folder(project: Path) -> Path:
    """A project with its profiles, in a git repository."""
    (project / "profiles").symlink_to(ROOT / "profiles")
    subprocess.run(["git", "init", "-q"], check=True)
    return project


def profile(name: str) -> bytes:
    return (ROOT / f"profiles/{name}.yaml").read_bytes()


def test_says_what_it_found_in_three_lines(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    preflight.main(["demo"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["device", "dataset", "profile"]
    assert "rendered by the stage 'synthesize'" in lines[1]
    assert lines[2] == "profile: demo"
    assert (folder / "params.yaml").read_bytes() == profile("demo")


def test_an_edit_is_named_beside_the_profile(folder: Path, edit: Callable[..., None]) -> None:
    edit(blur={"low": 3})
    assert preflight.describe_profile(load_params()) == "smoke, except for blur.low"


def test_a_dataset_is_counted(folder: Path, pools: Path, edit: Callable[..., None]) -> None:
    edit(data={"root": "faces"})
    assert preflight.describe_dataset(load_params()) == "faces, 12 train, 12 deployment"


def test_names_a_dataset_that_is_not_there(folder: Path, edit: Callable[..., None]) -> None:
    edit(data={"root": "datasets/mine"})
    with pytest.raises(UserError, match="datasets/mine/train: no such folder"):
        preflight.main([])


def test_says_that_it_will_be_slow(
    folder: Path, edit: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    preflight.use_profile("demo")
    assert preflight.describe_device(load_params()).startswith("CPU, portable arithmetic")
    edit(train={"arithmetic": "bfloat16"})
    monkeypatch.setattr(device, "native_bfloat16", lambda chosen: False)
    monkeypatch.setattr(device, "gpu_problem", lambda: "no GPU today")
    said = preflight.describe_device(load_params())
    assert (
        said == "CPU, float32, as bfloat16 is not native here: expect twice the time; no GPU today"
    )


def test_mistakes_have_no_traceback(folder: Path) -> None:
    (folder / "params.yaml").write_text("trian: {}")
    done = subprocess.run(
        [sys.executable, "-m", "ferblur.commands.preflight"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "params.yaml: trian: Extra inputs are not permitted" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_profile_replaces_a_profile_but_not_edits(folder: Path) -> None:
    params = folder / "params.yaml"
    for name in PROFILES:
        preflight.use_profile(name)
        assert params.read_bytes() == profile(name)
    params.write_text(params.read_text() + "# mine\n")
    with pytest.raises(UserError, match=r"has uncommitted edits.*PROFILE=smoke"):
        preflight.use_profile("smoke")
    assert params.read_text().endswith("# mine\n")
    with pytest.raises(UserError, match="no profile 'tiny'; there are affwild2, demo, smoke"):
        preflight.use_profile("tiny")


def test_committed_edits_may_be_replaced(folder: Path) -> None:
    params = folder / "params.yaml"
    params.write_text("# mine\n")
    for command in (
        ["add", "params.yaml"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "mine"],
    ):
        subprocess.run(["git", *command], check=True)
    preflight.use_profile("smoke")
    assert params.read_bytes() == profile("smoke")


def test_dvc_is_told_that_there_is_no_git(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def config() -> dict[str, object] | None:
        file = project / ".dvc/config.local"
        return yaml.safe_load(file.read_text().split("]")[1]) if file.exists() else None

    (project / ".dvc").mkdir()
    (project / ".git").mkdir()
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    preflight.allow_no_git()
    assert config() is None
    (project / ".git").rmdir()
    preflight.allow_no_git()
    assert "no_scm = true" in (project / ".dvc/config.local").read_text()
    subprocess.run(["git", "init", "-q"], check=True)
    preflight.allow_no_git()
    assert "no_scm" not in (project / ".dvc/config.local").read_text()


def test_commands_that_train_nothing_load_no_torch(
    folder: Path, pools: Path, checkpoint: Path
) -> None:
    code = (
        "import sys; from ferblur.commands import preflight; from ferblur.model import imagenet; "
        f"imagenet.IMAGENET = imagenet.Path({str(checkpoint)!r}); "
        "preflight.main(['--no-device', 'affwild2']); "
        "sys.exit('torch' in sys.modules)"
    )
    (folder / "datasets").mkdir()
    (folder / "datasets/affwild2").symlink_to(folder / "faces")
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == ["dataset", "profile"]


def test_weights_that_are_not_there_are_named(
    folder: Path, pools: Path, edit: Callable[..., None]
) -> None:
    edit(data={"root": "faces"}, train={"weights": "imagenet"})
    with pytest.raises(UserError, match=r"weights/imagenet/googlenet-1378be20\.pth: missing"):
        preflight.main(["--no-device"])
