"""One wording of claims and scores, for Markdown, PDF and page."""

from typing import Any

import pytest

from face_tables import FIVE, SEVEN
from ferblur.core.study import EMOTIONS
from ferblur.pages import wording


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "place": "V", "claim": "It falls", "paper": 0.5, "derived": False, "relation": "> 0",
        "measured": {"differences.drop.baseline.low": {"value": 0.12345, "low": 0.1, "high": 0.15}},
        "kind": "findings", "verdict": "reproduced", "reason": "", "note": "", "trainings": None,
    } | changes  # fmt: skip


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (54768, "54,768"),
        (0.98765, "0.988"),
        (-0.5, "−0.5"),
        (-0.000074, "0"),
        (None, ""),
        (True, "yes"),
        (["anger", 2], "anger, 2"),
        ({"value": 0.5, "low": 0.25, "high": 0.75}, "0.500 [0.250, 0.750]"),
        ({"value": -0.0004, "low": -0.2, "high": 0.1}, "0.000 [−0.200, 0.100]"),
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
    assert wording.measured(facts) == "fear.value 0.1; anger.value 0.2"


def layer(kind: str, **columns: int) -> dict[str, Any]:
    return {"type": kind, "height": 28, "width": 28, "channels": 256} | columns


@pytest.mark.parametrize(
    ("paper", "row", "words"),
    [
        (layer("linear"), layer("linear", depth=1), ("28×28×256", "28×28×256")),
        (layer("linear", parameters=159_000), layer("linear", parameters=159_004),
         ("28×28×256", "28×28×256")),
        (layer("linear", parameters=159_000, depth=2), layer("linear", parameters=155_872, depth=2),
         ("parameters 159K", "parameters 155.9K")),
        (layer("linear", window=3, stride=2), layer("linear", window=2, stride=2),
         ("window 3×3/2", "window 2×2/2")),
        (layer("softmax", depth=0), {"type": "none"}, ("softmax", "none")),
    ],
)  # fmt: skip
def test_a_row_of_fig_9_shows_what_differs(
    paper: dict[str, Any], row: dict[str, Any], words: tuple[str, str]
) -> None:
    found = wording.claim_words(entry(paper=paper, measured={"layers.x": row}))
    prefix = "linear, " if words[0] == words[1] else ""
    assert (found["paper"], found["measured"]) == (prefix + words[0], prefix + words[1])


def test_fig_9_has_both_numbers_where_they_differ() -> None:
    paper = layer("inception", depth=2, parameters=159_000) | {"5x5": 32}
    built = layer("inception", depth=2, parameters=155_872, window=3, stride=1) | {"5x5": 32}
    claims: dict[str, Any] = {
        "third-branch": {"paper": 5},
        "fig9-inception3a": entry(paper=paper, verdict="reproduced"),
        "fig9-softmax": entry(paper=layer("softmax", depth=0), verdict="contradicted"),
        "fig9-conv2-conv3": entry(paper=layer("convolution")),
    }
    words = wording.layer_words("inception3a", built, claims)
    assert list(words) == list(wording.LAYER_COLUMNS)
    assert {key: cell for key, cell in words.items() if cell} == {
        "layer": "inception3a", "window": "3×3 (5×5)", "output": "28×28×256", "depth": "2",
        "5x5": "32", "parameters": "155.9K (159K)", "verdict": "reproduced with 5×5",
    }  # fmt: skip
    claims["fig9-inception3a"] |= {"verdict": "contradicted", "reason": "why"}
    words = wording.layer_words("inception3a", built, claims)
    assert words["verdict"] == "contradicted, even with 5×5: why"
    words = wording.layer_words("softmax", {"type": "none"}, claims)
    assert (words["layer"], words["output"]) == ("none (softmax)", "(28×28×256)")
    words = wording.layer_words("conv2, conv3", layer("convolution", window=3, stride=1), claims)
    assert (words["window"], words["verdict"]) == ("3×3/1", "reproduced")  # Fig. 9 has no window


COUNTS = {
    "findings": {"reproduced": 24, "contradicted": 5, "undecided": 6, "not_comparable": 32},
    "protocol": {"reproduced": 23, "contradicted": 1, "not_comparable": 30},
    "architecture": {"reproduced": 17, "contradicted": 7, "not_comparable": 0},
    "other": {"not_comparable": 13, "cited": 18},
}


def test_the_headline_counts_findings_alone() -> None:
    assert wording.headline(COUNTS) == (
        "Of the 35 findings that can be judged on these faces, this run reproduces 24, "
        "contradicts 5 and leaves 6 undecided."
    )
    assert wording.apart(COUNTS, EMOTIONS) == (
        "Apart from the findings, 23 of 24 statements on the protocol hold, "
        "and 17 of 24 on the architecture."
    )
    none = COUNTS | {"findings": {"reproduced": 0, "not_comparable": 67}}
    expected = "None of the paper's 67 findings can be judged on these faces."
    assert wording.headline(none) == expected


def test_other_runs_have_columns_where_the_dataset_matters() -> None:
    others = [
        {"dataset": "paper", "name": "paper"},
        {"dataset": "synthetic", "name": "rendered faces"},
    ]
    columns = wording.claim_columns("findings", others)
    assert [*columns][-3:] == ["on paper", "on synthetic", "why"]
    assert columns["on synthetic"] == "On rendered faces"
    assert wording.claim_columns("architecture", others) == wording.CLAIM_COLUMNS
    assert wording.claim_columns("protocol", []) == wording.CLAIM_COLUMNS
    found = entry(beside={"paper": {"said": "undecided"}}, paper=0.5)
    found |= {"words": wording.claim_words(found)}
    cells = [wording.claim_cell(found, column) for column in columns]
    assert cells[2] == "0.5"
    assert cells[-3:] == ["undecided", "", ""]


@pytest.mark.parametrize(
    ("emotions", "words"),
    [
        (FIVE, "this run 5, without fear: guessing is right in 0.2 of the cases here, in 0.167 "),
        (SEVEN, "this run 7, with neutral: guessing is right in 0.143 of the cases here, in 0.167"),
    ],
)
def test_other_classes_are_said(emotions: tuple[str, ...], words: str) -> None:
    said = wording.apart(COUNTS, emotions)
    assert said.startswith(wording.apart(COUNTS, EMOTIONS) + " The study has 6 classes, ")
    assert words in said
    assert wording.apart(COUNTS, EMOTIONS[::-1]) == wording.apart(COUNTS, EMOTIONS)
