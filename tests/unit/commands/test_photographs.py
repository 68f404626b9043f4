"""Photographs from a local git repository: fetched, checked, imported and deleted, or one line.

The repository is made here, of tiny pictures of noise under names that nobody has.
Run: pytest tests/unit/commands/test_photographs.py
"""

import csv
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from clone import ROOT
from ferblur.commands import photographs
from ferblur.core.errors import UserError
from ferblur.core.params import load_params
from users import unprivileged

FIVE = ("anger", "disgust", "happiness", "sadness", "surprise")
SPELT = ("anger", "DISGUST", "Happiness", "SADNESS", "surprise", "NEUTRAL", "fear", "contempt")
PEOPLE = 6

Run = Callable[..., str]


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def draw(path: Path, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (10, 10, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, "JPEG")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a repository as the real one is, and the files of its last commit but one."""
    made = tmp_path_factory.mktemp("made")
    made.chmod(0o755)
    folder = made / "repository"
    lines = ["user.id,image,emotion"]
    for person in range(PEOPLE):
        for number, label in enumerate(SPELT):
            name = f"Ada{chr(97 + person)}_Nemo_{number:04d}.jpg"
            draw(folder / "images" / name, 100 * person + number)
            lines.append(f"628,{name},{label}")
    lines.append(lines[1])  # listed twice, the same, and then with another label
    lines.append(lines[2].replace("DISGUST", "sadness"))
    draw(folder / "images/facial-expressions_1k.jpg", 9999)
    lines.append("628,facial-expressions_1k.jpg,anger")
    draw(folder / "images/Nobody_Listed_0001.jpg", 9998)
    (folder / "data").mkdir()
    (folder / "data/legend.csv").write_text("\n".join(lines) + "\n")
    (folder / "data/500_picts_satz.csv").write_text("user.id,image,emotion\r1,x.jpg,sad\r")
    (folder / "README.md").write_text("faces\n")
    git(made, "init", "--quiet", "--initial-branch=main", str(folder))
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=faces")
    shutil.copytree(folder, made / "unpacked", ignore=shutil.ignore_patterns(".git"))
    draw(folder / "images/Adaa_Nemo_0000.jpg", 1)
    git(folder, "commit", "--quiet", "--all", "--message=another face")
    return made


@pytest.fixture
def given(made: Path, tmp_path: Path) -> Path:
    """A copy of it, which a test may change."""
    return Path(shutil.copytree(made, tmp_path / "given"))


@pytest.fixture
def repository(given: Path) -> Path:
    """The repository."""
    return given / "repository"


@pytest.fixture
def commit(repository: Path) -> str:
    """The commit that is pinned: the last but one."""
    return git(repository, "rev-parse", "HEAD~1")


@pytest.fixture
def unpacked(given: Path) -> Path:
    """The commit's files, without git's."""
    return given / "unpacked"


@pytest.fixture
def here(
    tmp_path: Path, repository: Path, commit: str, unpacked: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A project with its profiles, as the working directory, and the commit's manifest."""
    project = tmp_path / "project"
    (project / "profiles").mkdir(parents=True)
    for name in ("demo", "photographs"):
        profile = (ROOT / "profiles" / f"{name}.yaml").read_text()
        (project / "profiles" / f"{name}.yaml").write_text(profile)
    monkeypatch.chdir(project)
    monkeypatch.setattr(photographs, "MANIFEST", tmp_path / "photographs.csv")
    monkeypatch.setattr(photographs, "ADDRESS", str(repository))
    photographs.write_manifest(commit, photographs.fingerprints(unpacked))
    return project


@pytest.fixture
def run(here: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command; returns what it says."""

    def command(*arguments: object) -> str:
        photographs.main(photographs.parse([str(argument) for argument in arguments]))
        return capsys.readouterr().out

    return command


def tree(folder: Path) -> dict[str, bytes]:
    """The bytes of every file below a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def refused(run: Run, here: Path, *arguments: object) -> str:
    """The one line with which the command ends, after which nothing is there."""
    with pytest.raises(UserError) as caught:
        run(*arguments)
    assert "\n" not in str(caught.value)
    assert not (here / "datasets/photographs").exists()
    assert not photographs.PLACE.exists()
    assert not any(place.exists() for place in photographs._unfinished())
    return str(caught.value)


def test_the_commit_comes_in_and_nothing_else(run: Run, here: Path, unpacked: Path) -> None:
    out = run()
    files = tree(unpacked)
    del files["README.md"], files["data/500_picts_satz.csv"]
    assert tree(here / "datasets/.sources") == {
        f"facial_expressions/{path}": content for path, content in files.items()
    }
    assert f"{len(files)} files of commit" in out
    # six people with each emotion, one image without a number; disgust of the first contradicts
    assert "rows: 51 = 30 imported + 21 left out" in out
    assert "contempt is not asked for 6, fear is not asked for 6" in out
    assert "neutral is not asked for 6" in out
    assert "listed twice 1, listed twice, with different labels, people or pools 2" in out
    assert "no row names it 1" in out
    assert "people: 7\n" in out
    assert "nemo" not in out.lower()
    assert "pass nothing on that" in out
    assert "make photographs-delete" in out


def test_the_dataset_is_split_by_person(run: Run, here: Path) -> None:
    run()
    dataset = here / "datasets/photographs"
    assert {path.name for path in dataset.iterdir()} == {
        "train", "deployment", "import.csv", "import.json",
    }  # fmt: skip
    people = []
    for pool in ("train", "deployment"):
        with (dataset / pool / "truth.csv").open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert {row["file"].split("/")[0] for row in rows} == set(FIVE)
        assert all((dataset / pool / row["file"]).is_file() for row in rows)
        people.append({row["subject"] for row in rows})
        assert all(
            row["subject"] == re.sub(r"_\d+$", "", Path(row["file"]).stem).lower() for row in rows
        )
    assert not people[0] & people[1]


def test_a_second_run_fetches_nothing_and_changes_nothing(
    run: Run, here: Path, repository: Path
) -> None:
    run()
    before = tree(here / "datasets")
    repository.rename(repository.with_name("away"))
    assert "is there already, and checked" in run()
    assert tree(here / "datasets") == before


@pytest.mark.parametrize("kind", ["clone", "bare", "address", "bundle", "head", "unpacked"])
def test_every_kind_of_source_gives_the_same(
    run: Run, here: Path, repository: Path, unpacked: Path, kind: str, tmp_path: Path
) -> None:
    run()
    before = tree(here / "datasets")
    run("--delete")
    source = tmp_path / "given/a source"
    if kind in ("clone", "bare"):
        bare = ["--bare"] * (kind == "bare")
        git(tmp_path, "clone", "--quiet", *bare, str(repository), str(source))
    elif kind in ("bundle", "head"):
        git(repository, "bundle", "create", str(source), "--all" if kind == "bundle" else "HEAD")
    elif kind == "unpacked":
        unpacked.rename(source)
    else:
        repository.rename(source)
    photographs.ADDRESS = "nowhere"
    run(source.as_uri() if kind == "address" else source)
    assert tree(here / "datasets") == before


def test_a_source_in_the_home_folder(
    run: Run, unpacked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(unpacked.parent))
    assert "30 imported" in run("~/unpacked")


def test_a_server_that_gives_no_bare_commit_is_asked_for_all(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.version")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "0")
    assert "30 imported" in run()


def test_the_users_settings_of_git_change_no_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text("[core]\n\tautocrlf = true\n\teol = crlf\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    assert "30 imported" in run()


def test_another_commit_is_refused(run: Run, here: Path, repository: Path, tmp_path: Path) -> None:
    other = tmp_path / "given/other"
    git(repository, "checkout", "--quiet", "--orphan", "other")
    git(repository, "commit", "--quiet", "--message=other")
    git(tmp_path, "clone", "--quiet", "--single-branch", "--branch=other",
        repository.as_uri(), str(other))  # fmt: skip
    said = refused(run, here, other)
    commit = photographs.read_manifest()[0]
    assert said.startswith(f"{other}: has no commit {commit}; without a network, bring a clone")
    assert "make photographs SOURCE=folder" in said


def test_without_a_network_one_line_says_what_to_bring(
    run: Run, here: Path, commit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photographs, "ADDRESS", "http://127.0.0.1:9/faces")
    said = refused(run, here)
    assert said.startswith("http://127.0.0.1:9/faces: fatal: ")
    assert "bring a clone of http://127.0.0.1:9/faces here, or a folder with images/ and" in said
    assert f"data/legend.csv of its commit {commit}, and run" in said
    assert "make photographs SOURCE=folder" in said


def test_sources_that_are_none(run: Run, here: Path, tmp_path: Path) -> None:
    assert refused(run, here, tmp_path / "no") == f"{tmp_path / 'no'}: no such file or folder"
    (tmp_path / "empty/images").mkdir(parents=True)
    assert "must hold images/ and data/legend.csv, or be a git repository" in refused(
        run, here, tmp_path / "empty"
    )
    (tmp_path / "x.zip").write_bytes(b"PK\3\4")
    assert refused(run, here, tmp_path / "x.zip").startswith(f"{tmp_path / 'x.zip'}: fatal: ")


def test_files_missing_changed_and_additional_are_counted_and_not_named(
    run: Run, here: Path, unpacked: Path
) -> None:
    images = unpacked / "images"
    for number in range(3):
        (images / f"Adab_Nemo_{number:04d}.jpg").unlink()
    for number in range(4):
        (images / f"Adac_Nemo_{number:04d}.jpg").write_bytes(b"x")
    (images / "other.jpg").write_bytes(b"x")
    (images / "\x1b[31m.jpg").write_bytes(b"x")
    said = refused(run, here, unpacked)
    assert said.startswith(f"{unpacked}: has not the files of commit")
    assert said.endswith(": 3 missing, 4 changed, 2 additional, of 51")


def test_a_changed_legend_is_refused(run: Run, here: Path, unpacked: Path) -> None:
    (unpacked / "data/legend.csv").write_text("user.id,image,emotion\n")
    assert refused(run, here, unpacked).endswith(": 1 changed, of 51")


def test_what_lies_there_is_not_trusted(run: Run, here: Path) -> None:
    run()
    before = tree(here / "datasets/photographs")
    image = next((photographs.PLACE / "images").iterdir())
    image.unlink()  # what a link leads to stays
    image.write_bytes(b"x")
    with pytest.raises(UserError, match=r"facial_expressions: delete it, .* 1 changed, of 51"):
        run()
    assert tree(here / "datasets/photographs") == before


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_only_regular_files_are_taken(run: Run, here: Path, unpacked: Path, kind: str) -> None:
    place = unpacked / "images/Adaa_Nemo_0003.jpg"
    place.unlink()
    if kind == "link":
        place.symlink_to("/etc/hostname")
    elif kind == "folder":
        place.mkdir()
    else:
        os.mkfifo(place)
    assert refused(run, here, unpacked) == f"{unpacked}: 1 of 51 are no regular files"


def test_a_link_in_the_repository_is_refused(run: Run, here: Path, repository: Path) -> None:
    place = repository / "images/Adaa_Nemo_0003.jpg"
    place.unlink()
    place.symlink_to("/etc/hostname")
    git(repository, "commit", "--quiet", "--all", "--message=link")
    commit, wanted = photographs.read_manifest()
    del commit
    photographs.write_manifest(git(repository, "rev-parse", "HEAD"), wanted)
    assert "1 of 51 are no regular files" in refused(run, here)


def command(
    here: Path, *arguments: str, path: Path | None = None, err: int = subprocess.PIPE
) -> subprocess.Popen[str]:
    """The command in a process of its own, with another git first on the path."""
    code = (
        "import sys; from pathlib import Path; from ferblur.commands import photographs as p\n"
        f"p.MANIFEST = Path({str(photographs.MANIFEST)!r}); p.ADDRESS = {photographs.ADDRESS!r}\n"
        "from ferblur.core.errors import one_line\n"
        "with one_line(): p.main(p.parse(sys.argv[1:]))\n"
    )
    paths = f"{path}{os.pathsep}{os.environ['PATH']}" if path else os.environ["PATH"]
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=here, env=os.environ | {"PATH": paths},
        stdout=subprocess.PIPE, stderr=err, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("verb", ["init", "fetch", "checkout"])
@pytest.mark.parametrize("half", ["before", "after"])
def test_a_killed_fetch_leaves_nothing_that_is_trusted(
    run: Run, here: Path, tmp_path: Path, verb: str, half: str
) -> None:
    real = shutil.which("git")
    fake = tmp_path / "bin/git"
    fake.parent.mkdir()
    fake.write_text(
        "#!/bin/sh\n"
        f'case " $* " in *" {verb} "*)\n'
        + (f'{real} "$@"\n' if half == "after" else "")
        + "for file in datasets/.sources/.*.new/images/*0004.jpg; do echo x > $file; done\n"
        "kill -9 $PPID; exit 1;; esac\n"
        f'exec {real} "$@"\n'
    )
    fake.chmod(0o755)
    with command(here, path=fake.parent) as killed:
        killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert not photographs.PLACE.exists()
    assert not (here / "datasets/photographs").exists()
    assert "30 imported" in run()
    assert [path.name for path in (here / "datasets/.sources").iterdir()] == ["facial_expressions"]


def test_files_that_git_cannot_write_are_not_fetched_again(
    run: Run, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "bin/git"
    fake.parent.mkdir()
    fake.write_text(
        "#!/bin/sh\n"
        'case " $* " in *" checkout "*)\n'
        "echo 'error: unable to write file images/Adaa_Nemo_0001.jpg' >&2; echo more >&2\n"
        "exit 1;; esac\n"
        f'exec {shutil.which("git")} "$@"\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(fake.parent), prepend=os.pathsep)
    with pytest.raises(UserError) as caught:
        run()
    folder, fetched = photographs._unfinished()
    assert str(caught.value) == (
        f"{folder}: error: unable to write file images/…; what was fetched is kept for the next run"
    )
    assert not folder.exists()
    assert not photographs.PLACE.exists()
    fake.unlink()
    repository.rename(repository.with_name("away"))
    assert "30 imported" in run()
    assert not fetched.exists()


def test_nothing_is_said_on_the_way_where_nobody_watches(here: Path) -> None:
    with command(here) as done:
        out, err = done.communicate()
    assert (done.returncode, err) == (0, "")
    assert "30 imported" in out


def test_a_terminal_sees_how_far_git_is(here: Path) -> None:
    terminal, end = pty.openpty()
    with command(here, err=end) as done:
        os.close(end)
        seen = b""
        with suppress(OSError):  # the end of a terminal
            while piece := os.read(terminal, 4096):
                seen += piece
        out, _ = done.communicate()
    os.close(terminal)
    assert b"objects: 100%" in seen
    assert (done.returncode, "30 imported" in out) == (0, True)


def test_a_mistake_exits_with_status_1_and_one_line(here: Path) -> None:
    with command(here, "nowhere") as done:
        out, err = done.communicate()
    assert (done.returncode, out, err) == (1, "", "nowhere: no such file or folder\n")


def test_read_only_folders(run: Run, here: Path, tmp_path: Path, unpacked: Path) -> None:
    for path in (unpacked, *unpacked.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    for folder in (here, here / ".partial"):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)
    (here / "datasets").mkdir(mode=0o555)
    with unprivileged(tmp_path), pytest.raises(PermissionError, match=r"\.sources"):
        run(unpacked)
    (here / "datasets").chmod(0o777)
    with unprivileged(tmp_path):
        assert "30 imported" in run(unpacked)
        run("--delete")
    assert list((here / "datasets").iterdir()) == []


def test_two_at_once(run: Run, here: Path) -> None:
    (here / ".partial").mkdir()
    with FileLock(here / ".partial/photographs.lock"), pytest.raises(UserError, match="under way"):
        run()


def test_delete_removes_all_and_says_what_it_does_not(run: Run, here: Path, unpacked: Path) -> None:
    run(unpacked)
    for half in ("datasets/.photographs.new", "datasets/.sources/.facial_expressions.git"):
        (here / half / "images").mkdir(parents=True)
    (here / "datasets/mine").mkdir()
    out = run("--delete")
    assert "datasets/photographs: deleted" in out
    assert "datasets/.sources/facial_expressions: deleted" in out
    assert "dvc gc --workspace" in out
    assert "data/, models/" in out
    assert [path.name for path in (here / "datasets").iterdir()] == ["mine"]
    assert unpacked.is_dir()
    assert "deleted\n" not in run("--delete")


def test_delete_leaves_a_dataset_of_another_source(run: Run, here: Path) -> None:
    run()
    origin = here / "datasets/photographs/import.json"
    origin.write_text('{"source": "/elsewhere/faces"}')
    with pytest.raises(UserError, match=r"was not imported from datasets/\.sources/.*yourself"):
        run("--delete")
    assert origin.is_file()
    assert photographs.PLACE.is_dir()


def test_other_emotions_are_those_of_the_profile(run: Run, here: Path) -> None:
    profile = here / "profiles/photographs.yaml"
    text = profile.read_text()
    assert load_params(profile).data.emotions == FIVE
    profile.write_text(text.replace("happiness, sadness", "happiness, neutral, sadness"))
    out = run()
    assert "neutral is not asked for" not in out
    assert (here / "datasets/photographs/deployment/neutral").is_dir()


def test_another_commit_can_be_pinned(run: Run, here: Path, repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    before = photographs.MANIFEST.read_text().splitlines()
    assert "51 files" in run("--pin", head)
    after = photographs.MANIFEST.read_text().splitlines()
    assert after[0] == f"commit,{head}"
    assert after[2:] == sorted(after[2:])
    assert len(set(before[2:]) ^ set(after[2:])) == 2  # the image that the commit changes
    assert "30 imported" in run()
    with pytest.raises(UserError, match="holds the files of an earlier commit; delete it first"):
        run("--pin", head)


def test_what_cannot_be_pinned(run: Run, here: Path, unpacked: Path) -> None:
    assert "is no git repository" in refused(run, here, "--pin", "0" * 40, unpacked)
    assert f"has no commit {'0' * 40}" in refused(run, here, "--pin", "0" * 40)
    with pytest.raises(UserError, match="'main': a commit's 40 hexadecimal digits"):
        run("--pin", "main")


def test_the_manifest_lists_nobody() -> None:
    commit, header, *rows = photographs.MANIFEST.read_text(encoding="ascii").splitlines()
    assert re.fullmatch(r"commit,[0-9a-f]{40}", commit)
    assert header == "path,content"
    digits = f"[0-9a-f]{{{photographs.PATH}}},[0-9a-f]{{{photographs.CONTENT}}}"
    assert all(re.fullmatch(digits, row) for row in rows)
    assert rows == sorted(rows)
    paths = {row.partition(",")[0] for row in rows}
    assert len(paths) == len(rows) == 13_719  # 13,718 images and the legend
