"""Judge every claim of the paper, and compare this run with the committed one."""

from pathlib import Path
from typing import Any

from ferblur import agreement, facts, stages, verdicts
from ferblur.files import read_json, write_json, write_text
from ferblur.params import load
from ferblur.verdicts import VERDICTS, shown_facts, shown_paper, shown_trainings

OUT = Path("results/claims.json")
PAGE = Path("results/claims.md")
COUNTS = Path("results/verdicts.json")
AGREEMENT = Path("results/agreement.json")


def page(judged: dict[str, dict[str, Any]], counts: dict[str, int], agreed: dict[str, Any]) -> str:
    """The claims, and the comparison with the committed run, as Markdown."""
    lines = ["# Claims of the paper, held against this run", "", agreed["line"], ""]
    lines += [f"- {counts[name]} {text}" for name, text in VERDICTS.items()]
    lines += ["", "| about | reproduced | not reproduced | of these undecided | not comparable |"]
    lines += ["|---|---|---|---|---|"]
    columns = ("reproduced", "not_reproduced", "undecided", "not_comparable")
    for kind, n in verdicts.by_kind(judged).items():
        lines.append("| " + " | ".join([kind, *(str(n[column]) for column in columns)]) + " |")
    lines += [
        "",
        "Others are advice, judgements, durations, and what the paper cites. *Trainings*: in how",
        "many of the committed run and its repetitions in other arithmetic and from other seeds",
        "(`benchmarks/spread.json`) the measured value meets the criterion.",
    ]
    for name, text in VERDICTS.items():
        lines += ["", f"## {text.capitalize()}", ""]
        lines += [
            "| claim | place | paper | wanted | measured | trainings | why |",
            "|---|---|---|---|---|---|---|",
        ]
        for key, entry in judged.items():
            if entry["verdict"] != name:
                continue
            fields = [f"{entry['claim']} (`{key}`)", entry["place"], shown_paper(entry)]
            fields += [entry["relation"], shown_facts(entry), shown_trainings(entry)]
            fields.append("; ".join(filter(None, (entry["reason"], entry["note"]))))
            lines.append("| " + " | ".join(field.replace("|", "\\|") for field in fields) + " |")
    lines += ["", "## This run against the committed one", "", agreed["line"], ""]
    lines += ["| model | task | score | this run | committed | distance | tolerance |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for cell in agreed["cells"]:
        distance = abs(cell["run"] - cell["committed"])
        numbers = (cell["run"], cell["committed"], distance, cell["tolerance"])
        fields = [cell["model"], cell["task"], cell["score"], *(f"{n:.4f}" for n in numbers)]
        lines.append("| " + " | ".join(fields) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the verdicts as JSON and Markdown, their counts, and the comparison."""
    params = load()
    dataset = Path(params.data.root).name
    known = facts.gather(params)
    agreed = agreement.compare(agreement.this_run(), read_json(agreement.COMMITTED))
    trainings = []
    if agreed["verdict"] != "other parameters":  # then the committed run's trainings say nothing
        runs = read_json(agreement.SPREAD)["runs"]
        trainings = [facts.of_training(scores) for scores in runs.values()]
    judged = {}
    for claim in verdicts.read():
        entry = verdicts.judge(claim, known, dataset)
        decided = entry["verdict"] in ("reproduced", "not_reproduced")
        held = verdicts.held(claim, trainings) if decided else None
        judged[claim.id] = entry | {"trainings": held}
    counts = verdicts.count(judged)
    write_json(COUNTS, counts)
    kinds = verdicts.by_kind(judged)
    write_json(OUT, {"dataset": dataset, "counts": counts, "kinds": kinds, "claims": judged})
    write_json(AGREEMENT, agreed)
    write_text(PAGE, page(judged, counts, agreed))
    print(", ".join(f"{counts[n]} {text}" for n, text in VERDICTS.items()))
    print(agreed["line"])


if __name__ == "__main__":
    stages.run(main)
