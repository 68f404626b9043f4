"""The planned images: counts, people, duplicates, and images that depend on nothing else."""

from collections import Counter

import pytest

from ferblur.core.errors import UserError
from ferblur.core.params import Params
from ferblur.core.study import POOLS
from ferblur.rendering.shots import draw, make_renderer, plan, shoot, truth


def test_counts_are_the_parameters(smoke: Params) -> None:
    params = smoke.synthesize
    for pool in POOLS:
        shots = plan(params, pool)
        originals = [shot for shot in shots if not shot.duplicate_of]
        wanted = getattr(params.images, pool).model_dump()
        assert Counter(shot.emotion for shot in originals) == wanted
        copies = [shot for shot in shots if shot.duplicate_of]
        assert len(copies) == getattr(params.duplicates, pool)
        assert {shot.duplicate_of for shot in copies} <= {shot.file for shot in originals}
        assert len({shot.file for shot in shots}) == len(shots)
        assert len({shot.subject for shot in shots}) <= getattr(params.subjects, pool)


def test_an_image_is_the_same_whenever_it_is_made(smoke: Params) -> None:
    params = smoke.synthesize
    renderer = make_renderer()
    shots = plan(params, "train")
    first = shoot(draw(params, shots[0]), renderer)
    other = shoot(draw(params, shots[1]), renderer)
    assert first == shoot(draw(params, shots[0]), renderer) != other


def test_ground_truth_names_every_file(smoke: Params) -> None:
    shots = plan(smoke.synthesize, "deployment")
    table = truth(smoke.synthesize, shots)
    assert table["file"].tolist() == sorted(shot.file for shot in shots)
    assert table["subject"].str.startswith("deployment-").all()
    assert table["intensity"].between(*smoke.synthesize.intensity).all()


def test_no_people_is_refused(smoke: Params) -> None:
    params = smoke.synthesize
    none = params.model_copy(update={"subjects": params.subjects.model_copy(update={"train": 0})})
    with pytest.raises(UserError, match=r"synthesize\.subjects\.train: 0"):
        plan(none, "train")
