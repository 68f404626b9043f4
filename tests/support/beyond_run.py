"""A small run of the stages beyond the paper, as files, with truths that answers must find.

120 samples of 30 people; three trainings of the study's models, two of each variant. The mean
accuracy of every model at every blur is in `MEANS`, exactly; the first training is `APART` better,
the second as much worse.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from clone import ROOT
from ferblur.core.files import write_csv
from ferblur.core.study import EMOTIONS, LEVELS, MODELS
from ferblur.dataset.manifest import make_rows, number_rows, write_manifest
from ferblur.evidence.causes import SKINS

SAMPLES, PEOPLE = 120, 30
SEEDS = (1, 2, 3)
TRAININGS = 2
"""Of a variant, from the first seeds."""

APART = 0.05
OFF = (APART, -APART, 0.0)
"""How much more accurate each training is."""

RADII = (0.0, 2.0, 4.0, 8.0, 14.0, 20.0)
LEVEL_RADII = dict(zip(LEVELS, RADII, strict=False))
KERNELS = ("box", "gaussian", "motion")

MEANS = {
    "box": {
        "baseline": (0.80, 0.70, 0.50, 0.30, 0.20, 0.20),
        "second": (0.75, 0.75, 0.65, 0.55, 0.40, 0.25),
        "mixture": (0.75, 0.75, 0.65, 0.55, 0.40, 0.25),
        "all_radii": (0.80, 0.80, 0.75, 0.70, 0.65, 0.60),
    },
    "gaussian": {
        "baseline": (0.80, 0.70, 0.50, 0.30, 0.20, 0.20),
        "second": (0.75, 0.75, 0.55, 0.45, 0.25, 0.20),
        "mixture": (0.75, 0.75, 0.65, 0.55, 0.40, 0.25),
        "all_radii": (0.80, 0.70, 0.65, 0.60, 0.55, 0.50),
    },
    "motion": {
        "baseline": (0.80, 0.70, 0.50, 0.30, 0.20, 0.20),
        "second": (0.75, 0.70, 0.50, 0.40, 0.20, 0.20),
        "mixture": (0.75, 0.75, 0.65, 0.55, 0.40, 0.25),
        "all_radii": (0.80, 0.60, 0.55, 0.50, 0.45, 0.40),
    },
}
"""Mean accuracy over all trainings by kind of blur, model and radius."""

VARIANTS = (
    "equal_steps", "equal_samples", "mixture", "all_radii", "baseline_by_clip", "second_by_clip",
    "baseline_by_person", "second_by_person",
)  # fmt: skip

LEVEL_MEANS = {
    "equal_steps": (0.80, 0.70, 0.50, 0.30, 0.20),  # the baseline's
    "equal_samples": (0.65, 0.75, 0.65, 0.55, 0.45),
    "mixture": MEANS["box"]["mixture"][: len(LEVELS)],
    "all_radii": MEANS["box"]["all_radii"][: len(LEVELS)],
}
"""The same of variants at the study's levels."""

TESTS = {
    "baseline": {"by sample": 0.95, "by clip": 0.80, "by person": 0.65},
    "second": {"by sample": 0.90, "by clip": 0.75, "by person": 0.60},
}
"""Mean accuracy on the own test set, by model and split."""

METHODS = ("wiener", "richardson_lucy")

RESTORED = {("wiener", "true"): 0.10, ("wiener", "estimated"): 0.05,
            ("richardson_lucy", "true"): 0.20, ("richardson_lucy", "estimated"): 0.0}  # fmt: skip
"""What undoing blur adds to the baseline's accuracy at every blurred level."""

ADAPTED = {"true": 0.10, "estimated": 0.05}
"""What adapting a model to blur adds to its accuracy there, by the radius that is adapted to."""

MISSED = {14.0: 12, 20.0: 24}
"""Samples whose face is not found in a frame that is blurred so, the first of them."""

WORSE_BEFORE = 8.0
"""The radius at which the baseline is `2 * APART` less accurate where a camera blurs."""

CENTROIDS = {"anger": 12.0, "disgust": 8.5, "fear": 8.4, "happiness": 4.0, "sadness": 8.3,
             "surprise": 8.2}  # fmt: skip
"""Cycles per face: of the emotion that goes first the finest, of that which lasts the coarsest."""


