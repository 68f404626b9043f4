"""Another user than root, who may read and write everything."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def unprivileged(tmp_path: Path) -> Iterator[None]:
    """Let rights hold in the block, where root runs the tests too: it is another user meanwhile."""
    if os.getuid():
        yield
        return
    for folder in (tmp_path, *tmp_path.parents[:2]):  # pytest's own
        folder.chmod(0o755)
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
