"""Judge every claim of the paper, and compare this run with the committed one."""

from pathlib import Path
from typing import Any

from ferblur import agreement, facts, stages, verdicts
from ferblur.files import read_json, write_json, write_text
from ferblur.params import load
from ferblur.verdicts import VERDICTS, shown_facts, shown_paper

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
    for name, text in VERDICTS.items():
        lines += ["", f"## {text.capitalize()}", ""]
        lines += [
            "| claim | place | paper | wanted | measured | why |",
            "|---|---|---|---|---|---|",
        ]
        for key, entry in judged.items():
            if entry["verdict"] != name:
                continue
            fields = [f"{entry['claim']} (`{key}`)", entry["place"], shown_paper(entry)]
            fields += [entry["relation"], shown_facts(entry["measured"])]
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
    judged = {claim.id: verdicts.judge(claim, known, dataset) for claim in verdicts.read()}
    counts = verdicts.count(judged)
    agreed = agreement.compare(agreement.this_run(), read_json(agreement.COMMITTED))
    write_json(COUNTS, counts)
    kinds = verdicts.by_kind(judged)
    write_json(OUT, {"dataset": dataset, "counts": counts, "kinds": kinds, "claims": judged})
    write_json(AGREEMENT, agreed)
    write_text(PAGE, page(judged, counts, agreed))
    print(", ".join(f"{counts[n]} {text}" for n, text in VERDICTS.items()))
    print(agreed["line"])


if __name__ == "__main__":
    stages.run(main)