def _spread(labels: np.ndarray) -> np.ndarray:
    """How hard each sample is, 0..1, evenly spread within each class and mixed over people."""
    hard = np.empty(len(labels))
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        order = np.random.default_rng(int(label)).permutation(len(places))
        hard[places] = (order + 0.5) / len(places)
    return hard


@dataclass(frozen=True)
class Known:
    """What is known of the run."""

    emotions: tuple[str, ...]
    rows: pd.DataFrame
    """The manifest of the samples."""
    faces: pd.DataFrame
    """The aligned faces that they show, in another order."""

    @property
    def labels(self) -> np.ndarray:
        """The class of each sample."""
        return self.rows["label"].to_numpy()

    def answers(self, mean: float, training: int, radius: float) -> np.ndarray:
        """Answers whose accuracy is `mean`, and `APART` more or less by training.

        Of blurred faces, happiness is recognised in more samples and anger in as many fewer; wrong
        answers to strong blur are all sadness, or surprise.
        """
        return self._answers(self.labels, mean + OFF[training], radius)

    def _answers(self, labels: np.ndarray, rate: float, radius: float) -> np.ndarray:
        classes = len(self.emotions)
        rates = np.full(classes, rate)
        if radius:
            shift = min(0.15, rate, 1 - rate)
            rates[self.emotions.index("happiness")] += shift
            rates[self.emotions.index("anger")] -= shift
        wrong = (labels + 1 + np.arange(len(labels)) // classes % (classes - 1)) % classes
        if radius >= 14:
            sadness = self.emotions.index("sadness")
            wrong = np.where(labels == sadness, sadness + 1, sadness)
        return np.where(_spread(labels) < rates[labels], labels, wrong)

    def swept(self, model: str, kernel: str, radius: float) -> np.ndarray:
        """The answers of all trainings to a blur, S x N."""
        return self.trained(model, MEANS[kernel][model][RADII.index(radius)], radius)

    def trained(self, model: str, mean: float, radius: float) -> np.ndarray:
        """The answers of all trainings of a model, S x N, whose accuracy is `mean`."""
        count = len(SEEDS) if model in MODELS else TRAININGS
        return np.stack([self.answers(mean, training, radius) for training in range(count)])

    def logits(self, answers: np.ndarray, seed: int = 0) -> np.ndarray:
        """Logits that give these answers more or less surely, … x K float32."""
        generator = np.random.default_rng(seed)
        shape = (*answers.shape, len(self.emotions))
        made = generator.uniform(-0.5, 0.5, shape)
        sure = 0.6 + 3 * generator.random(answers.shape)
        np.put_along_axis(made, answers[..., None], sure[..., None], axis=-1)
        return made.astype(np.float32)


def blurs() -> list[tuple[str, float]]:
    """The blurs of the sweep, in order."""
    return [("box", 0.0), *((kernel, radius) for kernel in KERNELS for radius in RADII[1:])]


def _save(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, array)


def _samples(emotions: tuple[str, ...]) -> Known:
    number = np.arange(SAMPLES)
    labels = number % len(emotions)
    files = [f"{emotions[label]}/{7 * n % SAMPLES:06d}.jpg" for n, label in enumerate(labels)]
    rows = number_rows([make_rows(files, labels, split="deployment")])
    faces = pd.DataFrame(
        {"source_id": files, "label": labels, "emotion": [emotions[label] for label in labels],
         "subject": [f"deployment-{n // (SAMPLES // PEOPLE):03d}" for n in number],
         "image_width": 128, "image_height": 128, "status": "aligned", "faces": 1, "x": 33, "y": 10,
         "width": 57, "height": 80, "left_eye_x": 69, "left_eye_y": 40, "right_eye_x": 44,
         "right_eye_y": 40, "angle": 0.0, "confidence": 0.99}
    ).sort_values("source_id", ignore_index=True)  # fmt: skip
    return Known(emotions, rows, faces)


def _predictions(known: Known, path: Path, test: float, seed: int, means: Sequence[float]) -> None:
    """Prediction rows of a training, as `evaluate` and `vary` leave them."""
    training = SEEDS.index(seed)
    count = SAMPLES if test > 0.7 else 2 * SAMPLES  # whose accuracy can be that, exactly
    labels = np.arange(count) % len(known.emotions)
    rate = test + OFF[training]
    own = pd.DataFrame(
        {"task": "test", "sample_id": range(count), "source_id": [f"{n}.jpg" for n in range(count)],
         "subject": [f"train-{n // 4:03d}" for n in range(count)], "label": labels,
         "predicted": known._answers(labels, rate, 0)}
    )  # fmt: skip
    subjects = known.faces.set_index("source_id")["subject"]
    tables = [own]
    for level, mean in zip(LEVELS, means, strict=False):
        answers = known.answers(mean, training, LEVEL_RADII[level])
        tables.append(known.rows[["sample_id", "source_id", "label"]].assign(
            task=level, subject=subjects.loc[known.rows["source_id"]].to_numpy(), predicted=answers
        ))  # fmt: skip
    write_csv(path, pd.concat(tables)[list(own.columns)])


def _captured(known: Known) -> None:
    sharp = known.faces.set_index("source_id").loc[known.rows["source_id"]].reset_index()
    eyes = ["left_eye_x", "left_eye_y", "right_eye_x", "right_eye_y"]
    found = ["x", "y", "width", "height", *eyes, "angle", "confidence"]
    tables = []
    for radius in RADII:
        table = pd.DataFrame(
            {"radius": radius, "frame_radius": radius / 2, "sample_id": known.rows["sample_id"]}
        ).join(sharp[["source_id", "status", "faces", *found]].astype(dict.fromkeys(found, float)))
        table[["left_eye_x", "right_eye_x"]] += radius / 4  # of 25 px between the eyes
        missed = np.arange(SAMPLES) < MISSED.get(radius, 0)
        table.loc[missed, found] = np.nan
        table.loc[missed, "faces"] = 0
        table.loc[missed, "status"] = "no face"
        tables.append(table)
    write_csv(Path("data/capture/faces.csv"), pd.concat(tables))
    for model in MODELS:
        answers = np.stack([known.swept(model, "box", radius) for radius in RADII], axis=1)
        if model == "baseline":
            worse = MEANS["box"][model][RADII.index(WORSE_BEFORE)] - 2 * APART
            place = RADII.index(WORSE_BEFORE)
            answers[:, place] = known.trained(model, worse, WORSE_BEFORE)
        logits = known.logits(answers)
        for radius, count in MISSED.items():
            logits[:, RADII.index(radius), :count] = np.nan
        _save(Path(f"data/capture/{model}.npy"), logits)


def estimated(radius: float) -> np.ndarray:
    """Radii that are told from the samples blurred by a box: 0.5 px too much or 0.1 too little."""
    off = np.where(np.arange(SAMPLES) % 2, -0.1, 0.5)
    return np.maximum(radius + off, 0)


def _restored(known: Known, methods: Sequence[str]) -> None:
    tables = [
        pd.DataFrame(
            {"kernel": kernel, "radius": radius, "sample_id": known.rows["sample_id"],
             "laplacian": 1.5 * radius, "learned": estimated(radius) + (kernel != "box")}
        )
        for kernel, radius in blurs()
    ]  # fmt: skip
    write_csv(Path("data/restore/estimates.csv"), pd.concat(tables))
    curve = pd.DataFrame({"log_variance": [1.0, 6.5], "radius": [14.25, 0.5]})
    write_csv(Path("data/restore/curve.csv"), curve)
    columns = ["method", "kernel_source", "level", "radius", "psnr", "psnr_blurred"]
    cells, logits = [], []
    for (method, source), gain in RESTORED.items():
        for level, radius in LEVEL_RADII.items():
            if method not in methods or (source == "true" and not radius):
                continue
            mean = MEANS["box"]["baseline"][RADII.index(radius)] + (gain if radius else 0)
            cells.append((method, source, level, radius, 31.5, 30.25))
            logits.append(known.logits(known.trained("baseline", mean, radius), len(cells)))
    write_csv(Path("data/restore/cells.csv"), pd.DataFrame(cells, columns=columns))
    shape = (len(SEEDS), 0, SAMPLES, len(known.emotions))
    asked = np.stack(logits, axis=1) if logits else np.zeros(shape, np.float32)
    _save(Path("data/restore/baseline.npy"), asked)


def _adapted(known: Known, models: Sequence[str]) -> None:
    for number, model in enumerate(models):
        answers = [
            [
                known.trained(model, MEANS["box"][model][place] + (gain if radius else 0), radius)
                for place, radius in enumerate(LEVEL_RADII.values())
            ]
            for gain in ADAPTED.values()
        ]
        logits = known.logits(np.moveaxis(np.array(answers), 2, 0), 100 + number)
        _save(Path(f"data/adapt/{model}.npy"), logits)


def _explained(known: Known) -> None:
    changes = [
        (emotion, person, CENTROIDS[emotion] + person - 1, CENTROIDS[emotion] / 20, 10.0)
        for emotion in known.emotions
        if emotion in CENTROIDS
        for person in range(3)
    ]
    columns = ["emotion", "person", "centroid", "above_8", "amount"]
    write_csv(Path("data/explain/expressions.csv"), pd.DataFrame(changes, columns=columns))
    shares = np.array([[0.05, 0.1, 0.05], [0.1, 0.2, 0.1], [0.1, 0.2, 0.1]])
    looked = [
        (model, seed, level, emotion, row, column, share)
        for model in MODELS
        for seed in SEEDS
        for level in LEVELS
        for emotion in known.emotions
        for (row, column), share in np.ndenumerate(shares if level == "none" else shares[::-1])
    ]
    columns = ["model", "seed", "level", "emotion", "row", "column", "share"]
    write_csv(Path("data/explain/attention.csv"), pd.DataFrame(looked, columns=columns))


def truth(known: Known) -> pd.DataFrame:
    """Who is shown in each file: women and men in turns, a third of each skin, most of them old."""
    people = known.faces["subject"].str[-3:].astype(int)
    return pd.DataFrame(
        {"file": known.faces["source_id"], "subject": known.faces["subject"],
         "gender": np.where(people % 2, 0.9, 0.1), "age": np.where(people < 10, 0.2, 0.8),
         **{skin: np.where(people % 3 == place, 0.8, 0.1) for place, skin in enumerate(SKINS)}}
    )  # fmt: skip


def parameters(emotions: tuple[str, ...], variants: Sequence[str], methods: Sequence[str]) -> None:
    """Set both parameter files of the working directory to this run's."""
    content = yaml.safe_load(Path("params.yaml").read_text())
    content["data"] |= {"root": "datasets/made", "emotions": list(emotions)}
    content["train"]["seeds"] = list(SEEDS)
    content["statistics"]["resamples"] = 200
    Path("params.yaml").write_text(yaml.safe_dump(content))
    beyond = yaml.safe_load((ROOT / "extensions/params.yaml").read_text())
    beyond["vary"] |= {"variants": list(variants), "trainings": TRAININGS}
    weights = {model: f"models/{model}" for model in MODELS}
    weights |= {name: f"data/vary/{name}" for name in MEANS["box"] if name in variants}
    beyond["sweep"] = {"kernels": list(KERNELS), "radii": list(RADII), "models": weights}
    beyond["restore"]["methods"] = list(methods)
    blurred = "all_radii" if "all_radii" in weights else "second"
    beyond["route"] = {"sharp": "baseline", "blurred": blurred, "threshold": 1.0}
    Path("extensions").mkdir(exist_ok=True)
    Path("extensions/params.yaml").write_text(yaml.safe_dump(beyond, sort_keys=False))


def make(
    emotions: tuple[str, ...] = EMOTIONS,
    variants: Sequence[str] = VARIANTS,
    methods: Sequence[str] = METHODS,
    who: bool = True,
) -> Known:
    """Write into the working directory, which has a params.yaml, what the stages leave.

    `who`: whether the dataset says who is shown.
    """
    parameters(emotions, variants, methods)
    known = _samples(emotions)
    write_manifest(Path("data/balance/deployment.csv"), known.rows)
    write_csv(Path("data/align/deployment.csv"), known.faces)
    models = [model for model in MEANS["box"] if model in MODELS or model in variants]
    for number, model in enumerate(models):
        answers = np.stack([known.swept(model, *blur) for blur in blurs()], axis=1)
        _save(Path(f"data/sweep/{model}.npy"), known.logits(answers, number))
    for seed in SEEDS:
        for model in MODELS:
            path = Path(f"data/evaluate/{model}/{seed}.csv")
            _predictions(known, path, TESTS[model]["by sample"], seed, MEANS["box"][model])
        for name in variants if seed in SEEDS[:TRAININGS] else ():
            model, _, split = name.partition("_by_")
            test = TESTS[model][f"by {split}"] if split else 0.9
            means = MEANS["box"][model] if split else LEVEL_MEANS[name]
            _predictions(known, Path(f"data/vary/{name}/{seed}.csv"), test, seed, means)
    _captured(known)
    _restored(known, methods)
    _adapted(known, models)
    _explained(known)
    if who:
        write_csv(Path("datasets/made/deployment/truth.csv"), truth(known))
    return known
