"""results/run.json: what differs from run to run. It is untracked, and no stage depends on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from ferblur.core.files import read_json, write_json
from ferblur.core.resume import PARTIAL

RUN_LOG = Path("results/run.json")


def read() -> dict[str, Any]:
    """The `environment` noted last, if any, and the duration of each of the `stages`."""
    empty: dict[str, Any] = {"environment": {}, "stages": {}}
    try:
        return empty | read_json(RUN_LOG)
    except (OSError, ValueError):  # none yet, or damaged; nothing depends on it
        return empty


@contextmanager
def _edited() -> Iterator[dict[str, Any]]:
    """Yield what is noted, to be edited, and write it; stages that run side by side take turns."""
    PARTIAL.mkdir(exist_ok=True)
    with FileLock(PARTIAL / "run_log.lock"):
        content = read()
        yield content
        write_json(RUN_LOG, content)


def note_stage(name: str, seconds: float) -> None:
    """Note how long a stage took, and that it ended now."""
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    with _edited() as content:
        content["stages"][name] = {"seconds": round(seconds, 1), "ended": ended}


def note_environment(environment: dict[str, Any]) -> None:
    """Note where the stages ran."""
    with _edited() as content:
        content["environment"] = environment
