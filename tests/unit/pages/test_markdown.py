"""results/claims.md has every claim and score once, and other datasets' runs.

pytest tests/unit/pages/test_markdown.py
"""

import re
from typing import Any

from ferblur.evidence.verdicts import KINDS, VERDICTS
from ferblur.pages import wording
from ferblur.pages.beside import SCORES_COLUMNS
from ferblur.pages.markdown import claims_page

COUNTS = {
    "findings": {"reproduced": 24, "contradicted": 5, "undecided": 6, "not_comparable": 32},
    "protocol": {"reproduced": 23, "contradicted": 1, "not_comparable": 30},
    "architecture": {"reproduced": 17, "contradicted": 7, "not_comparable": 0},
    "other": {"not_comparable": 13, "cited": 18},
}
NOTHING: dict[str, Any] = {"columns": SCORES_COLUMNS, "others": []}
CELL = {"model": "second", "task": "very_high", "score": "f1", "run": 0.5, "committed": 0.25,
        "tolerance": 0.01}  # fmt: skip
AGREEMENT = {"line": "The same.", "cells": [CELL]}


def judged(**beside: dict[str, str]) -> dict[str, Any]:
    """A claim of each kind with each verdict it can have."""
    claims = {}
    for kind, possible in KINDS.items():
        for name in possible:
            entry = {
                "place": "V", "claim": "a | b", "paper": 0.5, "derived": False, "relation": "> 0",
                "measured": {"x.low": {"value": 0.12345, "low": 0.1, "high": 0.15}}, "kind": kind,
                "verdict": name, "reason": "", "note": "", "trainings": None, "beside": beside,
            }  # fmt: skip
            claims[f"{kind}-{name}"] = entry | {"words": wording.claim_words(entry)}
    row = dict.fromkeys(wording.LAYER_COLUMNS, "x")
    return {"headline": "H.", "apart": "A.", "counts": COUNTS, "layers": [row], "claims": claims}


def rows(page: str) -> list[list[str]]:
    """The cells of every line of a table."""
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in page.splitlines()
        if line.startswith("|")
    ]


def test_the_page_has_every_claim_and_score_once() -> None:
    page = claims_page(judged(), NOTHING, AGREEMENT)
    for kind, possible in KINDS.items():
        place = page.index(f"\n## {wording.ABOUT[kind]}")
        for name in possible:
            assert page.count(f"(`{kind}-{name}`)") == 1
            place = page.index(f"\n### 1 {VERDICTS[name]}", place)
            assert page.index(f"(`{kind}-{name}`)") > place
    assert page.index("**H.** A.") < page.index("The same.") < page.index("| 24 | 5 | 6 | 32 |  |")
    assert "| second | very high | f1 | 0.5000 | 0.2500 | 0.2500 | 0.0100 |" in page
    assert "| " + " | ".join("x" * len(wording.LAYER_COLUMNS)) + " |" in page
    claims = [cells for cells in rows(page) if "(`" in "".join(cells)]
    assert {len(cells) for cells in claims} == {len(wording.CLAIM_COLUMNS)}
    assert "## On" not in page


def test_a_run_alone_has_no_comparison() -> None:
    page = claims_page(judged(), NOTHING)
    assert "committed run" not in page
    assert page.startswith("# The paper's claims, judged by this run\n\n**H.** A.\n\n|")


def test_another_run_has_its_columns_and_its_section() -> None:
    row = dict.fromkeys(SCORES_COLUMNS, "s")
    del row["level"]
    other = {
        "dataset": "photographs",
        "name": "photographs",
        "summary": "Nine of ten.",
        "about": "About.",
        "own": "Own.",
        "networks": ["Network."],
        "levels": [{"level": "low", "rows": [row, row]}],
        "differing": [
            {"id": "findings-undecided", "place": "V", "claim": "It", "said": "Here so."}
        ],
    }
    said = {"verdict": "undecided", "measured": "", "said": "undecided: 0.1"}
    beside = {"columns": SCORES_COLUMNS, "others": [other]}
    page = claims_page(judged(photographs=said), beside, AGREEMENT)
    widths = {
        cells[1].partition("(`")[2].partition("-")[0]: len(cells)
        for cells in rows(page)
        if "(`" in cells[1]
    }
    plain = len(wording.CLAIM_COLUMNS)
    assert widths == {"findings": plain + 1, "protocol": plain + 1, "architecture": plain,
                      "other": plain}  # fmt: skip
    assert page.count("| undecided: 0.1 |") == len(KINDS["findings"]) + len(KINDS["protocol"])
    assert page.count("Nine of ten.") == 2  # at the top, and in its section
    section = page[page.index("\n## On photographs\n") :]
    order = [
        "About.", "| low | s", "|  | s", "Own.", "Network.",
        "### 1 findings with another verdict on photographs",
        "- V: It (`findings-undecided`). Here so.", "## This run beside the committed run",
    ]  # fmt: skip
    assert sorted(order, key=section.index) == order


def test_runs_that_agree_have_no_list_of_differences() -> None:
    other = {"dataset": "mine", "name": "mine", "summary": "S.", "about": "A.", "own": "O.",
             "networks": [], "levels": [], "differing": []}  # fmt: skip
    page = claims_page(judged(), {"columns": SCORES_COLUMNS, "others": [other]})
    assert "## On mine" in page
    assert "another verdict" not in page
