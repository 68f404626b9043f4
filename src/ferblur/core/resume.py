"""Work in progress that outlives a killed stage.

DVC deletes a stage's outputs before it runs the stage, so half-done work is kept in
`.partial/<stage>/<digest>` (git-ignored) and renamed into place at the end.
The digest covers the inputs, the parameters and the code, so stale work is never continued.
"""

import ctypes
import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ferblur.core.errors import fault
from ferblur.core.files import sha256
from ferblur.core.ranks import Ranks

PARTIAL = Path(".partial")


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
def partial_folder(
    stage: str,
    inputs: Mapping[str, object],
    ranks: Ranks = Ranks(),  # noqa: B008, it is frozen
) -> Iterator[Path]:
    """Hold the stage's lock and yield its work folder; delete the folder if the block succeeds.

    `inputs` is JSON-serialisable and names everything the work depends on (file hashes,
    parameters). A later call with equal inputs and code gets the same folder, with whatever a
    killed run finished there. Bring finished results out of it before the block ends, so that a
    kill on the way leaves what is needed to bring them out again. Under
    torchrun all `ranks` share the folder, and none of a new run writes before the last of a
    killed one is gone.
    """
    key = json.dumps({"inputs": dict(inputs), "code": code_digest()}, sort_keys=True)
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    folder = PARTIAL / stage / digest
    PARTIAL.mkdir(exist_ok=True)
    lock = FileLock(PARTIAL / f"{stage}.lock")
    with (PARTIAL / f"{stage}.ranks.lock").open("w") as others:
        if ranks.first:
            _acquire(lock, stage)
            fcntl.flock(others, fcntl.LOCK_EX)  # the ranks of a killed run have ended
            fcntl.flock(others, fcntl.LOCK_UN)
            folder.mkdir(parents=True, exist_ok=True)
            for unfinished in sorted(folder.rglob(".*")):  # `files.atomic`, killed while it wrote
                _delete(unfinished)
        ranks.wait()
        if not ranks.first:
            fcntl.flock(others, fcntl.LOCK_SH)
        try:
            yield folder
            ranks.wait()
            if ranks.first:  # at once, so that a kill leaves all of the work or none
                done = PARTIAL / f".{stage}.done"
                shutil.rmtree(done, ignore_errors=True)
                (PARTIAL / stage).rename(done)
                shutil.rmtree(done, ignore_errors=True)  # the work is done
        finally:
            lock.release()


def _acquire(lock: FileLock, stage: str) -> None:
    try:
        lock.acquire(timeout=2)
    except Timeout:
        print(f"{stage}: another process is writing; waiting for it", file=sys.stderr)
        lock.acquire()


def publish(source: Path, target: Path) -> None:
    """Rename a finished file or folder into place, replacing what is there.

    On another disk a copy beside the target is what is renamed, so that a reader never sees half
    of it; the source is deleted last, so that a kill on the way loses nothing. Raises OSError
    naming `target` where that disk refuses the copy.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy = target.with_name(f".{target.name}.copy")
        try:
            _delete(copy)  # a killed run's
            (shutil.copytree if source.is_dir() else shutil.copyfile)(source, copy)
            _replace(copy, target)
        except OSError as refused:
            with suppress(OSError):
                _delete(copy)
            if (number := fault(refused)) is None:
                raise
            raise OSError(number, os.strerror(number), str(target)) from refused
        _delete(source)


def _replace(source: Path, target: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    source.replace(target)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent dies (Linux; elsewhere a no-op).

    Otherwise a SIGKILL on `dvc` would leave the stage running, and a second `dvc repro` would
    find two writers.
    """
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
