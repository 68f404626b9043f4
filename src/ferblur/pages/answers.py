"""The questions beyond the paper and their answers, a sentence each, for Markdown, PDF and page."""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any

from ferblur.core.study import LEVELS, MODELS
from ferblur.pages.wording import shown, way

Found = Mapping[str, Any]
"""The numbers of a question, as beyond.questions finds them."""

NAMES = {
    "baseline": "the baseline",
    "second": "the second model",
    "equal_steps": "a model of the second's samples, all sharp",
    "equal_samples": "a model of the baseline's samples, some of them blurred",
    "mixture": "the model of several kinds of blur",
    "all_radii": "the model of blur by any radius",
    "wiener": "Wiener's filter",
    "unsupervised_wiener": "the unsupervised Wiener filter",
    "richardson_lucy": "Richardson-Lucy",
    "gaussian": "Gaussian",
}
"""Models, variants, ways to undo blur and kinds of it in a sentence; others stand as they are."""

TRUE, ESTIMATED = "true radius", "estimated radius"
"""Sources of the radius that a way goes by; the true one shows what a perfect estimate gives."""

BASELINE, SECOND = MODELS


def name(key: str) -> str:
    """A model, a variant, a kind of blur or a way to recognise blurred faces, in a sentence."""
    known = way(key)
    said = NAMES.get(known.what, known.what.replace("_", " ")) + ", adapted" * known.adapted
    if known.source:
        said += f" {'to' if known.adapted else 'with'} the {known.source}"
    if known.sharp:
        return f"a route that asks {name(known.sharp)} where it sees no blur, and else {said}"
    return said


def joined(parts: Sequence[str], last: str = "and") -> str:
    """Parts of a sentence."""
    *rest, end = parts
    return f"{', '.join(rest)} {last} {end}" if rest else end


def radius(bounds: Mapping[str, float | None]) -> str:
    """A cut-off in px with its interval."""
    value, low, high = (
        "beyond the sweep" if bounds[end] is None else f"{bounds[end]:.1f}"
        for end in ("value", "low", "high")
    )
    unit = "" if bounds["value"] is None else " px"
    return f"{value}{unit} [{low}, {high}]"


def points(bounds: Mapping[str, float]) -> str:
    """A share in % with its interval."""
    value, low, high = (f"{100 * bounds[end] + 0:.1f}" for end in ("value", "low", "high"))
    return f"{value} % [{low}, {high}]".replace("-", "−")


def points_of(share: float) -> str:
    """A share in %."""
    return f"{100 * share:.0f} %"


def sure(bounds: Mapping[str, float]) -> int:
    """1 where all of an interval is above 0, -1 where all is below, else 0."""
    return (bounds["low"] > 0) - (bounds["high"] < 0)


def direction(bounds: Mapping[str, float], more: str, less: str, open_: str) -> str:
    """The word for an interval above 0, below 0, or on both sides."""
    return {1: more, -1: less, 0: open_}[sure(bounds)]


def breaking(found: Found) -> str:
    """Where recognition breaks."""
    said = [f"{radius(each['cut_off']['box'])} for {name(model)}" for model, each in found.items()]
    emotions = found[BASELINE]["cut_off_by_emotion"]
    ends_at = {
        emotion: inf if bounds["value"] is None else bounds["value"]
        for emotion, bounds in emotions.items()
    }
    first, last = min(ends_at, key=ends_at.__getitem__), max(ends_at, key=ends_at.__getitem__)
    ends = ""
    if ends_at[first] < ends_at[last]:
        latest = joined([emotion for emotion, end in ends_at.items() if end == ends_at[last]])
        ends = (
            f"; of the baseline's emotions, {first} goes first ({radius(emotions[first])}) and "
            f"{latest} last ({radius(emotions[last])})"
        )
    return f"half of the margin over chance is gone at a box radius of {joined(said)}{ends}."


