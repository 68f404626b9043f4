"""Every restoration in order; each sample blurred, restored and held against its own sharp face."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from skimage.metrics import peak_signal_noise_ratio

from ferblur.beyond.blurring import weights
from ferblur.beyond.deblurring import Restoration, ratio, restorations, restore
from ferblur.core.params import Params
from ferblur.core.study import LEVELS
from ferblur.dataset.blur import box_blur
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import make_rows
from ferblur.restoration import wiener


@pytest.fixture
def faces(picture: Callable[..., np.ndarray]) -> Faces:
    names = [f"{number}.jpg" for number in range(3)]
    table = pd.DataFrame({"source_id": names, "label": 0, "subject": ""})
    return Faces(np.stack([picture(seed, 48, 48) for seed in range(3)]), table)


def test_restorations_are_by_method_source_and_level(smoke: Params) -> None:
    found = restorations(["wiener", "richardson_lucy"], smoke.blur)
    assert len(set(found)) == len(found) == 2 * (2 * len(LEVELS) - 1)
    assert {done.method for done in found[:9]} == {"wiener"}
    assert [done.level for done in found[:4]] == list(LEVELS[1:])  # nothing to undo in `none`
    assert [done.level for done in found[4:9]] == list(LEVELS)
    assert [done.kernel_source for done in found[:9]] == ["true"] * 4 + ["estimated"] * 5
    assert all(done.radius == smoke.blur.radius(done.level) for done in found)
    assert restorations([], smoke.blur) == []


def test_ratio_is_that_of_scikit_image(picture: Callable[..., np.ndarray]) -> None:
    face = picture(1)
    blurred = box_blur(face, 3)
    assert ratio(blurred, face) == pytest.approx(peak_signal_noise_ratio(face, blurred))
    assert ratio(face, face) == pytest.approx(10 * np.log10(255**2 * 12))


def test_each_sample_is_restored_with_its_own_radius(faces: Faces) -> None:
    rows = make_rows(["2.jpg", "0.jpg", "1.jpg"], 0, flip=np.array([0, 1, 0]))
    done = Restoration("wiener", "estimated", "low", 2.0)
    restored, ratios = restore(done, faces, rows, np.array([2.0, 3.0, 0.2]))
    sharp = [faces.pixels[2], faces.pixels[0][:, ::-1], faces.pixels[1]]
    blurred = [box_blur(face, 2.0) for face in sharp]
    expected = [
        wiener.restore(blurred[0], weights("box", 2.0)),
        wiener.restore(blurred[1], weights("box", 3.0)),
        blurred[2],  # too little to undo
    ]
    np.testing.assert_array_equal(restored, expected)
    np.testing.assert_allclose(ratios[:, 0], list(map(ratio, expected, sharp)))
    np.testing.assert_allclose(ratios[:, 1], list(map(ratio, blurred, sharp)))
