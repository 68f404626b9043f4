"""Judge every claim of the paper, and compare this run with the committed one."""

from pathlib import Path

from ferblur.core import stage
from ferblur.core.files import read_json, write_json, write_text
from ferblur.core.params import load_params
from ferblur.evidence import facts, run_comparison, verdicts
from ferblur.pages.wording import claim_words, claims_page

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
    trainings = []
    if agreement["verdict"] != "other parameters":  # then the committed run's trainings say nothing
        runs = read_json(run_comparison.SPREAD)["runs"]
        trainings = [facts.of_training(scores) for scores in runs.values()]
    judged = {}
    for claim in verdicts.read_claims():
        entry = verdicts.judge(claim, known, dataset)
        decided = entry["verdict"] in ("reproduced", "not_reproduced")
        entry["trainings"] = verdicts.held(claim, trainings) if decided else None
        judged[claim.id] = entry | {"words": claim_words(entry)}
    counts, kinds = verdicts.count(judged), verdicts.by_kind(judged)
    write_json(VERDICT_COUNTS, counts)
    write_json(JUDGED, {"dataset": dataset, "counts": counts, "kinds": kinds, "claims": judged})
    write_json(AGREEMENT, agreement)
    write_text(CLAIMS_PAGE, claims_page(judged, kinds, agreement))
    print(", ".join(f"{counts[name]} {text}" for name, text in verdicts.VERDICTS.items()))
    print(agreement["line"])


if __name__ == "__main__":
    stage.run(main)
