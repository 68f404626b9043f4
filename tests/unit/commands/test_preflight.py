"""What is checked and said before a run: profile, parameters, dataset, device."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from clone import ROOT
from ferblur.commands import forecast, preflight
from ferblur.core.errors import UserError
from ferblur.core.params import Params, load_params
from ferblur.core.study import EMOTIONS, POOLS
from ferblur.model import device

PROFILES = ("demo", "smoke", "affwild2")
DISK = SimpleNamespace(total=10**12, used=0, free=10**12)


@pytest.fixture
def folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with its profiles, in a git repository, on a machine with room enough."""
    monkeypatch.setattr(forecast, "free_memory", lambda: 10**11)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: DISK)
    (project / "profiles").symlink_to(ROOT / "profiles")
    subprocess.run(["git", "init", "-q"], check=True)
    return project


def profile(name: str) -> bytes:
    return (ROOT / f"profiles/{name}.yaml").read_bytes()


def test_says_what_it_found_in_four_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    preflight.main(["demo"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["device", "dataset", "profile", "needs"]
    assert lines[1] == (
        "dataset: datasets/synthetic, rendered by the stage 'synthesize', 1,512 train (disgust 200 "
        "to happiness 288), 1,420 deployment (disgust 212 to happiness 280)"
    )
    assert lines[2] == "profile: demo"
    assert (folder / "params.yaml").read_bytes() == profile("demo")


def test_an_edit_is_named_beside_the_profile(folder: Path, edit: Callable[..., None]) -> None:
    edit(blur={"low": 3})
    assert preflight.describe_profile(load_params()) == "smoke, except for blur.low"


def found(params: Params) -> str:
    return preflight.describe_dataset(params, preflight.count(params))


def test_a_dataset_is_counted(folder: Path, pools: Path, edit: Callable[..., None]) -> None:
    edit(data={"root": "faces"})
    said = "faces, 12 train (2 of each class), 12 deployment (2 of each class)"
    assert found(load_params()) == said
    (pools / "train/fear/0.jpg").unlink()
    (pools / "train/neutral").mkdir()
    (pools / "train/neutral/0.jpg").touch()
    assert found(load_params()) == (
        "faces, 11 train (fear 1 to anger 2), 12 deployment (2 of each class); "
        "left out of train: neutral 1"
    )


def test_the_built_in_dataset_is_counted_before_it_is_there(
    folder: Path, edit: Callable[..., None]
) -> None:
    edit(data={"emotions": ["surprise", "anger"]})
    assert preflight.count(load_params()) == {
        "train": {"surprise": 10, "anger": 10}, "deployment": {"surprise": 8, "anger": 8},
    }  # fmt: skip
    edit(data={"emotions": ["anger", "neutral", "calm"]})
    with pytest.raises(UserError, match="datasets/synthetic shows no neutral, no calm; it has ang"):
        preflight.count(load_params())


def test_names_a_dataset_that_is_not_there(folder: Path, edit: Callable[..., None]) -> None:
    edit(data={"root": "datasets/mine"})
    with pytest.raises(UserError, match="datasets/mine: no such folder"):
        preflight.main([])
    edit(data={"root": "datasets/photographs"})
    with pytest.raises(UserError, match="photographs: not there yet; make photographs fetches and"):
        preflight.main([])


EVEN = dict.fromkeys(EMOTIONS, 100)

COUNTS: dict[str, tuple[dict[str, dict[str, object]], dict[str, dict[str, int]], str]] = {
    "deployment": (
        {"balance": {"deployment_per_class": 30}}, {"deployment": {"fear": 20, "anger": 29}},
        r"deployment_per_class: 30 is more than .* anger \(29\), fear \(20\): at most 20, or",
    ),
    "blurred": (
        {"split": {"blurred_per_class": 40}}, {"train": {"fear": 110}},
        r"class: 40 for each of 3 levels is more than the 110 .* fear, .*: at most 36 \(or",
    ),
    "blurred once": (
        {"split": {"blurred_per_class": 101, "reuse": True}}, {},
        r"blurred_per_class: 101 is more than the 100 .*: at most 100$",
    ),
    "ratios": (
        {"split": {"ratios": [0.99, 0.005, 0.005]}}, {"train": dict.fromkeys(EMOTIONS, 10)},
        r"split.ratios: \[0.99, 0.005, 0.005\] of 60 samples leaves 0 for val",
    ),
    "ratios that keep classes": (
        {"split": {"ratios": [0.9, 0.05, 0.05], "stratify": True}},
        {"train": dict.fromkeys(EMOTIONS, 10)},
        r"of 60 samples leaves 3 for val, and at least 6",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_counts_that_a_stage_would_refuse(
    name: str, folder: Path, edit: Callable[..., None]
) -> None:
    edit(balance={"deployment_per_class": 20}, split={"blurred_per_class": 3})
    good = dict.fromkeys(POOLS, EVEN)
    assert preflight.check_counts(load_params(), good) == ([], [])
    sections, counts, expected = COUNTS[name]
    edit(**sections)
    faults, _ = preflight.check_counts(
        load_params(), {pool: EVEN | counts.get(pool, {}) for pool in POOLS}
    )
    assert re.search(expected, faults[0]), faults


def test_counts_that_are_worth_a_word(folder: Path, edit: Callable[..., None]) -> None:
    edit(balance={"deployment_per_class": "smallest"}, train={"batch_size": 512})
    counts = {"train": EVEN | {"fear": 9}, "deployment": EVEN | {"anger": 1}}
    faults, doubts = preflight.check_counts(load_params(), counts)
    assert faults == []
    assert doubts == [
        "train.batch_size: 512 is more than the 420 training samples, so that an epoch is a single "
        "step",
        "train: fear is far smaller (9) than anger (100): its faces will be repeated to make up "
        "for it",
        "deployment: anger is far smaller (1) than disgust (100): what is said of it rests on few "
        "faces",
    ]


def test_people_in_both_pools_are_told_before_any_work(
    folder: Path, pools: Path, edit: Callable[..., None]
) -> None:
    edit(data={"root": "faces", "emotions": ["anger", "fear"]})
    (pools / "train/truth.csv").write_text(
        "file,subject\nfear/0.jpg,ann\nfear/1.jpg,7\nanger/0.jpg,eve\nsadness/0.jpg,bob\n"
        "anger/gone.jpg,ned\n"
    )
    assert preflight.check_people(load_params()) == ([], [])
    (pools / "deployment/truth.csv").write_text(
        "file,subject\nfear/0.jpg,bob\nfear/1.jpg,ned\nanger/0.jpg,dan\n"
    )  # bob is not among the emotions, ned not among the files
    assert preflight.check_people(load_params()) == ([], [])
    with (pools / "deployment/truth.csv").open("a") as table:
        table.write("anger/1.jpg,eve\n")
    said = (
        "faces: people in both pools: 1, such as eve; deployment must show what the models have "
        "not seen"
    )
    assert preflight.check_people(load_params()) == ([], [said])
    edit(prepare={"strict": True})
    assert preflight.check_people(load_params()) == (
        [f"{said} (prepare.strict: false lets it pass)"], [],
    )  # fmt: skip
    with pytest.raises(UserError, match="people in both pools: 1"):
        preflight.main(["--no-device"])


def test_all_that_is_wrong_is_said_at_once(
    folder: Path, pools: Path, edit: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    edit(
        data={"root": "faces"}, balance={"deployment_per_class": 30}, train={"weights": "imagenet"},
    )  # fmt: skip
    with pytest.raises(UserError) as error:
        preflight.main([])
    assert [line.partition(":")[0] for line in str(error.value).splitlines()] == [
        "balance.deployment_per_class", "split.blurred_per_class",
        "weights/imagenet/googlenet-1378be20.pth",
    ]  # fmt: skip
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == [
        "device", "dataset", "profile", "needs",
    ]  # fmt: skip


def test_folders_that_nobody_may_write_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert preflight.check_folders() == []
    (folder / "models").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: path != "models")
    assert preflight.check_folders() == [
        f"{folder / 'models'}: not writable by this user (chmod u+w, or work in a copy)"
    ]


def test_outputs_on_another_disk(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("disk")
    (folder / "data").symlink_to(elsewhere)
    (line,) = preflight.check_folders()
    assert line.startswith(f"data: a link to {elsewhere}, out of the git repository, ")
    (folder / "data").unlink()
    (folder / "room").mkdir()
    (folder / "data").symlink_to("room")
    assert preflight.check_folders() == []
    (folder / "models").symlink_to(elsewhere)
    (folder / ".git").rename(folder / "no-git")
    assert preflight.check_folders() == []  # DVC follows where there is no git


def test_says_that_it_will_be_slow(
    folder: Path, edit: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    preflight.use_profile("demo")
    said, used = preflight.describe_device(load_params())
    assert said.startswith("CPU, portable arithmetic")
    assert used == "portable"
    edit(train={"arithmetic": "bfloat16"})
    monkeypatch.setattr(device, "native_bfloat16", lambda chosen: False)
    monkeypatch.setattr(device, "gpu_problem", lambda: "no GPU today")
    assert preflight.describe_device(load_params()) == (
        "CPU, float32, as bfloat16 is not native here: expect twice the time; no GPU today",
        "float32",
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
    with pytest.raises(UserError, match=r"uncommitted edits; .*cp profiles/smoke\.yaml params"):
        preflight.use_profile("smoke")
    assert params.read_text().endswith("# mine\n")
    known = "affwild2, demo, photographs, smoke"
    with pytest.raises(UserError, match=f"no profile 'tiny'; there are {known}"):
        preflight.use_profile("tiny")


def test_an_imported_dataset_brings_its_profile(folder: Path) -> None:
    (folder / "datasets/mine").mkdir(parents=True)
    (folder / "datasets/theirs").mkdir()
    mine = profile("demo").decode().replace("datasets/synthetic", "datasets/mine")
    (folder / "datasets/mine/params.yaml").write_text(mine)
    (folder / "datasets/theirs/params.yaml").write_text("lr: 3\n")
    preflight.use_profile("mine")
    assert (folder / "params.yaml").read_text() == mine
    assert preflight.describe_profile(load_params()) == "mine"
    preflight.use_profile("demo")
    assert preflight.describe_profile(load_params()) == "demo"
    with pytest.raises(UserError, match=r"datasets/theirs/params\.yaml: lr: "):
        preflight.use_profile("theirs")
    assert (folder / "params.yaml").read_bytes() == profile("demo")
    with pytest.raises(
        UserError,
        match=r"affwild2, demo, photographs, smoke, mine, theirs \(profiles/\*\.yaml and ",
    ):
        preflight.use_profile("yours")


def test_a_profile_that_changed_since_it_was_copied_is_taken_again(folder: Path) -> None:
    mine = folder / "datasets/mine/params.yaml"
    mine.parent.mkdir(parents=True)
    for seed in (3, 4, 5):  # imported again, or edited
        mine.write_text(profile("demo").decode().replace("seed: 1", f"seed: {seed}"))
        preflight.use_profile("mine")
        assert (folder / "params.yaml").read_bytes() == mine.read_bytes()
    mine.write_bytes(profile("demo"))
    with (folder / "params.yaml").open("a") as stream:
        stream.write("# mine\n")
    with pytest.raises(UserError, match="`make repro` without PROFILE runs with them"):
        preflight.use_profile("mine")


def test_a_profile_of_ones_own_name_is_the_projects(folder: Path) -> None:
    (folder / "datasets/demo").mkdir(parents=True)
    (folder / "datasets/demo/params.yaml").write_text("lr: 3\n")
    preflight.use_profile("demo")
    assert (folder / "params.yaml").read_bytes() == profile("demo")


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
    folder: Path, pools: Path, checkpoint: Path, edit: Callable[..., None]
) -> None:
    code = (
        "import sys; from ferblur.commands import preflight; from ferblur.model import imagenet; "
        f"imagenet.IMAGENET = imagenet.Path({str(checkpoint)!r}); "
        "preflight.main(['--no-device']); "
        "sys.exit('torch' in sys.modules)"
    )
    edit(
        data={"root": "faces"}, train={"weights": "imagenet"},
        balance={"deployment_per_class": 2}, split={"blurred_per_class": 2, "reuse": True},
    )  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == ["dataset", "profile"]


def test_weights_that_are_not_there_are_named(
    folder: Path, pools: Path, edit: Callable[..., None]
) -> None:
    edit(
        data={"root": "faces"}, train={"weights": "imagenet"},
        balance={"deployment_per_class": "smallest"}, split={"blurred_per_class": 1, "reuse": True},
    )  # fmt: skip
    with pytest.raises(UserError, match=r"weights/imagenet/googlenet-1378be20\.pth: missing"):
        preflight.main(["--no-device"])
