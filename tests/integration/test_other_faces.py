"""Committed runs shown beside one, from claims to page: on other faces, and beyond the paper.

And pages that show no face.

pytest tests/integration/test_other_faces.py
"""

import html
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import beyond_run
from ferblur.core.files import read_json, write_json
from ferblur.core.study import LEVELS, MODELS
from ferblur.evidence.other_runs import BEYOND_COPY
from ferblur.evidence.run_comparison import COMMITTED
from ferblur.pages.report import DRAWN_BEYOND

STAGES = ("claims", "figures", "paper", "report")
"""Those that show other datasets' runs, or faces."""


def run(*stages: str) -> None:
    for stage in stages:
        subprocess.run([sys.executable, "-m", f"ferblur.stages.{stage}"], check=True)


def edit(section: str, **values: object) -> None:
    path = Path("params.yaml")
    content = yaml.safe_load(path.read_text())
    content[section] |= values
    path.write_text(yaml.safe_dump(content))


def page() -> str:
    return Path("results/report.html").read_text()


@pytest.fixture
def alone(finished: Path) -> Path:
    """The smoke run, with no committed run but the rendered one's, which answers no more."""
    for folder in COMMITTED.iterdir():
        if folder.name != "synthetic":
            shutil.rmtree(folder)
    shutil.rmtree(COMMITTED / "synthetic" / BEYOND_COPY, ignore_errors=True)
    return finished


@pytest.fixture
def photographs(alone: Path) -> Path:
    """The rendered one's, as if of photographs, with verdicts and a network of its own."""
    folder = Path(shutil.copytree(COMMITTED / "synthetic", COMMITTED / "photographs"))
    judged = read_json(folder / "claims.json")
    scored = read_json(folder / "statistics/second.json")
    for name, verdict in (("direction-high", "undecided"), ("fig12-fear", "not_comparable")):
        entry = judged["claims"][name]
        reason = "no fear among the classes" if verdict == "not_comparable" else "it includes 0"
        entry |= {"verdict": verdict, "reason": reason, "wrong": [*entry["measured"]]}
    write_json(folder / "claims.json", judged)
    network: dict[str, Any] = {
        "scores": {level: scored[level] for level in LEVELS},
        "second_minus": {level: {"value": 0, "low": -0.1, "high": 0.1} for level in LEVELS},
        "left_out": [],
    }
    write_json(folder / "networks.json", {"networks": {"fer": network}})
    return folder


def test_another_run_is_shown_everywhere(photographs: Path) -> None:
    run(*STAGES)
    (other,) = read_json(Path("results/beside.json"))["others"]
    assert (other["dataset"], other["name"]) == ("photographs", "photographs")
    ours = read_json(Path("results/claims.json"))["claims"]
    assert ours["direction-high"]["beside"]["photographs"]["verdict"] == "undecided"
    assert ours["depth"]["beside"] == {}  # which depends on no dataset
    there = read_json(photographs / "claims.json")["claims"]
    differing = [
        name
        for name, entry in ours.items()
        if entry["kind"] == "findings" and entry["verdict"] != there[name]["verdict"]
    ]
    assert [each["id"] for each in other["differing"]] == differing
    text, markdown = page(), Path("results/claims.md").read_text()
    assert other["summary"] in text
    assert other["summary"] in markdown
    assert "<h3>On photographs</h3>" in text
    assert "## On photographs" in markdown
    for each in other["differing"]:
        assert each["said"].startswith("On rendered faces ")
        assert each["said"] in markdown
    assert text.count('<tr><th scope="row" rowspan="3">') == len(LEVELS)  # with fer's network
    assert "The network of the package fer" in text
    assert text.count("<img ") == 12 + 1 + 3
    assert Path("paper/figures/accuracy-beside.svg").is_file()
    assert Path("paper/main.pdf").read_bytes().startswith(b"%PDF")


def test_nothing_is_shown_where_no_other_run_is_committed(alone: Path) -> None:
    run(*STAGES)
    assert read_json(Path("results/beside.json"))["others"] == []
    assert not Path("paper/figures/accuracy-beside.svg").exists()
    for text in (page(), Path("results/claims.md").read_text()):
        assert "On other faces" not in text
        assert "On photographs" not in text
        assert "On rendered faces" not in text


