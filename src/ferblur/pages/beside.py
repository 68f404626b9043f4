"""Other datasets' committed runs in words: one wording for results/claims.md, the PDF and page."""

from collections.abc import Mapping, Sequence
from typing import Any

from ferblur.core.study import EMOTIONS, LEVELS, MODELS, POOLS
from ferblur.evidence.other_runs import Claims, differing, tally
from ferblur.evidence.run_comparison import RENDERED
from ferblur.evidence.verdicts import JUDGEMENTS, VERDICTS, other_classes, tail
from ferblur.pages.wording import DATASET_KINDS, measured, shown

SCORES_COLUMNS = {
    "level": "Blur",
    "model": "Model",
    "accuracy_paper": "Accuracy, paper",
    "accuracy": "Accuracy",
    "f1_paper": "F1, paper",
    "f1": "F1",
    "over": "Second minus it",
}
"""Table III of another run, a row for each level and model; what is subtracted are accuracies."""


def named(dataset: str) -> str:
    """What a dataset shows, for readers; of a user's own, its name."""
    return "rendered faces" if dataset == RENDERED else dataset


def _and(names: Sequence[str]) -> str:
    """Names as they stand in a sentence."""
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


def _held(entry: Mapping[str, Any]) -> str:
    """How many of a claim's several facts hold."""
    of, wrong = len(entry["measured"]), len(entry["wrong"])
    return f"{of - wrong} of {of} hold" if wrong else f"all {of} hold"


def cell(entry: Mapping[str, Any]) -> dict[str, str]:
    """What another run found of a claim: `verdict`, all that was `measured`, and both `said`."""
    said = VERDICTS[entry["verdict"]].removesuffix(" here")
    judged = entry["verdict"] in JUDGEMENTS
    words = measured(entry["measured"]) if judged else ""
    if judged:
        said += f": {words if len(entry['measured']) == 1 else _held(entry)}"
    return {"verdict": entry["verdict"], "measured": words, "said": said}


def cells(claims: Claims, others: Mapping[str, Claims]) -> dict[str, dict[str, dict[str, str]]]:
    """For each claim, what each other run found of it, by dataset.

    Empty for claims that depend on no dataset, and for those that are newer than the other run.
    """
    return {
        name: {
            dataset: cell(theirs[name])
            for dataset, theirs in others.items()
            if name in theirs and entry["kind"] in DATASET_KINDS
        }
        for name, entry in claims.items()
    }


def _side(dataset: str, entry: Mapping[str, Any], criterion: str, both: bool) -> str:
    """What one run found of a claim, as a part of a sentence.

    Of several facts, those that do not hold are listed only where `both` runs can be judged.
    """
    where = f"on {named(dataset)}"
    if entry["verdict"] not in JUDGEMENTS:
        return f"{where} not comparable ({entry['reason']})"
    facts, wrong = entry["measured"], entry["wrong"]
    reason = entry["reason"] if len(facts) == 1 else ""
    inside = measured(facts) if len(facts) == 1 else _held(entry)
    if len(facts) > 1 and wrong and both:
        failed = _and([f"{tail(key)} {shown(facts[key])}" for key in wrong])
        inside += f"{', but not' if len(wrong) < len(facts) else ':'} {failed}"
    said = f"{where} {entry['verdict']} ({inside}{criterion})"
    return f"{said}: {reason}" if reason else said


def difference(here: str, ours: Mapping[str, Any], there: str, theirs: Mapping[str, Any]) -> str:
    """One sentence on a claim with other verdicts on two datasets, `here` and `there`."""
    relation = ours["relation"]
    if not relation.startswith((">", "<")):  # a tolerance, or equality
        relation = f"{shown(ours['paper'])} {relation}"
    judged = [entry["verdict"] in JUDGEMENTS for entry in (ours, theirs)]
    criteria = [f"; criterion {relation}" if first else "" for first in (judged[0], not judged[0])]
    first = _side(here, ours, criteria[0], all(judged))
    second = _side(there, theirs, criteria[1], all(judged))
    return f"{first[0].upper()}{first[1:]}{';' if ': ' in first else ','} {second}."


def summary(here: str, there: str, counts: Mapping[str, Mapping[str, int]]) -> str:
    """How many findings hold here, there, and on both."""
    ours, theirs, both = (counts[name] for name in ("here", "there", "both"))
    return (
        f"On {named(here)} {ours['hold']} of the {ours['judged']} findings that can be judged "
        f"hold, on {named(there)} {theirs['hold']} of {theirs['judged']}; of the {both['judged']} "
        f"that can be judged on both, {both['hold']} hold on both, and {both['alike']} have the "
        "same verdict."
    )


def _start(params: Mapping[str, Any]) -> str:
    """What training started from."""
    rendered = params.get("pretrain", {})
    return {
        "none": "a random start",
        "rendered": (
            "a network pretrained on "
            f"{shown(rendered.get('clips', 0) * rendered.get('frames', 0))} rendered faces"
        ),
        "imagenet": "ImageNet's weights",
    }[params["train"]["weights"]]


