"""People: drawn within the documented ranges, different from each other, and the same again."""

import dataclasses

import numpy as np
import pytest

from ferblur.rendering import head_mesh, subject
from ferblur.rendering.subject import Subject


@pytest.fixture(scope="module")
def people() -> list[Subject]:
    return [subject.draw(np.random.default_rng([7, person])) for person in range(200)]


def test_the_same_generator_draws_the_same_person() -> None:
    first, again, other = (subject.draw(np.random.default_rng(seed)) for seed in (1, 1, 2))
    for field in dataclasses.fields(Subject):
        assert np.array_equal(getattr(first, field.name), getattr(again, field.name))
    assert first.weights != other.weights


def test_ranges(people: list[Subject]) -> None:
    ancestries = ("african", "asian", "caucasian")
    for person in people:
        phenotype = person.phenotype
        assert 0 <= phenotype["gender"] <= 1
        assert 0 <= phenotype["age"] <= 1
        assert -1 <= phenotype["weight"] <= 1
        assert sum(phenotype[name] for name in ancestries) == pytest.approx(1)
        for colour in (person.skin, person.lips, person.iris, person.hair, person.cloth):
            assert colour.shape == (3,)
            assert colour.min() >= 0
            assert colour.max() <= 1
        assert 0 <= person.beard <= 1
        assert 0 < person.brow_density <= 1


def test_phenotype_weights_are_shares(people: list[Subject]) -> None:
    for person in people:
        names = [name for name, _ in subject.SHAPES]
        faces = sum(person.weights.get(name, 0) for name in names[:12])
        builds = sum(person.weights.get(name, 0) for name in names[12:24])
        assert faces == pytest.approx(1)
        assert builds == pytest.approx(1)


def test_weights_name_shapes_and_never_two_opposites(people: list[Subject]) -> None:
    names = [name for name, _ in subject.SHAPES]
    features = [name for name in names if "/" in name]  # low, high, low, high, ...
    opposites = list(zip(features[::2], features[1::2], strict=True))
    assert ("nose/nose-base-down", "nose/nose-base-up") in opposites
    for person in people:
        assert set(person.weights) <= set(names)
        assert min(person.weights.values()) >= 0
        assert not [pair for pair in opposites if person.weights.keys() >= set(pair)]


def test_the_people_vary(people: list[Subject]) -> None:
    for ancestry in ("african", "asian", "caucasian"):
        assert sum(person.phenotype[ancestry] > 0.5 for person in people) > 30
    assert 60 < sum(person.phenotype["gender"] > 0.5 for person in people) < 140
    assert 0 < sum(person.beard > 0 for person in people) < 60
    assert any(person.long_hair for person in people)
    assert not any(person.beard and person.phenotype["gender"] <= 0.5 for person in people)


def test_two_people_have_different_heads(people: list[Subject]) -> None:
    shapes = head_mesh.load(subject.SHAPES)
    first, second = (shapes.deform(person.weights) for person in people[:2])
    assert np.linalg.norm(first - second, axis=1).max() > 0.05  # dm
