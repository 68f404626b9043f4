"""Faces of one's own: from a table that knows no pools to PDF and page, with other classes.

pytest tests/integration/test_own_faces.py
"""

import json
from pathlib import Path

import pandas as pd
from PIL import Image, ImageOps

from clone import Clone
from ferblur.core.study import EMOTIONS, POOLS

SEVEN = ("neutral", *EMOTIONS)


def make_table(faces: Path, folder: Path) -> Path:
    """Rendered faces as PNG files in one folder, some of them as neutral; a table names them."""
    folder.mkdir()
    rows = ["Picture;Emotion;Person"]
    for pool in POOLS:
        truth = pd.read_csv(faces / pool / "truth.csv")
        for file, person in zip(truth["file"], truth["subject"], strict=True):
            emotion, _, name = file.partition("/")
            picture = f"{pool}-{emotion}-{name}"[:-4] + ".png"
            with Image.open(faces / pool / file) as image:
                image.save(folder / picture)
                rows.append(f"{picture};{emotion.title()};{person}")
                if emotion == "happiness":
                    ImageOps.mirror(image).save(folder / f"calm-{picture}")
                    rows.append(f"calm-{picture};Neutral face;{person}")
    table = folder / "labels.csv"
    table.write_text("\n".join(rows), encoding="utf-16")
    return table


def test_a_table_runs_to_pdf_and_page(clone: Clone, tmp_path: Path) -> None:
    table = make_table(clone.folder / "datasets/synthetic", tmp_path / "mine")
    own = Clone(tmp_path / "own")
    said = own.run(
        "python", "-m", "ferblur.importing", str(table), "mine", "--profile", "smoke",
        "--columns", "file=Picture,label=Emotion,subject=Person",
        "--labels", "Neutral face=neutral",
    )  # fmt: skip
    assert "make repro PROFILE=mine" in said
    profile = own.folder / "datasets/mine/params.yaml"
    text = profile.read_text()
    for old, new in (
        (f"[{', '.join(sorted(SEVEN))}]", f"[{', '.join(SEVEN)}]"), ("seeds: [1, 2]", "seeds: [1]")
    ):  # fmt: skip
        assert text.count(old) == 1
        text = text.replace(old, new)
    profile.write_text(text)
    assert "neutral" in own.run("python", "-m", "ferblur.commands.preflight", "mine")
    own.run("python", "-m", "ferblur.commands.repro")

    record = pd.read_csv(own.folder / "datasets/mine/import.csv", keep_default_na=False)
    prepared = json.loads((own.folder / "results/prepare/counts.json").read_text())
    assert len(record) == len(table.read_text(encoding="utf-16").splitlines()) - 1
    assert (record["reason"] == "").sum() == sum(prepared[pool]["found"] for pool in POOLS)
    assert prepared["people_in_both_pools"] == 0
    recalls = json.loads((own.folder / "results/statistics/recall.json").read_text())
    assert tuple(recalls["second"]["high"]) == SEVEN
    comparison = json.loads((own.folder / "results/statistics/comparison.json").read_text())
    assert comparison["chance"] == 1 / 7
    assert "neutral" in (own.folder / "results/report.html").read_text()
    assert (own.folder / "paper/main.pdf").read_bytes().startswith(b"%PDF")
    assert own.run("git", "status", "--short", "datasets") == ""
