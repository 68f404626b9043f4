"""The command line: its two subcommands, one line for what is wrong, and nothing but JSON.

pytest tests/unit/commands/test_console.py
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from clone import ROOT
from ferblur.commands import console
from ferblur.core import arithmetic

PLAIN = "def f(x):\n    print('noise')\n    return [[0.5, 0.1, 0.1, 0.1, 0.1, 0.1]] * len(x)\n"


@pytest.fixture
def whole(pools: Path, edit: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which no face is searched, and a classifier that prints."""
    edit(align={"detector": "none"}, statistics={"resamples": 100})
    monkeypatch.setattr(arithmetic, "pin", lambda: None)  # else for all tests after it
    Path("mine_console.py").write_text(PLAIN)
    return pools


MINE = ("--model", "mine_console:f")


def test_json_is_all_that_is_printed(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    console.main(["audit", *MINE, "--data", str(whole), "--json"])
    assert len(json.loads(capsys.readouterr().out)["sweep"]) == 21
    console.main(["predict", *MINE, "--json", str(whole / "train/fear/0.jpg")])
    assert len(json.loads(capsys.readouterr().out)["faces"]) == 1


def test_tables_are_printed(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = whole / "out"
    console.main(["audit", *MINE, "--data", str(whole), "--per-class", "1", "--out", str(out)])
    assert "6 of 12 faces" in capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == ["audit.csv", "audit.json", "audit.svg"]
    with pytest.raises(SystemExit) as ended:
        console.main(["predict", *MINE, str(whole / "train/fear/0.jpg"), "none.jpg"])
    assert ended.value.code == 1
    printed = capsys.readouterr()
    assert "anger" in printed.out
    assert "none.jpg: no such file" in printed.err.splitlines()


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit", "--model", "nothing", "--data", "faces"],
        ["audit", "--model", "mine_absent:f", "--data", "faces"],
        ["audit", "--model", "mine_console:g", "--data", "faces"],
        ["audit", *MINE, "--data", "nowhere"],
        ["audit", *MINE, "--data", "faces", "--emotions", "a,b"],
        ["audit", *MINE, "--data", "faces", "--per-class", "3"],
        ["audit", *MINE, "--data", "faces", "--params", "nowhere.yaml"],
        ["predict", "picture.jpg"],  # no model is trained
    ],
)
def test_what_is_wrong_is_one_line(whole: Path, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        console.main(arguments)
    assert str(ended.value.code).startswith("ferblur: ")
    assert "\n" not in str(ended.value.code)


@pytest.mark.parametrize(
    "arguments",
    [[], ["audit"], ["predict"], ["audit", *MINE, "--data", "x", "--per-class", "0"], ["nothing"]],
)
def test_usage_is_said_where_the_command_is_wrong(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        console.main(arguments)
    assert ended.value.code == 2
    assert "usage: ferblur" in capsys.readouterr().err


def test_help_and_completion_load_nothing_that_computes() -> None:
    code = (
        "import sys\nfrom ferblur.commands import console\ntry:\n    console.main(sys.argv[1:])\n"
    )
    code += "except SystemExit:\n    print({'numpy', 'torch', 'pandas'} & set(sys.modules))\n"
    for arguments, said in (
        (["--help"], "predict"),
        (["audit", "--help"], "--per-class"),
        (["--print-completion", "bash"], "--per-class"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=ROOT, check=True, capture_output=True, text=True,
        )  # fmt: skip
        assert said in done.stdout
        assert done.stdout.endswith("set()\n")


def test_arithmetic_is_fixed_before_what_computes_is_loaded() -> None:
    code = "import sys\nfrom ferblur.commands import console\n"
    code += "console.arithmetic.check = lambda: print('torch' in sys.modules, pinned())\n"
    code += "from ferblur.core.arithmetic import pinned\n"
    code += "console.main(['predict', 'none.jpg', '--model', 'nothing'])\n"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.stdout == "False True\n"
    assert done.returncode == 1


def test_a_reader_that_has_enough_is_no_fault() -> None:
    code = "from ferblur.commands import console; console.show('a line\\n' * 100_000)"
    piped = f'{sys.executable} -c "{code}" | head -n 1; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", piped], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "a line\n", "")
