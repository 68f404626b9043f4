"""Judge every claim of the paper, and compare this run with the committed ones.

With its own dataset's, number by number; with those of other datasets, verdict by verdict. Beside
them stand the committed answers beyond the paper, which no stage of the study makes.
"""

from pathlib import Path

from ferblur.core import stage
from ferblur.core.files import read_json, write_json, write_text
from ferblur.core.params import load_params
from ferblur.evidence import facts, other_runs, run_comparison, verdicts
from ferblur.pages import beside, beyond
from ferblur.pages.markdown import claims_page
from ferblur.pages.wording import apart, claim_words, headline, layer_words

JUDGED = Path("results/claims.json")
CLAIMS_PAGE = Path("results/claims.md")
VERDICT_COUNTS = Path("results/verdicts.json")
AGREEMENT = Path("results/agreement.json")
BESIDE = Path("results/beside.json")


def main() -> None:
    """Write the verdicts as JSON and Markdown, their counts, and the comparisons."""
    params = load_params()
    dataset = run_comparison.dataset()
    known = facts.gather(params)
    agreement = run_comparison.compare(
        run_comparison.this_run(), read_json(run_comparison.committed_run())
    )
    trainings = facts.of_trainings(params.data.chance)
    claims = {}
    for claim in verdicts.read_claims():
        entry = verdicts.judge(claim, known, dataset, params.data.emotions)
        judgeable = entry["verdict"] in verdicts.JUDGEMENTS
        entry["trainings"] = verdicts.held(claim, trainings) if judgeable else None
        claims[claim.id] = entry | {"words": claim_words(entry)}
    others = {name: other_runs.read(name) for name in other_runs.others(dataset)}
    for name, found in beside.cells(
        claims, {o: run["claims"] for o, run in others.items()}
    ).items():
        claims[name]["beside"] = found
    answered = {name: other_runs.read_beyond(name) for name in other_runs.beyond(dataset)}
    shown_beside = beside.content(dataset, claims, others) | beyond.content(answered)
    counts = verdicts.count(claims)
    content = {
        "dataset": dataset,
        "headline": headline(counts),
        "apart": apart(counts, params.data.emotions),
        "counts": counts,
        "layers": [layer_words(name, row, claims) for name, row in known["layers"].items()],
        "claims": claims,
    }
    # DVC sorts metrics by name, and the findings are to come first
    rest = {kind: numbers for kind, numbers in counts.items() if kind != "findings"}
    write_json(VERDICT_COUNTS, {"findings": counts["findings"], "rest": rest})
    write_json(JUDGED, content)
    write_json(AGREEMENT, agreement)
    write_json(BESIDE, shown_beside)
    write_text(CLAIMS_PAGE, claims_page(content, shown_beside, agreement))
    summaries = [other["summary"] for other in shown_beside["others"]]
    print(content["headline"], content["apart"], *summaries, agreement["line"], sep="\n")


if __name__ == "__main__":
    stage.run(main)
