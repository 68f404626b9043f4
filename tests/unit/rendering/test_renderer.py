"""Renders are repeatable, move as asked, and show a face a detector finds."""

from dataclasses import replace

import numpy as np
import pytest

from ferblur.alignment.detection import Mtcnn
from ferblur.core.params import load_params
from ferblur.rendering import expression, subject
from ferblur.rendering.clips import make_renderer, view
from ferblur.rendering.renderer import Renderer


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return make_renderer()


def test_renders_repeat_and_differ_by_view(renderer: Renderer) -> None:
    params = load_params().synthesize
    person = subject.draw(np.random.default_rng(3))
    actions = expression.draw("happiness", np.random.default_rng(1))
    front = replace(view(params, np.random.default_rng(2)), yaw=0.0, pitch=0.0, roll=0.0)
    first = renderer.render(person, actions, front, 96)
    assert first.shape == (96, 96, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, renderer.render(person, actions, front, 96))
    turned = renderer.render(person, actions, replace(front, yaw=15.0), 96)
    assert not np.array_equal(first, turned)


def test_a_detector_finds_the_face_and_its_tilt(renderer: Renderer) -> None:
    params = load_params().synthesize
    person = subject.draw(np.random.default_rng(3))
    front = replace(view(params, np.random.default_rng(2)), yaw=0.0, pitch=0.0)
    images = np.stack(
        [renderer.render(person, {}, replace(front, roll=roll), 128) for roll in (-15.0, 15.0)]
    )
    found = Mtcnn().detect(images)
    assert [len(faces) for faces in found] == [1, 1]
    # rolling to the person's left lowers the left eye
    tilts = [face[0].left_eye[1] - face[0].right_eye[1] for face in found]
    assert tilts[0] < -5
    assert tilts[1] > 5
