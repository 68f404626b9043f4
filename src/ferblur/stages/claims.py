"""Judge every claim of the paper, and compare this run with the committed one."""

from pathlib import Path
from typing import Any

from ferblur import agreement, facts, stages
from ferblur import claims as paper
from ferblur.files import read_json, write_json, write_text
from ferblur.params import load

OUT = Path("results/claims.json")
PAGE = Path("results/claims.md")
COUNTS = Path("results/verdicts.json")
AGREEMENT = Path("results/agreement.json")


def shown(value: Any) -> str:
    """A value for readers: three significant digits, an interval in brackets."""
    if isinstance(value, dict) and "low" in value:
        return f"{shown(value['value'])} [{shown(value['low'])}, {shown(value['high'])}]"
    if isinstance(value, dict):
        return "see reason"
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value)
    if isinstance(value, float):
        return f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else "" if value is None else str(value)


def page(judged: dict[str, dict[str, Any]], counts: dict[str, int], agreed: dict[str, Any]) -> str:
    """The claims, and the comparison with the committed run, as Markdown."""
    lines = ["# Claims of the paper, held against this run", "", agreed["line"], ""]
    lines += [f"- {counts[name.replace(' ', '_')]} {text}" for name, text in paper.VERDICTS.items()]
    for name, text in paper.VERDICTS.items():
        lines += ["", f"## {text.capitalize()}", ""]
        lines += [
            "| claim | place | paper | wanted | measured | why |",
            "|---|---|---|---|---|---|",
        ]
        for key, entry in judged.items():
            if entry["verdict"] != name:
                continue
            fields = [f"{entry['claim']} (`{key}`)", entry["place"], shown(entry["paper"])]
            fields += [entry["relation"], "; ".join(map(shown, entry["measured"].values()))]
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
    judged = {claim.id: paper.judge(claim, known, dataset) for claim in paper.read()}
    counts = paper.count(judged)
    agreed = agreement.compare(agreement.this_run(), read_json(agreement.COMMITTED))
    write_json(COUNTS, counts)
    write_json(OUT, {"dataset": dataset, "counts": counts, "claims": judged})
    write_json(AGREEMENT, agreed)
    write_text(PAGE, page(judged, counts, agreed))


if __name__ == "__main__":
    stages.run(main)
