"""Every claim gets one verdict, in the file and on the page."""

import re
from pathlib import Path

from ferblur.core.files import read_json
from ferblur.evidence import verdicts
from ferblur.stages import claims


def test_no_claim_is_skipped(finished: Path) -> None:
    found = read_json(Path("results/claims.json"))
    assert list(found["claims"]) == [claim.id for claim in verdicts.read_claims()]
    counted = [number for kind in found["counts"].values() for number in kind.values()]
    assert sum(counted) == len(found["claims"])
    metrics = read_json(Path("results/verdicts.json"))
    assert sorted(metrics)[0] == "findings"  # DVC shows names in this order
    assert found["counts"] == {"findings": metrics["findings"]} | metrics["rest"]
    page = Path("results/claims.md").read_text()
    for name, entry in found["claims"].items():
        assert page.count(f"(`{name}`) |") == 1
        assert entry["verdict"] in verdicts.VERDICTS
        assert entry["reason"] or entry["verdict"] == "reproduced"


def test_numbers_of_the_papers_dataset_are_not_judged_on_another(finished: Path) -> None:
    found = read_json(Path("results/claims.json"))["claims"]
    assert found["table3-second-low-accuracy"]["verdict"] == "not_comparable"
    assert found["direction-low"]["verdict"] in verdicts.JUDGEMENTS
    assert found["fig9-maxpool4"]["reason"] == "window 2 (paper 3)"


def test_a_deviation_of_torchvisions_counts_once(finished: Path) -> None:
    found = read_json(Path("results/claims.json"))
    failed = {
        name
        for name, entry in found["claims"].items()
        if entry["kind"] == "architecture" and entry["verdict"] != "reproduced"
    }
    papers_own = {"fig9-conv1", "fig9-inception4c", "fig9-inception5a"}  # counts that do not add up
    torchvisions = {"third-branch", "fig9-maxpool4", "fig9-dropout", "fig9-softmax"}
    assert failed == papers_own | torchvisions
    assert len(found["layers"]) == 19
    layers = {row["layer"]: row for row in found["layers"]}
    assert layers["inception3b"]["window"] == "3×3 (5×5)"
    assert layers["inception3b"]["parameters"] == "340.2K (380K)"
    assert layers["conv1"]["operations"] == "118M (34M)"


def test_another_run_is_compared(finished: Path) -> None:
    found = read_json(Path("results/agreement.json"))
    assert found["verdict"] == "other parameters"  # the committed run is the demo
    assert found["line"] in Path("results/claims.md").read_text()


def test_every_row_has_a_cell_for_each_heading_and_both_values(finished: Path) -> None:
    headings: list[str] = []
    rows = 0
    for line in Path("results/claims.md").read_text().splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not cells:
            headings = []
        elif not headings:
            headings = cells
        else:
            assert len(cells) == len(headings), line
            if "(`fig9-" in line:
                rows += 1
                assert cells[headings.index("Paper")]
                assert cells[headings.index("Measured")]
    assert rows > 10


def test_same_files_same_bytes(finished: Path) -> None:
    outputs = (claims.JUDGED, claims.CLAIMS_PAGE, claims.VERDICT_COUNTS, claims.AGREEMENT,
               claims.BESIDE)  # fmt: skip
    before = [path.read_bytes() for path in outputs]
    claims.main()
    assert [path.read_bytes() for path in outputs] == before
