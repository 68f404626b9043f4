"""Work in progress that outlives a killed stage.

DVC deletes a stage's outputs before it runs the stage, so half-done work is kept in
`.partial/<stage>/<digest>` (git-ignored, same file system) and renamed into place at the end.
The digest covers the inputs, the parameters and the code, so stale work is never continued.
"""

import ctypes
import hashlib
import json
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ferblur.files import sha256

ROOT = Path(".partial")


def code_digest() -> str:
    """Hash the ferblur modules this process has imported."""
    modules = sorted(
        (name, module.__file__)
        for name, module in list(sys.modules.items())
        if name.startswith("ferblur") and getattr(module, "__file__", None)
    )
    main = getattr(sys.modules["__main__"], "__file__", None)
    if main and "ferblur" in main:
        modules.append(("__main__", main))
    digests = [(name, sha256(Path(str(file)))) for name, file in modules]
    return hashlib.sha256(json.dumps(digests).encode()).hexdigest()


@contextmanager
def partial_folder(stage: str, inputs: Mapping[str, object]) -> Iterator[Path]:
    """Hold the stage's lock and yield its work folder; delete the folder if the block succeeds.

    `inputs` is JSON-serialisable and names everything the work depends on (file hashes,
    parameters). A later call with equal inputs and code gets the same folder, with whatever a
    killed run finished there. Move finished results out of it before the block ends.
    """
    key = json.dumps({"inputs": dict(inputs), "code": code_digest()}, sort_keys=True)
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    ROOT.mkdir(exist_ok=True)
    lock = FileLock(ROOT / f"{stage}.lock")
    try:
        lock.acquire(timeout=2)
    except Timeout:
        print(f"{stage}: another process is writing; waiting for it", file=sys.stderr)
        lock.acquire()
    try:
        folder = ROOT / stage / digest
        folder.mkdir(parents=True, exist_ok=True)
        for unfinished in sorted(folder.rglob(".*")):  # `files.atomic`, killed while it wrote
            unfinished.unlink()
        yield folder
        shutil.rmtree(ROOT / stage)
    finally:
        lock.release()


def publish(source: Path, target: Path) -> None:
    """Rename a finished file or folder into place, replacing what is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    source.replace(target)


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent dies (Linux; elsewhere a no-op).

    Otherwise a SIGKILL on `dvc` would leave the stage running, and a second `dvc repro` would
    find two writers.
    """
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
