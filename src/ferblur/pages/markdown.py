"""results/claims.md: the claims with their verdicts, as Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ferblur.evidence.verdicts import VERDICTS
from ferblur.pages.wording import (
    ABOUT,
    LAYER_COLUMNS,
    LEGEND,
    SCORE_COLUMNS,
    claim_cell,
    claim_columns,
    score_words,
    sections,
)


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Lines of a Markdown table."""
    names = list(headings)
    lines = [names, ["---"] * len(names), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]


def _claims(judged: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> list[str]:
    """A table for each kind and verdict, and Fig. 9."""
    lines = []
    for kind, by_verdict in sections(judged["claims"]).items():
        columns = claim_columns(kind, others)
        lines += ["", f"## {ABOUT[kind]}"]
        for name, entries in by_verdict.items():
            rows = []
            for key, entry in entries.items():
                named = {"claim": f"{entry['claim']} (`{key}`)"}
                rows.append([named.get(name, claim_cell(entry, name)) for name in columns])
            lines += ["", f"### {len(rows)} {VERDICTS[name]}", "", *_table(columns.values(), rows)]
        if kind == "architecture":
            lines += [
                "",
                "### Fig. 9 as torchvision has it, with the paper's value in brackets",
                "",
            ]
            lines += _table(LAYER_COLUMNS.values(), [row.values() for row in judged["layers"]])
    return lines


def _beside(other: Mapping[str, Any], columns: Mapping[str, str]) -> list[str]:
    """Another dataset's committed run: what it is, its scores, the findings that differ."""
    lines = ["", f"## On {other['name']}", "", other["summary"], "", other["about"], ""]
    rows = [
        [{"level": "" if place else each["level"], **row}[name] for name in columns]
        for each in other["levels"]
        for place, row in enumerate(each["rows"])
    ]
    lines += _table(columns.values(), rows)
    lines += ["", other["own"], *(f"\n{said}" for said in other["networks"])]
    if other["differing"]:
        count = f"{len(other['differing'])} findings with another verdict on {other['name']}"
        lines += ["", f"### {count}", ""]
        lines += [
            f"- {each['place']}: {each['claim']} (`{each['id']}`). {each['said']}"
            for each in other["differing"]
        ]
    return lines


def claims_page(
    judged: Mapping[str, Any],
    beside: Mapping[str, Any],
    agreement: Mapping[str, Any] | None = None,
) -> str:
    """The claims, Fig. 9, other datasets' runs, and the comparison with the committed run.

    `judged`, `beside` and `agreement` are what the stage `claims` writes as JSON.
    """
    others = beside["others"]
    lines = ["# The paper's claims, judged by this run", ""]
    lines += [f"**{judged['headline']}** {judged['apart']}", ""]
    for other in others:
        lines += [other["summary"], ""]
    if agreement:
        lines += [agreement["line"], ""]
    counts = [
        [ABOUT[kind], *(str(numbers.get(name, "")) for name in VERDICTS)]
        for kind, numbers in judged["counts"].items()
    ]
    lines += _table(["", *(text.capitalize() for text in VERDICTS.values())], counts)
    lines += ["", LEGEND, *_claims(judged, others)]
    for other in others:
        lines += _beside(other, beside["columns"])
    if agreement:
        scores = [score_words(cell) for cell in agreement["cells"]]
        rows = [[words[name] for name in SCORE_COLUMNS] for words in scores]
        lines += ["", "## This run beside the committed run", "", agreement["line"], ""]
        lines += _table(SCORE_COLUMNS.values(), rows)
    return "\n".join(lines) + "\n"
