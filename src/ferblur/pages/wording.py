"""Claims and scores in words: one wording for results/claims.md, the PDF and the page."""

from collections.abc import Mapping, Sequence
from typing import Any

from ferblur.evidence.verdicts import VERDICTS, brief, tail

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

KIND_COLUMNS = ("reproduced", "not_reproduced", "undecided", "not_comparable")


def shown(value: Any) -> str:
    """A value for readers: three significant digits, or three decimals where it has an interval."""
    if isinstance(value, dict):
        if "value" not in value:  # a row of Fig. 9
            fields = {name: each for name, each in value.items() if name != "type"}
            words = [f"{name} {brief(number)}" for name, number in fields.items()]
            return ", ".join([str(value["type"]), *words])
        value, low, high = (f"{value[end]:.3f}" for end in ("value", "low", "high"))
        return f"{value} [{low}, {high}]".replace("-", "−")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value)
    if isinstance(value, float):
        return f"{value:.3g}".replace("-", "−")
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)


def measured(entry: Mapping[str, Any]) -> str:
    """The facts of a judged claim; several are told apart by the end of their keys."""
    facts, paper = entry["measured"], entry["paper"]
    if isinstance(paper, dict):  # a row of Fig. 9, of which the paper's has some columns
        facts = {
            key: {name: row[name] for name in paper if name in row} for key, row in facts.items()
        }
    if len(facts) == 1:
        return shown(*facts.values())
    return "; ".join(f"{tail(key)} {shown(value)}" for key, value in facts.items())


def claim_words(entry: Mapping[str, Any]) -> dict[str, str]:
    """A judged claim as a row with the keys of CLAIM_COLUMNS."""
    trainings = entry["trainings"]
    derived = "the paper's value follows from its tables" if entry["derived"] else ""
    return {
        "place": entry["place"],
        "claim": entry["claim"],
        "paper": shown(entry["paper"]),
        "criterion": entry["relation"],
        "measured": measured(entry),
        "trainings": f"{trainings['held']} of {trainings['of']}" if trainings else "",
        "why": "; ".join(filter(None, (entry["reason"], derived, entry["note"]))),
    }


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


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]


def claims_page(
    judged: Mapping[str, Mapping[str, Any]],
    kinds: Mapping[str, Mapping[str, int]],
    agreement: Mapping[str, Any],
) -> str:
    """The claims, and the comparison with the committed run, as Markdown."""
    by_verdict = {
        name: [(key, entry["words"]) for key, entry in judged.items() if entry["verdict"] == name]
        for name in VERDICTS
    }
    lines = ["# The paper's claims, judged by this run", "", agreement["line"], ""]
    lines += [f"- {len(by_verdict[name])} {text}" for name, text in VERDICTS.items()]
    headings = ["About", *(name.replace("_", " ").capitalize() for name in KIND_COLUMNS)]
    counts = [[kind, *(str(n[name]) for name in KIND_COLUMNS)] for kind, n in kinds.items()]
    lines += ["", *_table(headings, counts), ""]
    lines += [
        "*Undecided* claims are claims not reproduced whose interval lies on both sides of the",
        "bound. Claims outside this table are advice, judgements, durations, and what the paper",
        "cites. *Trainings*: in how many trainings the measured value meets the criterion; they",
        "are the committed run and its repetitions in other arithmetic and from other seeds",
        "(`benchmarks/spread.json`).",
    ]
    for name, text in VERDICTS.items():
        rows = [
            list((words | {"claim": f"{words['claim']} (`{key}`)"}).values())
            for key, words in by_verdict[name]
        ]
        lines += ["", f"## {text.capitalize()}", "", *_table(list(CLAIM_COLUMNS.values()), rows)]
    scores = [score_words(cell) for cell in agreement["cells"]]
    rows = [[words[name] for name in SCORE_COLUMNS] for words in scores]
    lines += ["", "## This run beside the committed run", "", agreement["line"], ""]
    lines += _table(list(SCORE_COLUMNS.values()), rows)
    return "\n".join(lines) + "\n"
