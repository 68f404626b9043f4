"""The head is MakeHuman's, and its shapes are the targets' own displacements."""

import numpy as np

from ferblur.rendering import expression, head_mesh


def test_shapes_are_the_targets_displacements() -> None:
    loaded = head_mesh.load(expression.SHAPES)
    name, file = expression.SHAPES[0]
    _, displacements = head_mesh.read_target(head_mesh.source() / file)
    shape = loaded.deform({name: 1.0}) - loaded.vertices
    np.testing.assert_allclose(
        np.linalg.norm(shape, axis=1).max(), np.linalg.norm(displacements, axis=1).max(), rtol=1e-4
    )
    np.testing.assert_allclose(loaded.deform({name: 0.5}) - loaded.vertices, shape / 2, atol=1e-5)


def test_triangles_and_parts_fit_the_vertices() -> None:
    loaded = head_mesh.load(expression.SHAPES)
    assert loaded.triangles.max() < len(loaded.vertices)
    assert set(np.unique(loaded.part)) == set(range(len(head_mesh.PARTS)))
    left, right = loaded.vertices[loaded.eyes].mean(axis=1)
    assert left[0] > 0 > right[0]
