"""The same bytes on other processors, emulated: rendered and aligned faces, steps of training.

    make processors      # ten minutes; needs qemu-x86_64, version 8 or newer

Renders and aligns faces of the smoke profile, takes steps of portable training on them, and
evaluates, on this processor and on emulated ones (QEMU's user mode, which has no AVX-512 and no
bfloat16; version 7 fails at AVX2's gather), with a kernel cache of their own. Compares the hashes,
and asks a processor without AVX2 for its refusal. Writes `benchmarks/processors.json`; QEMU=… names
another emulator.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ferblur.core import arithmetic
from ferblur.core.files import write_json

OUT = Path(__file__).with_suffix(".json")
EMULATED = ("Haswell", "EPYC")
REFUSED = "IvyBridge"
FACES, STEPS, BATCH = 48, 8, 16


def hashes() -> dict[str, str]:
    """What this processor computes, by hash; the environment is pinned from outside."""
    # after the pins, which these read when they are loaded
    import numpy as np
    import torch

    from ferblur.alignment.detection import Mtcnn
    from ferblur.alignment.search import View, align_image
    from ferblur.commands import operations
    from ferblur.core.params import load_params
    from ferblur.images.decoding import read_image
    from ferblur.model.device import choose_device
    from ferblur.model.training import Batch, Loop, deterministic, train_one_epoch
    from ferblur.rendering import clips

    params = load_params(Path("profiles/smoke.yaml"))
    train = params.train.model_copy(update={"batch_size": BATCH, "epochs": 1})

    def short(*contents: bytes) -> str:
        return hashlib.sha256(b"".join(contents)).hexdigest()[:16]

    found = {"operations": short(json.dumps(operations.operations()).encode())}
    renderer = clips.make_renderer()
    planned = clips.plan(params.synthesize, "train")
    frames = [frame for frame in planned if not frame.duplicate_of][:FACES]
    jpegs = [clips.shoot(clips.draw(params.synthesize, frame), renderer) for frame in frames]
    found["images"] = short(*jpegs)
    found["truth.csv"] = short(clips.truth(params.synthesize, frames).to_csv().encode())

    torch.set_num_threads(1)  # as in align
    detector, pixels, rows = Mtcnn(), [], []
    with tempfile.TemporaryDirectory() as name:
        for start in range(0, FACES, params.align.batch_size):
            images = []
            for jpeg in jpegs[start : start + params.align.batch_size]:
                path = Path(name) / "image.jpg"
                path.write_bytes(jpeg)
                images.append(read_image(path))
            detected = detector.detect(np.stack(images))
            for image, faces in zip(images, detected, strict=True):
                face, row = align_image(image, View(image, 1), faces, params.align)
                rows.append(row)
                pixels += [face] if face is not None else []
    found["aligned"] = str(len(pixels))
    found["rows"] = short(json.dumps(rows).encode())
    found["faces"] = short(*(face.tobytes() for face in pixels))

    samples = torch.from_numpy(np.stack(pixels)[:, ::2, ::2].copy())
    labels = torch.arange(len(samples)) % 6
    cpu = choose_device(train.arithmetic)
    with deterministic(cpu, train.arithmetic):
        torch.manual_seed(train.seeds[0])
        loop = Loop.begin(train, len(params.data.emotions), STEPS, cpu)
        batches = [
            Batch(samples[index], labels[index], BATCH, BATCH)
            for index in torch.arange(STEPS * BATCH).remainder(len(samples)).reshape(STEPS, BATCH)
        ]
        found["curve"] = repr(train_one_epoch(loop, batches))
        model = loop.network
        state = model.state_dict()
        found["weights"] = short(*(state[key].contiguous().numpy().tobytes() for key in state))
        model.eval()
        with torch.inference_mode():
            logits, _ = model(samples)
        found["logits"] = short(logits.numpy().tobytes())
    return found


def on(processor: str, *command: str, status: int = 0) -> tuple[str, float]:
    """Run Python pinned, emulated unless `processor` is empty; returns what it said and seconds."""
    emulator = [os.environ.get("QEMU", "qemu-x86_64"), "-cpu", processor] if processor else []
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(
            [*emulator, sys.executable, *command],
            env=os.environ | arithmetic.pins() | {"WARP_CACHE_PATH": cache},
            check=False, capture_output=True, text=True,
        )  # fmt: skip
    if done.returncode != status:
        sys.exit(f"{processor or 'native'}: status {done.returncode}: {done.stderr[-2000:]}")
    return done.stderr if status else done.stdout, time.perf_counter() - start


def main() -> None:
    """Run everywhere, compare, write."""
    if sys.argv[1:] == ["--hashes"]:
        print(json.dumps(hashes()))
        return
    content: dict[str, Any] = {"faces": FACES, "steps": STEPS, "batch": BATCH, "processors": {}}
    for processor in ("", *EMULATED):
        output, seconds = on(processor, __file__, "--hashes")
        found = json.loads(output.splitlines()[-1])
        content["processors"][processor or "native"] = {"seconds": round(seconds), **found}
        print(processor or "native", f"{seconds:.0f} s", found, flush=True)
    said, _ = on(REFUSED, "-m", "ferblur.commands.preflight", status=1)
    lines = [line for line in said.splitlines() if not line.startswith("qemu")]
    content["refusal"] = {REFUSED: lines}
    print(REFUSED, *lines)
    results = [
        {key: value for key, value in found.items() if key != "seconds"}
        for found in content["processors"].values()
    ]
    content["equal"] = all(result == results[0] for result in results)
    write_json(OUT, content)
    if not content["equal"]:
        sys.exit("the processors differ")
    if len(lines) != 1 or not lines[0].startswith("this processor has no AVX2"):
        sys.exit(f"{REFUSED} was not refused in one line")


if __name__ == "__main__":
    main()
