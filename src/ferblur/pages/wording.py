"""Claims and scores in words: one wording for results/claims.md, the PDF and the page."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ferblur.core.study import EMOTIONS
from ferblur.evidence.verdicts import (
    JUDGEMENTS,
    KINDS,
    VERDICTS,
    Kind,
    Verdict,
    brief,
    other_classes,
    tail,
)

CLAIM_COLUMNS = {
    "place": "Place",
    "claim": "Claim",
    "paper": "Paper",
    "criterion": "Criterion",
    "measured": "Measured",
    "trainings": "Trainings",
    "why": "Why",
}
"""What a reader is told about a claim, in order, and the headings."""

DATASET_KINDS: tuple[Kind, ...] = ("findings", "protocol")
"""What claims are about that depends on the dataset, and is shown for other runs too."""

SCORE_COLUMNS = {
    "model": "Model",
    "task": "Faces",
    "score": "Score",
    "run": "This run",
    "committed": "Committed",
    "distance": "Distance",
    "tolerance": "Tolerance",
}
"""The same for a score of this run beside the committed one's."""

LAYER_COLUMNS = {
    "layer": "Layer",
    "window": "Window",
    "output": "Output",
    "depth": "Depth",
    "1x1": "1×1",
    "3x3 reduce": "3×3 red.",
    "3x3": "3×3",
    "5x5 reduce": "5×5 red.",
    "5x5": "5×5",
    "pool projection": "Pool proj.",
    "parameters": "Param.",
    "operations": "Op.",
    "verdict": "Verdict",
}
"""The same for a layer of Fig. 9."""

ABOUT = {
    "findings": "Findings: what the paper says of its scores",
    "protocol": "Protocol: data and settings",
    "architecture": "Architecture: the network",
    "other": "Others: advice, judgements, durations, and what the paper cites",
}
"""What claims of each kind are about."""

LEGEND = (
    "A claim is reproduced where its criterion holds for the whole interval, or where the value "
    "lies within its tolerance, whatever its interval. It is contradicted where the whole "
    "interval lies on the other side of the bound, or the value outside its tolerance; it is "
    "undecided where the interval includes the bound. A claim about several values is "
    "reproduced where all of them meet the criterion, and contradicted where one of them "
    "contradicts it. Numbers of the study's own dataset, and settings that this run changed, "
    "are not comparable. “Trainings” says in how many of this run's trainings the value, "
    "without its interval, meets the criterion."
)
"""How verdicts are to be read."""


class Way(NamedTuple):
    """A way to recognise blurred faces, as its key among the answers beyond the paper says it."""

    what: str
    """A model, a variant of one, or a way to undo blur before the baseline is asked."""
    adapted: bool
    """Whether its batch normalisation is adapted to blur."""
    source: str
    """Where the radius that is undone or adapted to comes from, such as `true radius`, or empty."""
    sharp: str
    """Of a route, the model that is asked where no blur is seen; else empty."""


def way(key: str) -> Way:
    """Take a key apart: `mixture adapted, true radius`, or `route from baseline to mixture`."""
    sharp, _, blurred = key.removeprefix("route from ").rpartition(" to ")
    what, _, source = blurred.partition(", ")
    model, adapted, _ = what.partition(" adapted")
    return Way(model, bool(adapted), source, sharp)


def headline(counts: Mapping[str, Mapping[str, int]]) -> str:
    """The verdicts on the findings, which alone answer whether the study is reproduced."""
    found = counts["findings"]
    if not (judged := _judged(found)):
        return f"None of the paper's {sum(found.values())} findings can be judged on these faces."
    return (
        f"Of the {judged} findings that can be judged on these faces, this run reproduces "
        f"{found['reproduced']}, contradicts {found['contradicted']} and leaves "
        f"{found['undecided']} undecided."
    )


def apart(counts: Mapping[str, Mapping[str, int]], emotions: Sequence[str]) -> str:
    """The verdicts on protocol and architecture, which are not findings.

    Where this run's classes, `emotions`, are not the study's, what follows from that.
    """
    protocol, architecture = (
        f"{counts[kind]['reproduced']} of {_judged(counts[kind])}"
        for kind in ("protocol", "architecture")
    )
    return (
        f"Apart from the findings, {protocol} statements on the protocol hold, "
        f"and {architecture} on the architecture.{_classes(emotions)}"
    )


def _classes(emotions: Sequence[str]) -> str:
    if {*emotions} == {*EMOTIONS}:
        return ""
    here, there = (shown(1 / len(names)) for names in (emotions, EMOTIONS))
    return (
        f" The study has {len(EMOTIONS)} classes, this run {len(emotions)}, "
        f"{other_classes(emotions)}: guessing is right in {here} of the cases here, in {there} "
        "there. What the study says of all its classes, and of guessing, is judged by this run's."
    )


def _judged(found: Mapping[str, int]) -> int:
    return sum(number for name, number in found.items() if name in JUDGEMENTS)


def shown(value: Any) -> str:
    """A value for readers: three significant digits, or three decimals where it has an interval."""
    if isinstance(value, dict):
        # adding 0 takes the sign from a zero
        value, low, high = (f"{round(value[end], 3) + 0:.3f}" for end in ("value", "low", "high"))
        return f"{value} [{low}, {high}]".replace("-", "−")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value)
    if isinstance(value, float):
        value = value if abs(value) >= 0.001 else round(value, 3) + 0
        return f"{value:.3g}".replace("-", "−")
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)


