"""The documents: their numbers are the committed run's, their links and commands exist.

pytest tests/unit/test_documents.py
"""

import csv
import json
import re
from pathlib import Path
from statistics import fmean

import pytest

from clone import ROOT, committed
from ferblur.core.params import Synthesize, load_params
from ferblur.core.study import LEVELS, MODELS, TASKS
from ferblur.evidence.verdicts import paper_value, read_claims
from ferblur.rendering import clips, expression

README = (ROOT / "README.md").read_text()
DATASHEET = (ROOT / "docs/datasheet.md").read_text()

DOCUMENTS = sorted(
    path
    for folder in (
        ".",
        "docs",
        "datasets",
        "tests",
        "weights/deepface",
        "weights/fer",
        "weights/none",
    )
    for path in (ROOT / folder).glob("*.md")
)


PHOTOGRAPHS = "paper/committed/photographs"


def test_readme_has_table_3_and_the_papers() -> None:
    claims = read_claims(ROOT / "paper/claims.yaml")
    rows = csv.DictReader(committed("paper/tables/table3.csv").decode().splitlines())
    there = {
        model: json.loads(committed(f"{PHOTOGRAPHS}/statistics/{model}.json")) for model in MODELS
    }

    def cells(row: dict[str, str], model: str) -> list[str]:
        published = paper_value(claims, f"statistics.{model}.{row['level']}.accuracy")
        scores = [row[f"{model}_accuracy"]]
        scores.append(there[model][row["level"]]["accuracy"]["value"])
        paper = "-" if published is None else f"{published:.2f}"
        return [paper, *(f"{float(score):.3f}" for score in scores)]

    def name(row: dict[str, str]) -> str:
        left = row["half_contrast"]
        unit = f", {float(left):.1f} cycles/face" if left else ""
        return f"{row['level'].replace('_', ' ')} ({float(row['radius']):g} px{unit})"

    expected = {name(row): [*cells(row, "baseline"), *cells(row, "second")] for row in rows}
    table = re.findall(r"^\| (\w[\w ]* \(\d+ px.*?\)) \| (.+) \|$", README, re.MULTILINE)
    assert {level: scores.split(" | ") for level, scores in table} == expected
    columns = "paper | rendered | photographs"
    assert f"| baseline: {columns} | second model: {columns} |" in README


def test_readme_says_what_holds_on_photographs() -> None:
    beside = json.loads(committed("results/beside.json"))["others"]
    (other,) = (found for found in beside if found["dataset"] == "photographs")
    text = " ".join(README.split())
    for said in (other["summary"], *other["networks"]):
        assert said in text


def test_readme_answers_beyond_the_paper_as_the_run_does() -> None:
    _, _, after = README.partition("\n## Beyond the paper\n")
    section = " ".join(after.partition("\n## ")[0].split())
    parts = re.split(r" (?:On photographs|A kind)", section)
    for part, least, path in zip(
        parts, (6, 2), ("results", "paper/committed/photographs"), strict=False
    ):
        answers = json.loads(committed(f"{path}/extensions/answers.json"))["answers"]
        said = re.findall(r"- \*\*(.+?\?)\*\* (.+?\.)(?= - \*\*|$)", part)
        assert len(said) >= least
        assert {*said} <= {(each["question"], each["answer"]) for each in answers}


def test_readme_has_the_scores_of_table_2() -> None:
    (row,) = csv.DictReader(committed("paper/tables/table2.csv").decode().splitlines())
    here = " and ".join(f"{float(row[f'{model}_accuracy']):.3f}" for model in MODELS)
    assert f"On their own test sets the models score {here} (0.983 and 0.98)" in " ".join(
        README.split()
    )


def test_readme_has_the_counts_of_verdicts() -> None:
    judged = json.loads(committed("results/claims.json"))
    text = " ".join(README.split())
    assert f"**{judged['headline']}**" in text
    assert judged["apart"] in text


