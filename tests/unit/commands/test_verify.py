"""The self-check names the first operation or stage that differs."""

from pathlib import Path

import pytest

from clone import ROOT, Clone
from ferblur.beyond.named import names
from ferblur.commands import operations, verify
from ferblur.core import arithmetic
from ferblur.core.errors import UserError
from ferblur.core.files import read_json


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_operations_give_the_committed_bytes() -> None:
    expected = read_json(verify.VERIFY)["operations"]
    assert len(expected) > 60
    assert verify.differing(verify.operations(), expected) == []


def test_every_way_to_undo_blur_is_an_operation() -> None:
    expected = read_json(verify.VERIFY)["operations"]
    assert set(names("restoration")) <= {name.rpartition(" ")[2] for name in expected}


def test_operations_give_the_same_twice() -> None:
    """Whatever ran before: none leaves a state that another, or its own next run, computes with."""
    for part in (operations.beyond_operations, operations.network_operations):
        kept = list(part())
        first = {name: operations.fingerprint(compute()) for name, compute in kept}
        again = {name: operations.fingerprint(compute()) for name, compute in reversed(kept)}
        assert first == again


def test_the_smoke_run_gives_the_committed_bytes(clone: Clone) -> None:
    clone.restore()
    found = {stage: verify.made(clone.folder, stage) for stage in verify.STAGES}
    assert found == read_json(verify.VERIFY)["stages"]


def test_operations_tell_other_arithmetic_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    # as without FMA; ATen's own loops for the oldest processors
    other = arithmetic.pins() | {"ATEN_CPU_CAPABILITY": "default"}
    monkeypatch.setattr(arithmetic, "pins", lambda: other)
    differing = verify.differing(verify.operations(), read_json(verify.VERIFY)["operations"])
    assert "torch softmax" in differing
    assert "numpy exp" not in differing


def test_the_first_difference_is_named() -> None:
    found = {"prepare": "1", "align": "2", "split": "3"}
    assert verify.said("stages", found, found).startswith("stages: all 3")
    line = verify.said("stages", found, found | {"split": "0", "align": "0"})
    assert line == "stages: 2 of 3 differ, first 'align' (2, committed 0)"
    assert verify.differing(found, {"prepare": "1", "align": "2"}) == ["split"]


def test_a_difference_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = read_json(verify.VERIFY)
    monkeypatch.setattr(verify, "operations", lambda: expected["operations"])
    monkeypatch.setattr(verify, "stages", lambda: expected["stages"])
    verify.main([])
    said = capsys.readouterr().out
    for fact in (
        "processor: ",
        "instruction sets: ",
        f"threads of portable training: {arithmetic.THREADS}",
        "glibc",
        "torch: ",
    ):
        assert fact in said
    assert said.endswith("This machine gives the bytes of the committed run.\n")
    monkeypatch.setattr(verify, "stages", lambda: expected["stages"] | {"align": "0"})
    with pytest.raises(SystemExit, match="does not compute the committed bytes"):
        verify.main([])
    assert "1 of 7 differ, first 'align'" in capsys.readouterr().out
    with pytest.raises(UserError, match="takes --write or nothing, not --wirte"):
        verify.main(["--wirte"])


def test_a_stage_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"prepare: params\.yaml: "):
        verify.run(["-m", "ferblur.stages.prepare"], tmp_path, {})


def test_hashes_see_every_bit() -> None:
    ones = operations.fingerprint([1.0, 1.0])
    assert ones == operations.fingerprint((1.0, 1.0))
    assert ones != operations.fingerprint([1.0, 1.0 + 2**-52])