def errors(found: Found) -> str:
    """How large errors are over all kinds of blur, against the baseline's."""
    said = [
        f"{points(each['mce'])} for {name(model)}, and relative to sharp faces "
        f"{points(each['relative_mce'])}"
        for model, each in found.items()
        if model != BASELINE and each["mce"] and each["relative_mce"]
    ]
    if not said:
        return "not known, for the baseline loses nothing under blur."
    kinds = len(found[BASELINE]["cut_off"])
    return (
        f"the mean corruption error over {kinds} kinds of blur and the study's blurred levels is "
        f"{'; '.join(said)}; the baseline's is 100 % by definition."
    )


def across(found: Found) -> str:
    """Whether training on one kind of blur helps against others."""
    second = found[SECOND]
    others = joined([name(kernel) for kernel in second["gain"] if kernel != "box"])
    answer = direction(
        second["others"],
        "Yes: trained on box blur",
        "No, it harms: trained on box blur",
        "That is not sure: trained on box blur",
    )
    share = (
        f", a share of {shown(second['transfer'])} of it" if second["transfer"] is not None else ""
    )
    said = (
        f"{answer}, the second model gains {shown(second['gain']['box'])} over the baseline on box "
        f"blur, and {shown(second['others'])} on {others} blur of the same standard deviation"
        f"{share}"
    )
    for model, bounds in found.items():
        if model == "mixture":
            more = bounds["others_over_first"]
            said += (
                f"; trained on several kinds it gains {shown(more)} more there, which is "
                + direction(more, "sure", "surely less", "not sure")
            )
    return f"{said}."


def captured(found: Sequence[Found]) -> str:
    """What blur costs before the face is found."""
    sharp, last = found[0], found[-1]
    costs = {
        model: max(found, key=lambda row: abs(row["models"][model]["cost"]["value"]))
        for model in sharp["models"]
    }
    said = joined(
        [
            f"{name(model)} {shown(row['models'][model]['cost'])} at {row['radius']:g} px"
            for model, row in costs.items()
        ]
    )
    eyes = (
        f", and the eyes are found {points(last['eye_error'])} of their distance away from where "
        "they are found in the sharp frame"
        if last["eye_error"]
        else ""
    )
    return (
        f"of faces blurred before detection, {points(last['missed'])} are not found at "
        f"{last['radius']:g} px ({points(sharp['missed'])} sharp){eyes}; blurring after alignment, "
        f"as the study does, changes accuracy most for {said}."
    )


def leaked(found: Found) -> str:
    """How much of Table II is leakage."""
    said = []
    for model, splits in found.items():
        (_, studys), *others = splits.items()
        parts = [
            f"{shown(bounds['accuracy'])} where the split is {split}"
            + (
                f", so that {points(bounds['leak_share'])} of what exceeds chance was leakage"
                if bounds["leak_share"]
                else ""
            )
            for split, bounds in others
        ]
        if parts:
            said.append(
                f"of {name(model)}'s {shown(studys['accuracy'])} there remain {joined(parts)}"
            )
    return f"{'; '.join(said)}."


def controlled(found: Found) -> str:
    """Whether the second model gains by blur, or by more steps and samples."""
    second = found[SECOND]["over_baseline"]
    said = [f"over the five levels the second model gains {shown(second)} over the baseline"]
    for control, what in (
        ("equal_steps", "as many steps on sharp samples alone gain"),
        ("equal_samples", "blurred samples in the place of sharp ones, not beside them, gain"),
        ("all_radii", "blur by any radius, anew each second time that a sample is seen, gains"),
    ):
        if control in found:
            said.append(f"{what} {shown(found[control]['over_baseline'])}")
    return f"{'; '.join(said)}."


