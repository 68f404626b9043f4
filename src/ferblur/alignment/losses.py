"""What alignment lost: counted for each pool, told in a line, judged by align.max_rejected."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ferblur.core.errors import UserError
from ferblur.core.params import Align

ALIGN = Path("data/align")

REMEDIES = {
    "no face": ["align.no_face", "align.detector"],
    "no face above min_confidence": ["align.min_confidence", "align.no_face"],
    "several faces": ["align.several_faces"],
}
"""Which keys of params.yaml change a loss, by its reason; any other is the file's own."""


def count(table: pd.DataFrame) -> dict[str, Any]:
    """Count what became of a pool's accepted files, in all and by reason and class.

    `table` has one row a file, with its label, emotion, status and number of faces.
    """
    lost = ~table["status"].str.startswith(("aligned", "kept"))
    reasons = table.loc[lost, "status"].replace(
        {r"^(\w+): .*": r"\1", r"^\d+ faces$": "several faces"}, regex=True
    )
    by_class = table.assign(lost=lost).groupby("label")
    return {
        "accepted": len(table),
        "aligned": int((table["status"] == "aligned").sum()),
        "kept_whole": int(table["status"].str.startswith("kept").sum()),
        "rejected": int(lost.sum()),
        "several_faces": int((table["faces"] > 1).sum()),
        "reasons": {name: int(number) for name, number in sorted(reasons.value_counts().items())},
        "classes": {
            rows["emotion"].iloc[0]: {"accepted": len(rows), "rejected": int(rows["lost"].sum())}
            for _, rows in by_class
        },
    }


def line(pool: str, counts: Mapping[str, Any]) -> str:
    """Say in one line what was found and lost, why, where most, where it is listed, what helps."""
    parts = [f"{pool}: {counts['accepted']:,} images"]
    found = {"faces found": counts["aligned"], "kept whole": counts["kept_whole"]}
    parts += [f"{number:,} {what}" for what, number in found.items() if number]
    lost = counts["rejected"]
    if not lost:
        return ", ".join([*parts, "none lost"])
    reasons = ", ".join(f"{number:,} {reason}" for reason, number in counts["reasons"].items())
    parts.append(f"{lost:,} lost ({lost / counts['accepted']:.1%}: {reasons})")
    shares = {
        name: (row["rejected"] / row["accepted"], f"{row['rejected']:,} of {row['accepted']:,}")
        for name, row in counts["classes"].items()
    }
    worst = max(shares, key=lambda name: shares[name][0])
    parts.append(f"most of {worst} ({shares[worst][1]})")
    if gone := _gone(counts):
        parts.append(f"none left of {gone}")
    keys = _remedies(counts)
    return "; ".join(
        [", ".join(parts), f"listed in {_list(pool)}"] + [f"keys: {', '.join(keys)}"] * bool(keys)
    )


def judge(counts: Mapping[str, Mapping[str, Any]], params: Align) -> None:
    """Raise UserError, a line a pool, where more is lost than align.max_rejected allows.

    So does a class of which nothing is left, whatever is allowed.
    """
    faults = []
    for pool, counted in counts.items():
        lost, accepted, gone = counted["rejected"], counted["accepted"], _gone(counted)
        keys = _remedies(counted)
        if lost / accepted > params.max_rejected:
            keys += [] if gone else ["align.max_rejected, which keeps the work done"]
            fault = f"align.max_rejected: {params.max_rejected:g}, but {pool} lost {lost:,} of "
            fault += f"{accepted:,} images ({lost / accepted:.1%})"
            fault += f", with none left of {gone}" if gone else ""
        elif gone:
            keys += ["data.emotions"]
            fault = f"{pool}: no face is left of {gone}"
        else:
            continue
        change = f"; change {' or '.join(keys)}" if keys else ""
        faults.append(f"{fault}; listed in {_list(pool)}{change}")
    if faults:
        raise UserError("\n".join(faults))


def _gone(counts: Mapping[str, Any]) -> str:
    """The classes of which nothing is left."""
    classes = counts["classes"].items()
    return " and ".join(name for name, row in classes if row["rejected"] == row["accepted"])


def _remedies(counts: Mapping[str, Any]) -> list[str]:
    keys = [key for reason in counts["reasons"] for key in REMEDIES.get(reason, [])]
    return list(dict.fromkeys(keys))


def _list(pool: str) -> Path:
    return ALIGN / f"{pool}-rejects.csv"