def test_readme_lists_every_module_and_nothing_else() -> None:
    tree = README[README.index("\nsrc/ferblur/") : README.index("\ntests/ ")]
    room, listed = "", set()
    for line in tree.splitlines():
        if found := re.match(r"  (\w+)/ ", line):
            room = found[1]
            listed.add(room)
        elif found := re.match(r"    (\w+\.py) +\S", line):
            listed.add(f"{room}/{found[1]}")
    package = ROOT / "src/ferblur"
    modules = {
        path.relative_to(package)
        for path in package.rglob("*.py")
        if path.name != "__init__.py" and path.parent.name != "stages"
    }
    rooms = {path.parent.name for path in package.rglob("*.py")} - {"ferblur"}
    assert listed == {str(path) for path in modules} | rooms


def table(text: str, heading: str) -> list[list[str]]:
    """Cells of the rows of the table with this heading in its first column."""
    _, rows = text.split(f"\n| {heading} |", 1)
    return [
        [cell.strip() for cell in row.strip("|").split("|")]
        for row in rows.split("\n\n", 1)[0].splitlines()[2:]
    ]


def test_datasheet_has_a_reason_for_every_parameter_of_synthesize() -> None:
    rows = table(DATASHEET, "parameter")
    named = [name for names, *_ in rows for name in re.findall(r"`(\w+)`", names)]
    assert sorted(named) == sorted(Synthesize.model_fields)
    assert all(what and why for _, what, why in rows)
    reasons = " ".join(why for *_, why in rows)
    cited = re.findall(r"([A-Z][a-z]+)(?:, [A-Z]\w+)*(?:,? and [A-Z]\w+| et al\.) (\d{4})", reasons)
    works = DATASHEET[DATASHEET.index("\nThe works named") :]
    listed = re.findall(r"^- ([A-Z]\w+)[^:]* (\d{4}): ", works, re.MULTILINE)
    assert sorted(set(cited)) == listed


def test_datasheet_names_every_column_of_truth() -> None:
    params = load_params(ROOT / "profiles/smoke.yaml").synthesize
    columns = set(clips.truth(params, clips.plan(params, "train")[:1]))
    cells = " ".join(names for names, _ in table(DATASHEET, "columns"))
    named = set(re.findall(r"`(\w+)`", cells))
    assert named == columns - set(expression.ACTIONS)


def test_datasheet_has_the_scores_of_every_structure() -> None:
    measured = json.loads((ROOT / "benchmarks/structure.json").read_text())["baseline"]
    assert {name: cells for name, *cells in table(DATASHEET, "training pool")} == {
        name: [
            *(f"{found[count]:,}" for count in ("people", "clips", "frames", "images")),
            *(f"{found['accuracy'][task]:.3f}" for task in TASKS),
        ]
        for name, found in measured.items()
    }


def test_training_has_what_rendered_faces_to_start_from_are_worth() -> None:
    measured = json.loads((ROOT / "benchmarks/renders.json").read_text())["starts"]
    run = json.loads(committed("paper/committed/photographs/run.json"))
    all_of_them = {
        "faces": json.loads(committed("results/pretrain.json"))["train"],
        **{
            model: {
                level: [scores[level]["accuracy"] for scores in trainings.values()]
                for level in LEVELS
            }
            for model, trainings in run["scores"].items()
        },
    }
    rows = table((ROOT / "docs/training.md").read_text(), "start")
    assert [[faces, model, *cells] for _, faces, _, model, *cells in rows] == [
        [
            f"{start.get('faces', 0):,}", model,
            *(f"{fmean(start[model][level]):.3f}" for level in LEVELS),
        ]
        for start in (*measured.values(), all_of_them)
        for model in MODELS
    ]  # fmt: skip


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_and_links_exist(path: Path) -> None:
    text = path.read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = re.findall(r"```.*?```|`[^`]+`|^ {4}[^ -|].*$", text, re.DOTALL | re.MULTILINE)
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", "\n".join(code))) <= targets
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        assert link.startswith("https://") or (path.parent / link).exists(), link
    for module in re.findall(r"python -m (ferblur[\w.]*)", text):
        assert (ROOT / "src" / f"{module.replace('.', '/')}.py").is_file(), module
    files = r"`((?:src|tests|docs|paper|benchmarks|docker)/[\w./-]+\.\w+)`"
    for file in re.findall(files + r"(?!:\n\n```)", text):  # those that it shows how to write
        assert (ROOT / file).exists(), file
