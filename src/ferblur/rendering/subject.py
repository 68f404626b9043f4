"""People: phenotype, face shape, colours and hair, drawn at random."""

from dataclasses import dataclass

import numpy as np

_MACRO = "mpfb2/targets/macrodetails"
_ANCESTRIES = ("african", "asian", "caucasian")
_GENDERS = ("female", "male")
_AGES = ("young", "old")
_BUILDS = ("minweight", "averageweight", "maxweight")

# opposite targets (decreasing, increasing) that change one feature of the face
_OPPOSITES = {
    "head/head": ("fat-decr fat-incr", "scale-horiz-decr scale-horiz-incr",
                  "scale-vert-decr scale-vert-incr"),
    "forehead/forehead": ("scale-vert-decr scale-vert-incr", "nubian-decr nubian-incr",
                          "temple-decr temple-incr"),
    "nose/nose": ("scale-horiz-decr scale-horiz-incr", "scale-vert-decr scale-vert-incr",
                  "scale-depth-decr scale-depth-incr", "curve-concave curve-convex",
                  "hump-decr hump-incr", "point-down point-up", "point-width-decr point-width-incr",
                  "nostrils-width-decr nostrils-width-incr", "base-down base-up"),
    "mouth/mouth": ("scale-horiz-decr scale-horiz-incr", "scale-vert-decr scale-vert-incr",
                    "upperlip-height-decr upperlip-height-incr",
                    "lowerlip-height-decr lowerlip-height-incr", "trans-down trans-up",
                    "cupidsbow-decr cupidsbow-incr"),
    "chin/chin": ("width-decr width-incr", "height-decr height-incr",
                  "prominent-decr prominent-incr", "bones-decr bones-incr",
                  "cleft-decr cleft-incr"),
}  # fmt: skip
_OPPOSITES_BY_SIDE = {
    "cheek/{}-cheek": ("bones-decr bones-incr", "volume-decr volume-incr", "inner-decr inner-incr"),
    "eyes/{}-eye": ("scale-decr scale-incr", "trans-in trans-out", "trans-down trans-up",
                    "corner2-down corner2-up", "bag-decr bag-incr",
                    "eyefold-down eyefold-up"),
    "ears/{}-ear": ("scale-decr scale-incr", "wing-decr wing-incr"),
}  # fmt: skip
_OUTLINES = (
    "oval",
    "round",
    "rectangular",
    "square",
    "triangular",
    "invertedtriangular",
    "diamond",
)


def _features() -> list[list[tuple[str, str]]]:
    """Pairs of opposite target names; a feature of two sides has two pairs, left then right."""
    features = []
    for prefix, pairs in _OPPOSITES.items():
        for pair in pairs:
            low, high = pair.split()
            features.append([(f"{prefix}-{low}", f"{prefix}-{high}")])
    for prefix, pairs in _OPPOSITES_BY_SIDE.items():
        for pair in pairs:
            low, high = pair.split()
            sides = [prefix.format(side) for side in ("l", "r")]
            features.append([(f"{side}-{low}", f"{side}-{high}") for side in sides])
    return features


_FEATURES = _features()

SHAPES = (
    *(
        (f"{ancestry}-{gender}-{age}", f"{_MACRO}/{ancestry}-{gender}-{age}.target.gz")
        for ancestry in _ANCESTRIES for gender in _GENDERS for age in _AGES
    ),
    *(
        (f"{gender}-{age}-{build}",
         f"{_MACRO}/universal-{gender}-{age}-averagemuscle-{build}.target.gz")
        for gender in _GENDERS for age in _AGES for build in _BUILDS
    ),
    *((f"head-{outline}", f"mpfb2/targets/head/head-{outline}.target.gz") for outline in _OUTLINES),
    *(
        (name, f"mpfb2/targets/{name}.target.gz")
        for feature in _FEATURES for pair in feature for name in pair
    ),
)  # fmt: skip
"""Blend shapes a subject uses: (name, file)."""


@dataclass(frozen=True)
class Subject:
    """One person.

    `phenotype` holds gender (0 female, 1 male), age (0 young, 1 old), weight (-1 thin, 1 heavy)
    and the shares of three ancestries, MakeHuman's own terms for its shapes. `weights` are blend
    shape weights. Colours are linear RGB albedo in 0..1.
    """

    phenotype: dict[str, float]
    weights: dict[str, float]
    skin: np.ndarray
    lips: np.ndarray
    iris: np.ndarray
    hair: np.ndarray
    hairline: float  # dm, height of the hairline on the neutral head
    hair_depth: float  # dm of hair on the scalp; 0 is shaved
    long_hair: bool
    beard: float  # 0 shaved, 1 full
    brow_width: float  # dm
    brow_arch: float  # dm
    brow_height: float  # dm, on the neutral head
    brow_density: float  # 0..1
    cloth: np.ndarray


