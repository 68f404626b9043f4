"""A variant is trained and asked as the study's own models are.

Its weights and predictions against those of the stages train and evaluate: tests/unit/stages/
test_vary.py.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ferblur.beyond.blurring import BlurredSamples
from ferblur.beyond.training import Variant, ask, predictions, samples, train
from ferblur.core.files import sha256
from ferblur.core.params import Params, load_params
from ferblur.core.study import LEVELS
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import read_manifest
from ferblur.model import checkpoint, network
from ferblur.model.checkpoint import Checkpoint
from ferblur.stages import balance, split
from small_networks import untrained
from variant_source import source


@pytest.fixture
def ready(aligned: Path, edit: Callable[..., None]) -> Path:
    edit(train={"epochs": 3, "batch_size": 16, "input_size": 32, "seeds": [1, 5]})
    balance.main()
    split.main()
    return aligned


@pytest.fixture
def variant(ready: Path) -> Variant:
    """40 samples, some of them moved."""
    rows = read_manifest(Path("data/split/second.csv"))
    few = rows.groupby("split").head(24)
    return Variant(few.assign(kernel="motion", blur_radius=few["sample_id"] % 2 * 4.0), 1)


@pytest.fixture
def asked(ready: Path) -> Path:
    """An untrained network that tells pictures apart."""
    pictures = np.load(ready / "train.npy")[:24, ::2, ::2]
    untrained(Path("model.safetensors"), load_params().train, 6, pictures)
    return Path("model.safetensors")


def test_the_variants_epochs_count(ready: Path, variant: Variant, tmp_path: Path) -> None:
    params = load_params()
    path = train(variant, params, ready, 5, tmp_path / "one")
    assert path == tmp_path / "one/last.safetensors"
    found = network.load(path).params
    assert found.epochs == 1
    assert found.seeds == (5,)
    assert found.model_copy(update={"epochs": 3, "seeds": (1, 5)}) == params.train


def test_the_epoch_that_is_evaluated(ready: Path, variant: Variant, tmp_path: Path) -> None:
    params = load_params()
    best = params.evaluate.model_copy(update={"epoch": "best"})
    params = params.model_copy(update={"evaluate": best})
    assert train(variant, params, ready, 1, tmp_path / "one").name == "best.safetensors"
    assert (tmp_path / "one/best.safetensors").is_file()


def test_seeds_and_rows_matter(ready: Path, variant: Variant, tmp_path: Path) -> None:
    params = load_params()
    sharp = Variant(variant.rows.assign(blur_radius=0.0), 1)
    found = [
        sha256(train(each, params, ready, seed, tmp_path / str(number)))
        for number, (each, seed) in enumerate(
            [(variant, 1), (variant, 1), (variant, 5), (sharp, 1)]
        )
    ]
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_a_killed_training_goes_on_to_the_same_bytes(
    ready: Path, variant: Variant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params, variant = load_params(), variant._replace(epochs=2)
    whole = sha256(train(variant, params, ready, 1, tmp_path / "whole"))
    monkeypatch.setattr(checkpoint, "ASK_EVERY", 1)
    monkeypatch.setattr(checkpoint, "period", lambda: 0)
    save, saves = Checkpoint.save, []

    def saved(self: Checkpoint, *arguments: object, **loop: object) -> None:
        save(self, *arguments, **loop)  # type: ignore[arg-type]
        saves.append(1)
        if len(saves) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", saved)
    folder = tmp_path / "killed"
    with pytest.raises(KeyboardInterrupt):
        train(variant, params, ready, 1, folder)
    assert not (folder / "last.safetensors").exists()
    before = len(saves)
    assert sha256(train(variant, params, ready, 1, folder)) == whole
    steps = 2 * -(-len(variant.rows.query("split == 'train'")) // params.train.batch_size)
    assert len(saves) <= steps + 2 + 1
    assert len(saves) > before


def test_samples_without_a_kernel_are_the_studys(ready: Path) -> None:
    params = load_params()
    rows = read_manifest(Path("data/split/second.csv")).head(5)
    found = samples(Faces.open(ready, "train"), rows, params)
    assert isinstance(found, BlurredSamples)
    assert (found.kernel == "box").all()
    assert found[0][0].shape == (params.train.input_size,) * 2 + (3,)
    assert "kernel" not in rows


def test_faces_made_in_memory_can_be_asked_about(ready: Path, asked: Path) -> None:
    params = load_params()
    faces = Faces.open(ready, "deployment")
    rows = read_manifest(Path("data/balance/deployment.csv"))
    logits = ask(asked, rows, faces, params)
    assert logits.shape == (len(rows), 6)
    assert logits.dtype == np.float32
    assert len(np.unique(logits, axis=0)) == len(rows)
    own = Faces(np.array(faces.pixels[::-1]), faces.table[::-1].reset_index(drop=True))
    np.testing.assert_array_equal(ask(asked, rows, own, params), logits)
    moved = rows.assign(kernel="motion", blur_radius=4.0)
    boxed = moved.assign(kernel="box")
    assert not np.array_equal(ask(asked, moved, faces, params), ask(asked, boxed, faces, params))


def test_answers_do_not_depend_on_the_batch(ready: Path, asked: Path) -> None:
    params, faces = load_params(), Faces.open(ready, "deployment")
    rows = read_manifest(Path("data/balance/deployment.csv"))
    smaller = params.evaluate.model_copy(update={"batch_size": 7})
    found = ask(asked, rows, faces, params.model_copy(update={"evaluate": smaller}))
    np.testing.assert_allclose(found, ask(asked, rows, faces, params), atol=1e-4)


def test_predictions_are_of_the_own_test_and_the_five_levels(ready: Path, asked: Path) -> None:
    params = load_params()
    rows = read_manifest(Path("data/split/baseline.csv"))
    test = rows[rows["split"] == "test"].assign(kernel="motion", blur_radius=3.0)
    deployment = read_manifest(Path("data/balance/deployment.csv"))
    table = predictions(asked, test, deployment, ready, params)
    emotions = list(params.data.emotions)
    assert list(table) == [
        "sample_id", "source_id", "task", "subject", "label", "predicted", *emotions
    ]  # fmt: skip
    assert list(table["task"].unique()) == ["test", *LEVELS]
    pools = {"test": ("train", test)} | dict.fromkeys(("none", "high"), ("deployment", deployment))
    for task, (pool, asked_of) in pools.items():
        part = table[table["task"] == task]
        faces = Faces.open(ready, pool)
        radius = 3.0 if task == "test" else params.blur.radius(task)
        logits = ask(asked, asked_of.assign(blur_radius=radius), faces, params)
        np.testing.assert_array_equal(part[emotions].to_numpy(np.float32), logits)
        assert (part["predicted"] == logits.argmax(axis=1)).all()
        for column in ("sample_id", "source_id", "label"):
            assert part[column].tolist() == asked_of[column].tolist()
        of = faces.table.set_index("source_id")["subject"]
        assert part["subject"].tolist() == of[asked_of["source_id"]].tolist()


def test_any_radius_is_even_over_its_logarithm(smoke: Params) -> None:
    known = source(smoke)
    radii = known.any_radius(20_000)
    assert radii.min() >= 1
    assert radii.max() <= known.strongest
    octaves = np.histogram(np.log2(radii), bins=4, range=(0, np.log2(known.strongest)))[0]
    assert octaves / len(radii) == pytest.approx([0.25] * 4, abs=0.02)
    assert (radii == np.round(radii, 2)).all()
    np.testing.assert_array_equal(source(smoke).any_radius(9), radii[:9])  # the seed's
