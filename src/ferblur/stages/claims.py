"""Judge every claim of the paper, and compare this run with the committed one."""

from pathlib import Path

from ferblur.core import stage
from ferblur.core.files import read_json, write_json, write_text
from ferblur.core.params import load_params
from ferblur.evidence import facts, run_comparison, verdicts
from ferblur.pages.wording import apart, claim_words, claims_page, headline, layer_words

JUDGED = Path("results/claims.json")
CLAIMS_PAGE = Path("results/claims.md")
VERDICT_COUNTS = Path("results/verdicts.json")
AGREEMENT = Path("results/agreement.json")


def main() -> None:
    """Write the verdicts as JSON and Markdown, their counts, and the comparison."""
    params = load_params()
    dataset = Path(params.data.root).name
    known = facts.gather(params)
    agreement = run_comparison.compare(
        run_comparison.this_run(), read_json(run_comparison.COMMITTED)
    )
    trainings = facts.of_trainings(params.data.chance)
    claims = {}
    for claim in verdicts.read_claims():
        entry = verdicts.judge(claim, known, dataset, params.data.emotions)
        judgeable = entry["verdict"] in verdicts.JUDGEMENTS
        entry["trainings"] = verdicts.held(claim, trainings) if judgeable else None
        claims[claim.id] = entry | {"words": claim_words(entry)}
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
    write_text(CLAIMS_PAGE, claims_page(content, agreement))
    print(content["headline"], content["apart"], agreement["line"], sep="\n")


if __name__ == "__main__":
    stage.run(main)