def remedied(found: Found) -> str:
    """Whether anything beats the second model."""
    others = {
        remedy: each
        for remedy, each in found.items()
        if remedy not in MODELS and way(remedy).source != TRUE  # nobody knows it of a photograph
    }
    better = {remedy: each for remedy, each in others.items() if each["beats"]}
    best = max(better or others, key=lambda remedy: found[remedy]["mean"]["value"])
    each = found[best]
    trainings = joined([shown(over) for over in each["over_trainings"]])
    numbers = (
        f"over the five levels it is {shown(each['over_second'])} more accurate than the second "
        f"model (by training {trainings}), and on sharp faces "
        f"{shown(each['sharp_over_baseline'])} more than the baseline"
    )
    if better:
        rest = f", {len(better)} of {len(others)} ways do" if len(better) > 1 else ""
        return f"yes{rest}, the best of them {name(best)}: {numbers}."
    return f"no; the nearest is {name(best)}: {numbers}."


def detected(found: Found) -> str:
    """Whether blur can be seen in a face, and how well."""
    said = []
    for method, rows in found["estimates"].items():
        errors = {row["radius"]: row["error"] for row in rows if row["kernel"] == "box"}
        worst = max(errors, key=lambda radius_: errors[radius_]["value"])
        said.append(
            f"by {'a forest on its spectrum' if method == 'learned' else 'its Laplacian'} "
            f"{errors[0.0]['value']:.2f} px off on sharp faces and at most {_px(errors[worst])} "
            f"(at {worst:g} px)"
        )
    return f"the radius is estimated {joined(said)}."


def _px(bounds: Mapping[str, float]) -> str:
    return f"{bounds['value']:.2f} px [{bounds['low']:.2f}, {bounds['high']:.2f}]"


def deblurred(found: Found) -> str:
    """Whether undoing blur helps."""
    ways = [each for each in found if way(each).source and not way(each).adapted]
    if not ways:
        return "not tried."
    return (
        f"{_best_of(found, ways, 'undone')}; the blur is computed, with nothing after it but "
        "rounding, so a camera's is harder to undo."
    )


def adapted(found: Found) -> str:
    """Whether batch normalisation with statistics of blurred faces helps."""
    ways = [each for each in found if way(each).source and way(each).adapted]
    return f"{_best_of(found, ways, 'adapted to')}." if ways else "not tried."


def _best_of(found: Found, ways: Sequence[str], done: str) -> str:
    """The best of several ways over the five levels, with the true radius and the estimated one."""
    said = []
    for source in (TRUE, ESTIMATED):
        known = [each for each in ways if way(each).source == source]
        if known:
            best = max(known, key=lambda each: found[each]["mean"]["value"])
            over = {each: shown(found[best][f"over_{each}"]) for each in MODELS}
            said.append(
                f"where the {source} is {done}, the best is {name(way(best).what)}, which over the "
                f"five levels is {over[BASELINE]} more accurate than the baseline as it is, and "
                f"{over[SECOND]} more than the second model"
            )
    if (own := f"{BASELINE} adapted, {ESTIMATED}") in ways:
        said.append(
            f"the baseline itself, which has seen no blur, gains "
            f"{shown(found[own]['over_baseline'])} by the estimated radius, which leaves "
            f"{shown(found[own]['over_second'])} against the second model"
        )
    return "; ".join(said)


def explained(found: Found) -> str:
    """Whether what an expression changes says how long it stays recognisable."""
    fine = found["expressions"]["centroid"]
    if not fine["by_emotion"]:
        return "not known for emotions other than the study's."
    said = joined([f"{shown(fine['correlation'][model])} for {name(model)}" for model in MODELS])
    finest = max(fine["by_emotion"], key=fine["by_emotion"].__getitem__)
    coarsest = min(fine["by_emotion"], key=fine["by_emotion"].__getitem__)
    answer = direction(
        fine["correlation"][BASELINE],
        "the finer an expression, the more blur it stands",
        "the coarser an expression, the more blur it stands",
        "that is not sure",
    )
    return (
        f"{answer}: over {len(fine['by_emotion'])} emotions, the rank correlation of cut-off and "
        f"mean frequency is {said}; {finest} changes the finest detail "
        f"({fine['by_emotion'][finest]:.1f} cycles per face), {coarsest} the coarsest "
        f"({fine['by_emotion'][coarsest]:.1f})."
    )


