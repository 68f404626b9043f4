"""How the tests start several ranks on this machine."""

import sys


def torchrun(size: int) -> list[str]:
    """A command that runs what follows as `size` ranks; it needs no host name to resolve."""
    local = ["--standalone", "--local-addr=localhost"]
    return [sys.executable, "-m", "torch.distributed.run", *local, f"--nproc-per-node={size}"]
