"""The paper's claims, each judged by the facts of this run (paper/claims.yaml)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from ferblur.core.errors import UserError
from ferblur.core.files import read_yaml
from ferblur.core.params import Section, mistakes
from ferblur.core.study import EMOTIONS

CLAIMS = Path("paper/claims.yaml")

Verdict = Literal["reproduced", "contradicted", "undecided", "not_comparable", "cited"]

VERDICTS: dict[Verdict, str] = {
    "reproduced": "reproduced",
    "contradicted": "contradicted",
    "undecided": "undecided",
    "not_comparable": "not comparable here",
    "cited": "cited, not measured",
}
"""The verdicts in order, with their wording for readers."""

JUDGEMENTS: tuple[Verdict, ...] = ("reproduced", "contradicted", "undecided")
"""The verdicts on claims that the run can judge."""

Kind = Literal["findings", "protocol", "architecture", "other"]

KINDS: dict[Kind, tuple[Verdict, ...]] = {
    "findings": (*JUDGEMENTS, "not_comparable"),
    "protocol": ("reproduced", "contradicted", "not_comparable"),
    "architecture": ("reproduced", "contradicted", "not_comparable"),
    "other": ("not_comparable", "cited"),
}
"""What a claim is about, with the verdicts it can have.

Findings are about scores, the protocol about data and settings, the architecture about the network;
the others are advice, judgements, durations, and what the paper cites. Only scores have intervals,
so only findings can be undecided.
"""

UNDECIDED = "the interval includes"
"""Begins what is said of a fact whose interval lies on both sides of the bound."""

ROUNDED_COLUMNS = ("parameters", "operations")
"""Columns of Fig. 9 the paper rounds; in these `within` is a share of the paper's value."""

Scalar = bool | int | float | str


