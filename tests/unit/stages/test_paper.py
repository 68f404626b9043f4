"""The PDF follows the results, refuses to guess, and no number in its prose is typed."""

import re
from pathlib import Path

import pytest
import yaml

from clone import ROOT
from ferblur.core.errors import UserError
from ferblur.core.files import read_json, write_json
from ferblur.core.study import EMOTIONS
from ferblur.stages import claims, paper, statistics, tables

SOURCE = ROOT / "paper/main.typ"


def group(text: str, start: int) -> int:
    """End of the bracketed group that opens at `start`."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    depth, opening = 0, text[start]
    for place in range(start, len(text)):
        depth += (text[place] == opening) - (text[place] == pairs[opening])
        if depth == 0:
            return place + 1
    raise ValueError(text[start : start + 40])


def prose(source: str) -> str:
    """What the body of a Typst source says in words: no comments, strings, labels or code."""
    body = source[source.index("#place(") :]
    body = re.sub(r"//[^\n]*", "", body)
    body = re.sub(r'"[^"\n]*"', '""', body)
    body = re.sub(r"<[\w-]+>|@[\w-]+", "", body)
    words, place = [], 0
    while place < len(body):
        if body[place] != "#":
            words.append(body[place])
            place += 1
            continue
        place += 1
        if match := re.compile(r"if [^\[]*|set |show [^:]*: ?").match(body, place):
            place = match.end()
        while match := re.compile(r"[\w-]+|\.(?=\w)").match(body, place):
            place = match.end()
            while place < len(body) and body[place] == "(":
                place = group(body, place)
        if body[place] in "({":
            place = group(body, place)
    return "".join(words)


NAMES = r"[A-Za-z]+(-[A-Za-z]+)*\d+"
"""A digit that belongs to a name, such as Aff-Wild2 or F1."""


def typed_numbers(source: str) -> list[str]:
    return re.findall(r"[^\s]*\d[^\s]*", re.sub(NAMES, "", prose(source)))


def test_no_number_is_typed() -> None:
    source = SOURCE.read_text()
    assert len(prose(source)) > 4000
    assert typed_numbers(source) == []


def test_a_typed_number_would_be_found() -> None:
    source = SOURCE.read_text()
    for sentence in (
        "Accuracy falls to 0.22.",
        "- In #fixed(1.0) of 6 cases",
        "#text(size: 8pt)[4 %]",
    ):
        assert typed_numbers(f"{source}\n{sentence}\n"), sentence


def test_two_builds_are_identical(finished: Path) -> None:
    before = paper.PDF.read_bytes()
    assert before.startswith(b"%PDF")
    paper.main()
    assert paper.PDF.read_bytes() == before


def test_a_metric_changed_by_hand_changes_the_paper(finished: Path) -> None:
    before = paper.PDF.read_bytes()
    for seed, accuracy in ((1, 0.103456), (2, 0.143456)):
        path = Path(f"results/evaluate/baseline/{seed}/scores.json")
        scored = read_json(path)
        write_json(path, scored | {"medium": scored["medium"] | {"accuracy": accuracy}})
    for stage in (statistics, tables, claims, paper):
        stage.main()
    assert "0.123" in Path("results/claims.md").read_text()
    assert paper.PDF.read_bytes() != before


@pytest.mark.parametrize(
    ("file", "keys"),
    [
        ("results/claims.json", ("claims", "drop-baseline-low")),
        ("results/statistics/comparison.json", ("mcnemar", "medium")),
        ("results/align/counts.json", ("deployment", "aligned")),
    ],
)
def test_a_missing_key_stops_the_build_by_name(
    finished: Path, file: str, keys: tuple[str, str]
) -> None:
    content = read_json(Path(file))
    del content[keys[0]][keys[1]]
    write_json(Path(file), content)
    before = paper.PDF.read_bytes()
    with pytest.raises(UserError, match=rf'paper/main\.typ.*"{keys[1]}"'):
        paper.main()
    assert paper.PDF.read_bytes() == before


def test_every_figure_and_table_is_in_it() -> None:
    source = SOURCE.read_text()
    drawn = re.findall(r'#drawing\("([\w-]+)"', source)
    numbers = [name[3:5] for name in drawn if name.startswith("fig")]
    assert numbers == ["01", "02", "03", "04", "05", "06", "07", "08", "10", "11", "12"]
    assert source.index("<graph>") < source.index("<layers>") < source.index("<baseline-curves>")
    assert "accuracy-against-blur" in drawn
    for number in (1, 2, 3):
        assert f"<table{number}>" in source


@pytest.mark.parametrize(
    "changes",
    [
        {"data": {"emotions": ["surprise", "anger", "disgust", "fear", "happiness", "sadness"]}},
        {"data": {"emotions": [*"abcdefgh"]}},
        {"align": {"detector": "none"}},
        {"align": {"no_face": "keep"}},
    ],
)
def test_other_classes_and_whole_images_are_typeset(
    finished: Path, changes: dict[str, dict[str, object]]
) -> None:
    before = paper.PDF.read_bytes()
    content = yaml.safe_load(Path("params.yaml").read_text())
    for section, values in changes.items():
        content[section] |= values
    Path("params.yaml").write_text(yaml.safe_dump(content))
    paper.main()
    assert paper.PDF.read_bytes() != before


def test_classes_are_named_by_the_parameters_alone() -> None:
    body = prose(SOURCE.read_text())
    assert not re.search(r"\b(five|six|seven|sixth)\b", body)
    ranked = re.search(r"It ranks.*?good \(", body, re.DOTALL)  # what the study says of its own
    assert ranked
    rest = body.replace(ranked[0], "").replace("of disgust", "")
    assert not re.findall(rf"\b({'|'.join(EMOTIONS)})\b", rest)
