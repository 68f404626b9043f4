"""One wording of claims and scores, for Markdown, PDF and page."""

import re
from typing import Any

import pytest

from ferblur.evidence.verdicts import VERDICTS
from ferblur.pages import wording


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "place": "V", "claim": "It falls", "paper": 0.5, "derived": False, "relation": "> 0",
        "measured": {"differences.drop.baseline.low": {"value": 0.12345, "low": 0.1, "high": 0.15}},
        "verdict": "reproduced", "reason": "", "note": "", "trainings": None,
    } | changes  # fmt: skip


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (54768, "54,768"),
        (0.98765, "0.988"),
        (-0.5, "−0.5"),
        (None, ""),
        (True, "yes"),
        (["anger", 2], "anger, 2"),
        ({"value": 0.5, "low": 0.25, "high": 0.75}, "0.500 [0.250, 0.750]"),
        ({"type": "linear", "depth": 1, "size": 10_250}, "linear, depth 1, size 10.25K"),
    ],
)  # fmt: skip
def test_values(value: Any, words: str) -> None:
    assert wording.shown(value) == words


def test_a_claim_has_a_word_for_each_heading() -> None:
    words = wording.claim_words(entry(derived=True, trainings={"held": 5, "of": 6}, note="N"))
    assert list(words) == list(wording.CLAIM_COLUMNS)
    assert words["paper"] == "0.5"
    assert words["measured"] == "0.123 [0.100, 0.150]"
    assert (words["trainings"], words["why"]) == (
        "5 of 6",
        "the paper's value follows from its tables; N",
    )


def test_several_facts_are_told_apart() -> None:
    facts = {"recall.second.fear.value": 0.1, "recall.second.anger.value": 0.2}
    assert wording.measured(entry(measured=facts)) == "fear.value 0.1; anger.value 0.2"


def test_a_row_of_fig_9_shows_the_columns_that_the_paper_has() -> None:
    row = {"type": "convolution", "depth": 2, "window": 3, "operations": 360_000_000}
    words = wording.measured(entry(paper={"type": "convolution", "depth": 2},
                                   measured={"layers.conv1": row}))  # fmt: skip
    assert words == "convolution, depth 2"


def test_the_page_has_every_claim_and_score_once() -> None:
    judged: dict[str, Any] = {
        name: (found := entry(verdict=name, claim="a | b")) | {"words": wording.claim_words(found)}
        for name in VERDICTS
    }
    cell = {"model": "second", "task": "very_high", "score": "f1", "run": 0.5, "committed": 0.25,
            "tolerance": 0.01}  # fmt: skip
    kinds = {"findings": dict.fromkeys(wording.KIND_COLUMNS, 3)}
    page = wording.claims_page(judged, kinds, {"line": "The same.", "cells": [cell]})
    for name, text in VERDICTS.items():
        assert page.count(f"(`{name}`)") == 1
        assert f"- 1 {text}" in page
    assert "| second | very high | f1 | 0.5000 | 0.2500 | 0.2500 | 0.0100 |" in page
    assert "| findings | 3 | 3 | 3 | 3 |" in page
    for line in page.splitlines():
        if "(`" in line and line.startswith("|"):
            assert len(re.split(r"(?<!\\)\|", line)) == len(wording.CLAIM_COLUMNS) + 2
