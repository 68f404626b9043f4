"""Work side by side gives what it gives one after the other, and its errors as they are."""

import os
from pathlib import Path

import numpy as np
import pytest

from ferblur.beyond import processes
from ferblur.beyond.processes import kept, side_by_side
from ferblur.core.errors import UserError
from ferblur.core.params import Params
from side_work import doubled, refused


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set for the processes is set for this test alone."""
    monkeypatch.setenv("TQDM_DISABLE", "")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")


@pytest.mark.parametrize("count", [1, 2])
def test_results_come_in_the_order_of_the_calls(
    smoke: Params, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setenv("FERBLUR_PROCESSES", str(count))
    calls = [(number,) for number in range(7)]
    found = side_by_side(smoke, doubled, calls, "test")
    assert found == [(2 * number, "1", "1") for number in range(7)]


def test_a_mistake_of_the_users_arrives_as_itself(
    smoke: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FERBLUR_PROCESSES", "2")
    with pytest.raises(UserError, match=r"^no face number 3$"):
        side_by_side(smoke, refused, [(number,) for number in range(5)], "test")


def test_nothing_to_do(smoke: Params) -> None:
    assert side_by_side(smoke, doubled, [], "test") == []


@pytest.mark.parametrize(("arithmetic", "count"), [("portable", 5), ("float32", 1)])
def test_one_at_a_time_where_training_takes_the_whole_machine(
    smoke: Params, monkeypatch: pytest.MonkeyPatch, arithmetic: str, count: int
) -> None:
    asked: list[int] = []

    class Pool:
        def __init__(self, number: int, *_: object) -> None:
            asked.append(number)

        def __enter__(self) -> "Pool":
            return self

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setenv("FERBLUR_PROCESSES", "5")
    monkeypatch.setattr(processes, "ProcessPoolExecutor", Pool)
    train = smoke.train.model_copy(update={"arithmetic": arithmetic})
    side_by_side(smoke.model_copy(update={"train": train}), doubled, [], "test")
    assert asked == [count]
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"


def test_what_is_kept_is_not_computed_again(tmp_path: Path) -> None:
    path, made = tmp_path / "0.npy", np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(kept(path, lambda: made), made)
    np.testing.assert_array_equal(kept(path, lambda: made + 1), made)
    assert [each.name for each in tmp_path.iterdir()] == ["0.npy"]