def measured(facts: Mapping[str, Any]) -> str:
    """Facts by their keys; several are told apart by the end of their keys."""
    if len(facts) == 1:
        return shown(*facts.values())
    known = {key: value for key, value in facts.items() if value is not None}
    return "; ".join(f"{tail(key)} {shown(value)}" for key, value in known.items())


def _cell(row: Mapping[str, Any], column: str) -> str:
    """A cell of Fig. 9 as it prints it; empty where it prints nothing."""
    value = row.get(column, 0)
    if column == "output":
        sides = [row.get(name, 0) for name in ("height", "width", "channels")]
        return "×".join(f"{side}" for side in sides) if all(sides) else ""
    if column == "window" and value:
        return f"{value}×{value}" + (f"/{row['stride']}" if "stride" in row else "")
    if column == "depth":
        return str(row["depth"]) if "depth" in row else ""
    return value if isinstance(value, str) else brief(value) if value else ""


def _rows(paper: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[str, str]:
    """The paper's row of Fig. 9 and ours, by the columns that differ, else by type and output."""
    if paper["type"] != row["type"]:
        return paper["type"], row["type"]
    columns = [name for name in LAYER_COLUMNS if _cell(paper, name)]
    differing = [name for name in columns if _cell(paper, name) != _cell(row, name)]

    def words(each: Mapping[str, Any]) -> str:
        if not differing:
            return f"{each['type']}, {_cell(each, 'output')}"
        return ", ".join(f"{name} {_cell(each, name)}" for name in differing)

    return words(paper), words(row)


def layer_words(name: str, row: Mapping[str, Any], claims: Mapping[str, Any]) -> dict[str, str]:
    """A layer of Fig. 9 with the keys of LAYER_COLUMNS, the paper's value in brackets if another.

    `claims` are the judged claims, by their ids.
    """
    entry = claims[f"fig9-{name.replace(', ', '-')}"]
    paper, ours = dict(entry["paper"]), dict(row)
    if row["type"] == "inception":  # Fig. 9 prints no window but in the heading of the branch
        paper["window"] = claims["third-branch"]["paper"]
        del ours["stride"]

    def both(column: str) -> str:
        here, there = _cell(ours, column), _cell(paper, column)
        return f"{here} ({there})".strip() if there and here != there else here

    words = {column: both(column) for column in LAYER_COLUMNS}
    words["layer"] = name if ours["type"] == paper["type"] else both("type")
    words["verdict"] = VERDICTS[entry["verdict"]]
    if row["type"] == "inception":
        words["verdict"] += (
            f", even with 5×5: {entry['reason']}" if entry["reason"] else " with 5×5"
        )
    return words


def claim_words(entry: Mapping[str, Any]) -> dict[str, str]:
    """A judged claim as a row with the keys of CLAIM_COLUMNS."""
    facts, paper, trainings = entry["measured"], entry["paper"], entry["trainings"]
    rows = _rows(paper, *facts.values()) if isinstance(paper, dict) else None
    derived = "the paper's value follows from its tables" if entry["derived"] else ""
    return {
        "place": entry["place"],
        "claim": entry["claim"],
        "paper": rows[0] if rows else shown(paper),
        "criterion": entry["relation"],
        "measured": rows[1] if rows else measured(facts),
        "trainings": f"{trainings['held']} of {trainings['of']}" if trainings else "",
        "why": "; ".join(filter(None, (entry["reason"], derived, entry["note"]))),
    }


def claim_columns(kind: str, others: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """CLAIM_COLUMNS with a column for each other dataset's run, where the kind depends on it."""
    columns = dict(CLAIM_COLUMNS)
    why = columns.pop("why")
    if kind in DATASET_KINDS:
        columns |= {f"on {other['dataset']}": f"On {other['name']}" for other in others}
    return columns | {"why": why}


def claim_cell(entry: Mapping[str, Any], column: str) -> str:
    """What a judged claim has in one of `claim_columns`."""
    there = entry["beside"].get(column.removeprefix("on "), {"said": ""})
    return str(entry["words"].get(column, there["said"]))


def score_words(cell: Mapping[str, Any]) -> dict[str, str]:
    """A score of this run and the committed one's as a row with the keys of SCORE_COLUMNS."""
    numbers = {name: cell[name] for name in ("run", "committed", "tolerance")}
    numbers["distance"] = abs(cell["run"] - cell["committed"])
    return {
        "model": cell["model"],
        "task": cell["task"].replace("_", " "),
        "score": cell["score"],
        **{name: f"{number:.4f}" for name, number in numbers.items()},
    }


def sections(claims: Mapping[str, Mapping[str, Any]]) -> dict[Kind, dict[Verdict, dict[str, Any]]]:
    """The judged claims by kind and verdict, findings first, without those that no claim has."""
    found = {
        kind: {
            verdict: {
                key: entry
                for key, entry in claims.items()
                if (entry["kind"], entry["verdict"]) == (kind, verdict)
            }
            for verdict in possible
        }
        for kind, possible in KINDS.items()
    }
    return {
        kind: {verdict: entries for verdict, entries in by.items() if entries}
        for kind, by in found.items()
    }
