"""The documents: their numbers are the committed run's, their links and commands exist.

pytest tests/unit/test_documents.py
"""

import csv
import json
import re
from pathlib import Path

import pytest

from clone import ROOT, committed
from ferblur.core.study import MODELS
from ferblur.evidence.verdicts import paper_value, read_claims

README = (ROOT / "README.md").read_text()

DOCUMENTS = sorted(
    path
    for folder in (".", "docs", "datasets", "tests", "weights/none")
    for path in (ROOT / folder).glob("*.md")
)


def test_readme_has_table_3_and_the_papers() -> None:
    claims = read_claims(ROOT / "paper/claims.yaml")
    rows = csv.DictReader(committed("paper/tables/table3.csv").decode().splitlines())

    def cell(row: dict[str, str], model: str) -> str:
        published = paper_value(claims, f"statistics.{model}.{row['level']}.accuracy")
        there = "-" if published is None else f"{published:.2f}"
        return f"{float(row[f'{model}_accuracy']):.3f} ({there})"

    expected = {
        f"{row['level'].replace('_', ' ')} ({float(row['radius']):g} px)": [
            cell(row, model) for model in MODELS
        ]
        for row in rows
    }
    table = re.findall(r"^\| (\w[\w ]* \(\d+ px\)) \| (.+) \| (.+) \|$", README, re.MULTILINE)
    assert {level: scores for level, *scores in table} == expected


def test_readme_has_the_counts_of_verdicts() -> None:
    judged = json.loads(committed("results/claims.json"))
    found, counts = judged["kinds"]["findings"], judged["counts"]
    text = " ".join(README.split())
    failed = found["not_reproduced"]
    assert (
        f"{found['reproduced']} of the {found['reproduced'] + failed} findings that can be judged"
        f" on these faces are reproduced**; {found['undecided']} of the other {failed} are" in text
    )
    assert (
        f"{counts['reproduced']} are reproduced, {counts['not_reproduced']} are not, "
        f"{counts['not_comparable']} are not comparable on this dataset, and {counts['cited']} are"
        in text
    )


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
    for file in re.findall(r"`((?:src|tests|docs|paper|benchmarks|docker)/[\w./-]+\.\w+)`", text):
        assert (ROOT / file).exists(), file