def test_a_dataset_of_the_users_own_is_shown_beside_both(photographs: Path) -> None:
    Path("datasets/mine").symlink_to("synthetic")
    edit("data", root="datasets/mine")
    run(*STAGES)
    others = read_json(Path("results/beside.json"))["others"]
    assert [other["name"] for other in others] == ["photographs", "rendered faces"]
    assert all(other["summary"].startswith("On mine ") for other in others)
    heading = '<th scope="col">On photographs</th><th scope="col">On rendered faces</th>'
    assert heading in page()
    assert read_json(Path("results/agreement.json"))["line"].startswith("This run has other")


INSIDE_PDF = rb"/Subtype ?/Image"


def rasters() -> list[str]:
    """The figures that hold a picture."""
    figures = sorted(Path("paper/figures").iterdir())
    return [path.name for path in figures if "<image " in path.read_text()]


@pytest.fixture
def answered(
    alone: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The smoke run, with the answers beyond the paper of a small run among the committed."""
    folder = tmp_path_factory.mktemp("beyond")
    shutil.copyfile("params.yaml", folder / "params.yaml")
    with monkeypatch.context() as patched:
        patched.chdir(folder)
        beyond_run.make()
        run("answers")
    shutil.copytree(folder / "results/extensions", COMMITTED / "synthetic" / BEYOND_COPY)
    return alone


def test_answers_beyond_the_paper_are_shown_in_pdf_and_page(answered: Path) -> None:
    run(*STAGES)
    before, bare = page(), Path("paper/main.pdf").stat().st_size
    (found,) = read_json(Path("results/beside.json"))["beyond"]
    assert found["name"] == "rendered faces"
    for each in found["answers"]:
        assert each["answer"] in html.unescape(before)
    assert '<h2 id="beyond">Beyond the paper</h2>' in before
    assert '<a href="#beyond">' in before
    assert before.count("<img ") == 12 + len(DRAWN_BEYOND) + 3
    for name in DRAWN_BEYOND:
        assert Path(f"paper/figures/{name}.svg").is_file()
    drawn = {path.name: path.read_bytes() for path in Path("paper/figures").iterdir()}
    run("figures")
    assert {path.name: path.read_bytes() for path in Path("paper/figures").iterdir()} == drawn

    shutil.rmtree(COMMITTED / "synthetic" / BEYOND_COPY)
    run(*STAGES)
    assert read_json(Path("results/beside.json"))["beyond"] == []
    assert "Beyond the paper" not in page()
    assert Path("paper/main.pdf").stat().st_size < bare - 20_000
    assert not [path for path in Path("paper/figures").iterdir() if "beyond" in path.name]


def test_answers_of_several_datasets_are_shown_one_after_the_other(answered: Path) -> None:
    there = shutil.copytree(COMMITTED / "synthetic", COMMITTED / "photographs")
    for name, empty in (("leaked", {}), ("remedied", None)):
        path = there / BEYOND_COPY / f"{name}.json"
        content = read_json(path)[name]
        models = {model: content[model] for model in MODELS}
        write_json(path, {name: models if empty is None else empty})
    run(*STAGES)
    ours, theirs = read_json(Path("results/beside.json"))["beyond"]
    assert [ours["dataset"], theirs["dataset"]] == ["synthetic", "photographs"]
    assert (len(ours["leaked"]), len(theirs["leaked"])) == (6, 0)
    assert len(theirs["remedied"]) == len(MODELS)
    text = page()
    assert text.index("Beyond the paper, on rendered faces") < text.index(
        "Beyond the paper, on photographs"
    )
    assert text.count("<img ") == 12 + 1 + len(DRAWN_BEYOND) + 3  # once for all


def test_no_face_is_drawn_where_none_is_to_be_shown(photographs: Path) -> None:
    assert {"fig01-samples.svg", "fig06-blur-levels.svg"} <= {*rasters()}
    assert re.search(INSIDE_PDF, Path("paper/main.pdf").read_bytes())
    edit("figures", show_faces=False)
    run(*STAGES)
    assert rasters() == []
    assert len([*Path("paper/figures").iterdir()]) == 13
    assert not re.search(INSIDE_PDF, Path("paper/main.pdf").read_bytes())
    text = page()
    assert {*re.findall(r"data:([a-z]+/[a-z+]+)", text)} == {"image/svg+xml"}
    assert "Contact sheet" not in text
    assert 'href="#faces"' not in text
    assert text.count("No face of this dataset is shown.") == 2 * 2  # captions and alternatives
