"""results/run.json: what differs from run to run. It is untracked, and no stage depends on it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ferblur.core.files import read_json, write_json

RUN_LOG = Path("results/run.json")


def read() -> dict[str, Any]:
    """The `environment` noted last, if any, and the duration of each of the `stages`."""
    empty: dict[str, Any] = {"environment": {}, "stages": {}}
    try:
        return empty | read_json(RUN_LOG)
    except (OSError, ValueError):  # none yet, or damaged; nothing depends on it
        return empty


def note_stage(name: str, seconds: float) -> None:
    """Note how long a stage took, and that it ended now."""
    content = read()
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    content["stages"][name] = {"seconds": round(seconds, 1), "ended": ended}
    write_json(RUN_LOG, content)


def note_environment(environment: dict[str, Any]) -> None:
    """Note where the stages ran."""
    write_json(RUN_LOG, read() | {"environment": environment})