def about(dataset: str, found: Mapping[str, Any]) -> str:
    """What another run's faces are, how its models were trained, and what its intervals cover."""
    prepared, comparison, params = found["prepared"], found["comparison"], found["params"]
    emotions, several = params["data"]["emotions"], comparison["trainings"] > 1

    def pool(name: str) -> str:
        counts = prepared[name]
        people = f" of {shown(counts['subjects'])} people" if counts["subjects"] else ""
        return f"{shown(counts['accepted'])} images{people}"

    train, deployment = map(pool, POOLS)
    other = other_classes(emotions)
    people = "people" if comparison["resampled"] == "subject" else "images"
    trained = f"{comparison['trainings']} times" if several else "once"
    return (
        f"The dataset {dataset} has {train} to train on and {deployment} to test on, of which "
        f"{shown(comparison['samples'])}, as many of each emotion, are shown at each level of "
        f"blur. The classes are {_and(emotions)}, so guessing is right in "
        f"{shown(comparison['chance'])} of the cases"
        + (f"; the study's are {len(EMOTIONS)}" if other else "")
        + f". Each model was trained {trained}, from {_start(params)}. Intervals "
        f"({100 * comparison['confidence']:g} %) cover the choice of {people}, "
        f"{shown(comparison['clusters'])} unseen and {shown(comparison['clusters_own'])} in the "
        f"own test sets{', and of trainings' if several else ''}; no interval covers which people "
        "and pictures the models are trained on."
    )


def own(found: Mapping[str, Any]) -> str:
    """Accuracy on the own test sets, and how much of it is lost on unseen people."""
    said = [
        f"{name} scores {shown(found['scores'][model]['test']['accuracy'])}, which is "
        f"{shown(found['differences']['unseen'][model])} more than on sharp faces of unseen people"
        for model, name in zip(MODELS, ("the baseline", "the second model"), strict=True)
    ]
    return f"On its own test set {'; '.join(said)}."


def _levels(names: Sequence[str]) -> str:
    """Levels of blur as they stand in a sentence."""
    return f"at {_and([name.replace('_', ' ') for name in names])}" if names else "at no level"


def network(name: str, found: Mapping[str, Any]) -> str:
    """How somebody else's network falls, and where the second model is better than it."""
    known = found["networks"][name]
    scores, over, left_out = known["scores"], known["second_minus"], known["left_out"]
    without = f", and asked without its classes {_and(left_out)}" if left_out else ""
    falls = [f"{scores[level]['accuracy']['value']:.3f}" for level in LEVELS if level in scores]
    more = [level for level in LEVELS if level in over and over[level]["low"] > 0]
    less = [level for level in LEVELS if level in over and over[level]["high"] < 0]
    open_ = [level for level in LEVELS if level in over and level not in (*more, *less)]
    return (
        f"The network of the package {name}, trained by others on other faces{without}, scores "
        f"{_and(falls)} on the same faces, from sharp to the strongest blur. The second model is "
        f"more accurate {_levels(more)}, with all of the interval, and less {_levels(less)}; the "
        f"interval of the difference includes 0 {_levels(open_)}."
    )


def levels(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Table III of another run, by `level`: `rows` with the other keys of SCORES_COLUMNS."""
    networks, gain = found["networks"], found["differences"]["gain"]
    scored = found["scores"] | {name: each["scores"] for name, each in networks.items()}
    over = {MODELS[0]: gain} | {n: each["second_minus"] for n, each in networks.items()}
    table = []
    for level in (level for level in LEVELS if level in gain):
        radius, rows = found["params"]["blur"][level], []
        for model, scores in scored.items():
            row = {"model": model}
            for score in ("accuracy", "f1"):
                claim = f"table3-{model}-{level.replace('_', '-')}-{score}"
                published = found["claims"].get(claim, {"paper": None})["paper"]
                row[f"{score}_paper"] = "" if published is None else f"{published:.2f}"
                row[score] = shown(scores[level][score])
            rows.append(row | {"over": shown(over.get(model, {}).get(level))})
        table.append({"level": f"{level.replace('_', ' ')} ({radius:g} px)", "rows": rows})
    return table


def content(here: str, claims: Claims, others: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What is shown of other datasets' committed runs beside the run `here`, in words and numbers.

    `claims` are this run's judged claims, `others` what evidence.other_runs reads, by dataset.
    """
    shown_beside = []
    for dataset, found in others.items():
        theirs = found["claims"]
        apart = differing(claims, theirs)
        shown_beside.append(
            {
                "dataset": dataset,
                "name": named(dataset),
                "summary": summary(here, dataset, tally(claims, theirs)),
                "counts": tally(claims, theirs),
                "about": about(dataset, found),
                "own": own(found),
                "networks": [network(name, found) for name in found["networks"]],
                "levels": levels(found),
                "differing": [
                    {
                        "id": name,
                        "place": claims[name]["place"],
                        "claim": claims[name]["claim"],
                        "said": difference(here, claims[name], dataset, theirs[name]),
                    }
                    for name in apart
                ],
                "drawn": {
                    "emotions": found["params"]["data"]["emotions"],
                    "size": found["params"]["align"]["size"],
                    "radii": found["params"]["blur"],
                    "scores": found["scores"],
                    "trainings": found["trainings"],
                    "networks": {n: each["scores"] for n, each in found["networks"].items()},
                },
            }
        )
    return {"columns": SCORES_COLUMNS, "others": shown_beside}
