"""What may become the committed run."""

import json
from pathlib import Path

import pytest

from clone import committed as in_git
from ferblur.commands import committed
from ferblur.core.errors import UserError
from ferblur.evidence.run_comparison import COMMITTED
from ferblur.evidence.tolerances import tolerances


def test_a_spread_of_another_run_is_refused(finished: Path) -> None:
    before = COMMITTED.read_bytes()
    with pytest.raises(UserError, match=r"benchmarks/spread\.json: not of this run"):
        committed.main()
    assert COMMITTED.read_bytes() == before


def test_the_committed_run_is_the_one_in_git() -> None:
    found, spread = (
        json.loads(in_git(name)) for name in ("paper/committed.json", "benchmarks/spread.json")
    )
    assert found["tolerances"] == tolerances(spread["runs"])
    assert found["outputs"] == spread["outputs"]
    assert found["scores"] == spread["runs"]["as committed"]
    assert set(found["native_scores"]) == set(committed.NATIVE)
    for model, tasks in found["scores"].items():
        for task, score in tasks.items():
            assert score == json.loads(in_git(f"results/evaluate/{model}/{task}.json"))
