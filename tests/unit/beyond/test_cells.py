"""The one order of blurs, and where the weights of a training lie.

pytest tests/unit/beyond/test_cells.py
"""

from pathlib import Path

import pytest

from ferblur.beyond.cells import Cell, cells, radii, trainings, weights
from ferblur.beyond.params import Sweep, Vary
from ferblur.core.params import Blur, Params

BLUR = Blur(none=0, low=2, medium=4, high=8, very_high=14)


def sweep(*values: float, kernels: tuple[str, ...] = ("box", "gaussian")) -> Sweep:
    models = {"baseline": "models/baseline", "second": "models/second"}
    return Sweep(kernels=kernels, radii=values, models=models)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((0, 2, 4, 8, 14), [0, 2, 4, 8, 14]),
        ((0, 1, 20), [0, 1, 2, 4, 8, 14, 20]),
        ((0,), [0, 2, 4, 8, 14]),
        ((0, 0.5, 8), [0, 0.5, 2, 4, 8, 14]),
    ],
)
def test_radii_grow_and_have_those_of_the_levels_once(
    given: tuple[float, ...], expected: list[float]
) -> None:
    assert radii(sweep(*given), BLUR) == expected


def test_blurs_are_sharp_faces_once_then_each_kernel_as_radii_grow() -> None:
    found = cells(sweep(0, 20), BLUR)
    assert found[0] == Cell("box", 0)
    strengths = [2, 4, 8, 14, 20]
    assert found[1:] == [("box", r) for r in strengths] + [("gaussian", r) for r in strengths]
    assert len(cells(sweep(0, 20, kernels=("box",)), BLUR)) == 6


def test_weights_of_the_studys_models_and_of_variants(tmp_path: Path) -> None:
    model, variant = tmp_path / "models/baseline", tmp_path / "data/vary/mixture"
    (model / "1").mkdir(parents=True)
    variant.mkdir(parents=True)
    assert weights(model, 1, "best") == model / "1/best.safetensors"
    assert weights(variant, 1, "best") == variant / "1.safetensors"


def test_variants_are_trained_from_the_first_seeds(smoke: Params) -> None:
    train = smoke.train.model_copy(update={"seeds": (5, 1, 2)})
    vary = Vary(seed=1, trainings=2, kernels=("box",), strongest=20, variants=("mixture",))
    assert trainings("second", vary, train) == (5, 1, 2)
    assert trainings("mixture", vary, train) == (5, 1)
    more = vary.model_copy(update={"trainings": 9})
    assert trainings("mixture", more, train) == (5, 1, 2)