def _phenotype(generator: np.random.Generator) -> dict[str, float]:
    shares = generator.dirichlet([0.5, 0.5, 0.5])
    gender = generator.beta(0.3, 0.3)
    return {
        "gender": float(gender),
        "age": float(generator.uniform(0, 0.55)),
        "weight": float(generator.uniform(-0.8, 0.8)),
        **{name: float(share) for name, share in zip(_ANCESTRIES, shares, strict=True)},
    }


def _macro_weights(phenotype: dict[str, float]) -> dict[str, float]:
    genders = {"female": 1 - phenotype["gender"], "male": phenotype["gender"]}
    ages = {"young": 1 - phenotype["age"], "old": phenotype["age"]}
    heavy = phenotype["weight"]
    builds = {
        "minweight": max(-heavy, 0), "averageweight": 1 - abs(heavy), "maxweight": max(heavy, 0),
    }  # fmt: skip
    weights = {}
    for gender, a in genders.items():
        for age, b in ages.items():
            for ancestry in _ANCESTRIES:
                weights[f"{ancestry}-{gender}-{age}"] = phenotype[ancestry] * a * b
            for build, c in builds.items():
                weights[f"{gender}-{age}-{build}"] = a * b * c
    return weights


def _feature_weights(generator: np.random.Generator) -> dict[str, float]:
    weights = {f"head-{generator.choice(_OUTLINES)}": float(generator.uniform(0, 0.7))}
    for feature in _FEATURES:
        shared = generator.normal(0, 0.33)
        for low, high in feature:
            value = float(np.clip(shared + generator.normal(0, 0.05), -0.8, 0.8))
            weights[high if value > 0 else low] = abs(value)
    return weights


_SKIN = {
    "african": ([0.10, 0.048, 0.028], [0.32, 0.17, 0.10]),
    "asian": ([0.52, 0.32, 0.20], [0.70, 0.48, 0.34]),
    "caucasian": ([0.56, 0.34, 0.25], [0.78, 0.55, 0.45]),
}
_IRIS = ([0.06, 0.03, 0.015], [0.16, 0.08, 0.03], [0.12, 0.15, 0.07], [0.12, 0.22, 0.33])
_HAIR = (
    [0.012, 0.010, 0.009], [0.04, 0.02, 0.012], [0.10, 0.05, 0.025], [0.25, 0.15, 0.07],
    [0.22, 0.07, 0.03],
)  # fmt: skip


def draw(generator: np.random.Generator) -> Subject:
    """Draw a person."""
    phenotype = _phenotype(generator)
    tone = generator.uniform()
    skin = sum(
        phenotype[name] * ((1 - tone) * np.array(dark) + tone * np.array(light))
        for name, (dark, light) in _SKIN.items()
    )
    light = phenotype["caucasian"] > 0.6
    hair = np.array(_HAIR[generator.integers(0, 5 if light else 2)])
    grey = generator.uniform() < phenotype["age"] - 0.2
    if grey:
        hair = hair + generator.uniform(0.15, 0.4)
    man = phenotype["gender"] > 0.5
    lips = np.asarray(skin) * [0.92, 0.58, 0.60] * generator.uniform(0.8, 1.05)
    if not man and generator.uniform() < 0.4:
        lips = lips * 0.5 + np.array([0.35, 0.05, 0.08]) * 0.5 * generator.uniform(0.6, 1.2)
    bald = man and generator.uniform() < 0.15
    return Subject(
        phenotype=phenotype,
        weights=_macro_weights(phenotype) | _feature_weights(generator),
        skin=np.asarray(skin),
        lips=lips,
        iris=np.array(_IRIS[generator.integers(0, 4 if light else 2)]),
        hair=hair,
        hairline=float(generator.uniform(7.86, 8.1)),
        hair_depth=0.0 if bald else float(generator.uniform(0.04, 0.28)),
        long_hair=not man and generator.uniform() < 0.6,
        beard=float(generator.uniform(0.15, 0.9)) if man and generator.uniform() < 0.35 else 0.0,
        brow_width=float(generator.uniform(0.035, 0.06) + (0.012 if man else 0)),
        brow_arch=float(generator.uniform(0.0, 0.06)),
        brow_height=float(generator.uniform(7.44, 7.48)),
        brow_density=float(generator.uniform(0.7, 1.0)),
        cloth=generator.uniform(0.02, 0.6, 3),
    )
