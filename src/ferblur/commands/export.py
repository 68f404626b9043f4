"""One archive for a repository that gives out DOIs: `make export` runs it with the image's name.

Holds the committed code and results, the report, the models, and the container image's digest and
bill of materials; SHA256SUMS lists every file. Datasets stay out: rendered faces are made again.
Figures, PDF and report show some faces, so a run on other people's is refused.
"""

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

from ferblur.core.errors import UserError, one_line
from ferblur.core.files import atomic
from ferblur.core.params import load_params
from ferblur.core.study import MODELS

FOLDER = Path("dist")
SBOM = "/opt/venv/sbom.cdx.json"
BESIDES = ("results/report.html", "results/run.json")
"""What a run makes and git does not hold, beside the models."""

MODELS_FOLDER = Path("models")


def output(*command: str) -> str:
    """What a command prints.

    Raises UserError with the command and the last line of its errors where it fails.
    """
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise UserError(f"{command[0]}: no such command") from error
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip() or error.stdout.strip() or "failed").splitlines()[-1]
        raise UserError(f"{' '.join(command[:3])}: {last}") from error
    return done.stdout


def commit() -> str:
    """The commit checked out.

    Raises UserError where files differ from it, or results are not those of its code.
    """
    edited = output("git", "status", "--porcelain").splitlines()
    if edited:
        raise UserError(f"{edited[0][3:]}: differs from the last commit; commit or undo it first")
    try:
        output("dvc", "status", "--quiet", "--with-deps", "dvc.yaml")
    except UserError as error:
        raise UserError("dvc.lock: results are not those of the code; run make repro") from error
    return output("git", "rev-parse", "HEAD").strip()


def image(name: str, head: str) -> dict[str, Any]:
    """The container image's identity.

    Raises UserError where there is none, or it was built from another commit than `head`.
    """
    found = json.loads(output("docker", "image", "inspect", name))[0]
    labels = found["Config"]["Labels"] or {}
    built = labels.get("org.opencontainers.image.revision", "an unknown commit")
    if built != head:
        raise UserError(f"image {name}: built from {built}, not from {head}; run make docker")
    return {
        "name": name,
        "id": found["Id"],
        "digests": sorted(found["RepoDigests"]),
        "base": labels.get("org.opencontainers.image.base.name"),
        "commit": built,
    }


def contents(name: str) -> dict[str, bytes]:
    """Every file of the archive by its path, sorted."""
    params = load_params()
    root = params.data.root
    if root != "datasets/synthetic":
        raise UserError(f"params.yaml: data.root: is '{root}'; only datasets/synthetic is packed")
    head = commit()
    identity = image(name, head)
    materials = output("docker", "run", "--rm", "--network=none", "--entrypoint=cat", name, SBOM)
    listed = output("git", "ls-files", "-z").split("\0")
    weights = [MODELS_FOLDER / model / str(seed) for model in MODELS for seed in params.train.seeds]
    made = [
        file
        for path in [*map(Path, BESIDES), *weights]
        for file in (path.rglob("*") if path.is_dir() else [path])
        if file.is_file()
    ]
    files = {path: Path(path).read_bytes() for path in [*filter(None, listed), *map(str, made)]}
    files["image.json"] = (json.dumps(identity, indent=2) + "\n").encode()
    files["sbom.cdx.json"] = materials.encode()
    sums = [f"{hashlib.sha256(files[path]).hexdigest()}  {path}\n" for path in sorted(files)]
    files["SHA256SUMS"] = "".join(sums).encode()
    return dict(sorted(files.items()))


def main(name: str) -> None:
    """Write dist/ferblur-<commit>.tar.gz, the same bytes for the same contents."""
    files = contents(name)
    head, when = output("git", "log", "-1", "--format=%H %ct").split()
    folder = f"ferblur-{head[:12]}"
    target = FOLDER / f"{folder}.tar.gz"
    with (
        atomic(target) as temporary,
        temporary.open("wb") as stream,
        gzip.GzipFile("", "wb", mtime=0, fileobj=stream) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as archive,
    ):
        for path, content in files.items():
            member = tarfile.TarInfo(f"{folder}/{path}")
            member.size, member.mtime = len(content), int(when)
            member.mode = 0o755 if content.startswith(b"#!") else 0o644
            archive.addfile(member, io.BytesIO(content))
    print(f"{target}: {len(files)} files, {target.stat().st_size / 2**20:.0f} MiB")


if __name__ == "__main__":
    with one_line():
        main(*sys.argv[1:])