class Claim(Section):
    """One entry of claims.yaml; the file's head explains the keys."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    place: str
    claim: str
    measured: str | list[str] | None = None
    paper: Scalar | list[int] | dict[str, Scalar] | None = None
    derived: bool = False
    within: Annotated[float, Field(ge=0)] = 0.0
    above: float | None = None
    below: float | None = None
    dataset: str | None = None
    setting: bool = False
    classes: bool = False
    conclusion: bool = False
    unmeasured: str | None = None
    cited: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _one_way_to_judge(self) -> Self:
        ways = [self.measured, self.unmeasured, self.cited]
        if sum(way is not None for way in ways) != 1:
            raise ValueError("needs exactly one of 'measured', 'unmeasured' and 'cited'")
        bounds = [bound for bound in (self.above, self.below) if bound is not None]
        if self.measured is not None and not bounds and self.paper is None:
            raise ValueError("needs 'paper', 'above' or 'below'")
        if len(bounds) > 1 or (bounds and self.within):
            raise ValueError("has more than one of 'within', 'above' and 'below'")
        return self

    @property
    def keys(self) -> list[str]:
        """The facts that must hold, none where nothing is measured."""
        if self.measured is None:
            return []
        return [self.measured] if isinstance(self.measured, str) else self.measured

    @property
    def emotions(self) -> list[str]:
        """The study's emotions that the facts or the paper's value name."""
        named = {str(self.paper), *(part for key in self.keys for part in key.split("."))}
        return [emotion for emotion in EMOTIONS if emotion in named]

    @property
    def kind(self) -> Kind:
        """What the claim is about, by the first part of the facts it names."""
        if self.measured is None:
            return "other"
        first = self.keys[0].partition(".")[0]
        if first in ("statistics", "differences", "recall", "curves"):
            return "findings"
        return "architecture" if first in ("architecture", "layers") else "protocol"

    @property
    def relation(self) -> str:
        """What is demanded of the measured value, for readers."""
        if self.above is not None:
            return f"> {self.above:g}"
        if self.below is not None:
            return f"< {self.below:g}"
        if isinstance(self.paper, dict):
            return f"equal, counts ± {self.within:.0%}"
        return f"± {self.within:g}" if self.within else "equal"


class ClaimsFile(Section):
    """The whole of claims.yaml."""

    tolerances: list[Scalar]
    claims: list[Claim]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [claim.id for claim in self.claims]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"claims: the id {twice[0]} is given twice")
        return self


def read_claims(path: Path = CLAIMS) -> list[Claim]:
    """Read the claims; raises UserError with one line for each mistake in the file."""
    try:
        return ClaimsFile.model_validate(read_yaml(path)).claims
    except ValidationError as error:
        raise mistakes(path, error) from error


def paper_value(claims: Sequence[Claim], key: str) -> float | None:
    """The number the paper gives for a fact, None where it gives none."""
    values = [claim.paper for claim in claims if claim.measured == key]
    return float(str(values[0])) if values else None


def look_up(facts: Mapping[str, Any], key: str) -> Any:
    """The fact with a dotted key; raises KeyError naming the key where there is none."""
    value: Any = facts
    for part in key.split("."):
        try:
            value = value[part]
        except (KeyError, TypeError):
            raise KeyError(key) from None
    return value


def tail(key: str) -> str:
    """The end of a dotted key, enough to tell the facts of one claim apart."""
    return ".".join(key.split(".")[-2:])


def deviations(claim: Claim, fact: Any) -> list[str]:
    """How a fact fails the claim, in a few words each; empty where it holds."""
    if claim.above is not None:
        return _beyond(fact, claim.above, 1)
    if claim.below is not None:
        return _beyond(fact, claim.below, -1)
    if isinstance(claim.paper, dict):
        if fact["type"] != claim.paper["type"]:
            return [f"type {fact['type']} (paper {claim.paper['type']})"]
        return [
            f"{name} {brief(fact[name])} (paper {brief(value)})"
            for name, value in claim.paper.items()
            if not _close(
                fact[name], value, claim.within * float(value) if name in ROUNDED_COLUMNS else 0
            )
        ]
    if isinstance(fact, dict):
        fact = fact["value"]  # equality is about the value itself
    if _close(fact, claim.paper, claim.within):
        return []
    if isinstance(fact, float) and isinstance(claim.paper, int | float):
        return [f"differs by {fact - claim.paper:+.3g}"]
    return [f"not {claim.paper}"]


def _beyond(fact: Any, bound: float, side: int) -> list[str]:
    """How a fact fails to lie above (`side` 1) or below (-1) a bound, with all of its interval."""
    if not isinstance(fact, dict):
        word = "above" if side > 0 else "below"
        return [] if side * (fact - bound) > 0 else [f"not {word} {bound:g}"]
    near, far = ("low", "high") if side > 0 else ("high", "low")
    if side * (fact[near] - bound) > 0:
        return []
    if side * (fact[far] - bound) < 0:
        return ["the opposite holds, with all of the interval"]
    return [f"{UNDECIDED} {bound:g}"]


def brief(number: Any) -> str:
    """A count as Fig. 9 gives it, in thousands (K) or millions (M)."""
    if number >= 1e6:
        return f"{number / 1e6:.4g}M"
    return f"{number / 1e3:.4g}K" if number >= 1e4 else f"{number:,}"


def _close(fact: Any, paper: Any, within: float) -> bool:
    numbers = all(isinstance(value, int | float) for value in (fact, paper))
    # decimal fractions are not exact in binary: 0.55 - 0.5 is a little more than 0.05
    return bool(abs(fact - paper) <= within + 1e-12) if numbers else bool(fact == paper)


def other_classes(emotions: Sequence[str]) -> str:
    """How a run's classes differ from the study's, in a few words; empty where they do not."""
    apart = {
        "without": [name for name in EMOTIONS if name not in emotions],
        "with": [name for name in emotions if name not in EMOTIONS],
    }
    words = [f"{word} {', '.join(names)}" for word, names in apart.items() if names]
    order = "" if tuple(emotions) == EMOTIONS else "in another order"
    return " and ".join(words) or order


def judge(
    claim: Claim, facts: Mapping[str, Any], dataset: str, emotions: Sequence[str]
) -> dict[str, Any]:
    """Give a claim its verdict.

    `facts` are nested by the parts of their dotted keys; a fact is a scalar, a list, a row of Fig.
    9, an interval {value, low, high}, which must lie wholly above or below where that is the
    relation, or None where this run cannot tell. A claim is contradicted where an interval lies
    wholly on the other side, or a value is not the paper's within its tolerance; it is undecided
    where nothing contradicts it but an interval includes the bound. `dataset` is the name of the
    dataset this run used, and `emotions` are its classes: what names another cannot be compared,
    nor what is about all six or counts the study's own data, where the classes are not the
    study's. Returns the claim with `measured` (by key), `wrong` (the keys of the
    facts that do not hold), `verdict` and `reason`. Raises UserError for a fact that does not
    exist.
    """
    missing = {*claim.emotions} - {*emotions}
    try:
        found = {key: look_up(facts, key) for key in claim.keys if not missing & {*key.split(".")}}
    except KeyError as error:
        raise UserError(f"{CLAIMS}: {claim.id}: measured: there is no fact {error}") from error
    wrong = {
        key: what
        for key, fact in found.items()
        if fact is not None and (what := "; ".join(deviations(claim, fact)))
    }
    verdict: Verdict = "reproduced"
    if wrong:
        undecided = all(what.startswith(UNDECIDED) for what in wrong.values())
        verdict = "undecided" if undecided else "contradicted"
    reason = _reason(wrong, len(found))
    others = {*emotions} != {*EMOTIONS}
    if others and claim.emotions:
        reason = "; ".join(filter(None, (reason, "only the study's emotions are compared")))
    if claim.classes and wrong:  # in another order, they have other numbers
        others = tuple(emotions) != EMOTIONS
    if claim.cited is not None:
        verdict, reason = "cited", claim.cited
    elif claim.unmeasured is not None:
        verdict, reason = "not_comparable", claim.unmeasured
    elif missing:
        verdict = "not_comparable"
        absent = " and no ".join(name for name in EMOTIONS if name in missing)
        reason = f"no {absent} among the classes"
    elif claim.dataset is not None and claim.dataset != dataset:
        verdict, reason = "not_comparable", f"the number is {claim.dataset}'s, this is {dataset}"
    elif others and (claim.classes or claim.dataset is not None):
        verdict = "not_comparable"
        reason = f"the classes are not the study's: {other_classes(emotions)}"
    elif claim.setting and wrong:
        verdict, reason = "not_comparable", "this run chooses another value"
    elif None in found.values() and not wrong:
        verdict, reason = "not_comparable", "these data cannot tell"
    return {
        "kind": claim.kind,
        "setting": claim.setting,
        "conclusion": claim.conclusion,
        "place": claim.place,
        "claim": claim.claim,
        "paper": claim.paper,
        "derived": claim.derived,
        "relation": claim.relation if claim.keys else "",
        "measured": found,
        "wrong": list(wrong),
        "verdict": verdict,
        "reason": reason,
        "note": claim.note or "",
    }


def _reason(wrong: Mapping[str, str], of: int) -> str:
    """What is wrong, once for all the facts it is true of; `of` counts the facts of the claim."""
    said = []
    for what in dict.fromkeys(wrong.values()):
        keys = [tail(key) for key in wrong if wrong[key] == what]
        if len(keys) == of:
            said.append(what if of == 1 else f"in all {of}: {what}")
        else:
            said.append(f"{', '.join(keys)}: {what}")
    return "; ".join(said)


def held(claim: Claim, trainings: Sequence[Mapping[str, Any]]) -> dict[str, int] | None:
    """In how many of several trainings a claim holds, by their values without intervals.

    `trainings` are facts; None where they are none, or lack what the claim needs.
    """
    if not trainings or not claim.keys:
        return None
    try:
        wrong = [
            any(deviations(claim, look_up(facts, key)) for key in claim.keys) for facts in trainings
        ]
    except KeyError:
        return None
    return {"held": wrong.count(False), "of": len(wrong)}


def count(judged: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """How many claims of each kind have each verdict that the kind can have.

    Raises RuntimeError for a claim with another verdict.
    """
    for name, entry in judged.items():
        if entry["verdict"] not in KINDS[entry["kind"]]:
            raise RuntimeError(f"{name}: {entry['verdict']}, of {entry['kind']}")
    found = Counter((entry["kind"], entry["verdict"]) for entry in judged.values())
    return {
        kind: {verdict: found[kind, verdict] for verdict in possible}
        for kind, possible in KINDS.items()
    }