def collapsed(found: Found) -> str:
    """What the models answer when they see nothing."""
    said = []
    for model in MODELS:
        rows = {row["radius"]: row for row in found[model]["table"] if row["kernel"] == "box"}
        sharp, last = rows[0.0], rows[max(rows)]
        said.append(
            f"{name(model)} gives its commonest answer to {points_of(sharp['commonest_share'])} of "
            f"sharp faces and to {points_of(last['commonest_share'])} at {max(rows):g} px, with an "
            f"expected calibration error of {sharp['ece']:.2f} and {last['ece']:.2f}"
        )
    return f"{'; '.join(said)}."


def looking(found: Found) -> str:
    """Where the models look."""
    said, size = [], ""
    for model, levels in found["attention"].items():
        sharp, last = levels[LEVELS[0]], levels[LEVELS[-1]]
        size = f"{len(sharp)} by {len(sharp[0])}"
        most = max(max(row) for places in levels.values() for row in places)
        said.append(
            f"of {name(model)}'s evidence, {points_of(sum(sharp[0]))} lies in the uppermost row on "
            f"sharp faces and {points_of(sum(last[0]))} at the strongest blur, and no place has "
            f"more than {points_of(most)}"
        )
    return f"the class activation map has {size} places: {'; '.join(said)}."


def unequal(found: Found) -> str:
    """Whether some people are recognised less well."""
    apart = [
        (bounds["apart"], f"{group} at {level.replace('_', ' ')} blur by {name(model)}")
        for groups in found.get("groups", {}).values()
        for group, each in groups.items()
        for model, levels in each["models"].items()
        for level, bounds in levels.items()
    ]
    if not apart:
        return "the dataset does not say who is shown."
    distinct = [(bounds, where) for bounds, where in apart if sure(bounds)]
    largest = max(apart, key=lambda each: abs(each[0]["value"]))
    return (
        f"of {len(apart)} differences between a group and all others, {len(distinct)} have an "
        f"interval without 0; the largest is {shown(largest[0])}, {largest[1]}."
    )


WORDS: dict[str, tuple[str, str, Callable[[Any], str]]] = {
    "breaking": ("breaking", "Where does recognition break?", breaking),
    "errors": ("breaking", "How large are errors over all kinds of blur?", errors),
    "collapsed": ("breaking", "What do the models answer where they see nothing?", collapsed),
    "across": ("across", "Does training on one kind of blur help against others?", across),
    "captured": ("captured", "What changes where blur comes before detection?", captured),
    "leaked": ("leaked", "How much of Table II is leakage?", leaked),
    "controlled": ("remedied", "Is it blur that helps, or more steps and samples?", controlled),
    "detected": ("detected", "Can blur be told from a face?", detected),
    "deblurred": ("remedied", "Does it help to undo blur?", deblurred),
    "adapted": ("remedied", "Does it help to normalise for blur?", adapted),
    "remedied": ("remedied", "Does anything beat the second model?", remedied),
    "explained": ("explained", "Do coarse expressions stand more blur?", explained),
    "looking": ("explained", "Where do the models look?", looking),
    "unequal": ("explained", "Is everybody recognised equally well?", unequal),
}
"""For each answer: whose numbers it takes, the question, and its words."""


def answers(found: Mapping[str, Any]) -> list[dict[str, str]]:
    """The question and the answer to each that has numbers, in order."""
    said = []
    for key, (numbers, question, words) in WORDS.items():
        if found.get(numbers):
            sentence = words(found[numbers])
            said.append(
                {"key": key, "question": question, "answer": sentence[0].upper() + sentence[1:]}
            )
    return said
