"""What a run is said to need, held against runs that were timed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from clone import ROOT
from ferblur.commands import forecast, preflight
from ferblur.commands.forecast import REFERENCE, Work, in_words
from ferblur.core.params import Params, load_params
from ferblur.core.study import EMOTIONS, POOLS


def profile(name: str) -> Params:
    return load_params(ROOT / f"profiles/{name}.yaml")


def built_in(name: str) -> tuple[Params, Work]:
    params = profile(name)
    return params, Work.of(params, preflight.count(params), preflight.RENDERED, rendered=True)


def study(arithmetic: str = "float32") -> tuple[Params, Work]:
    """Aff-Wild2 as the study had it."""
    params = profile("affwild2")
    params = params.model_copy(
        update={"train": params.train.model_copy(update={"arithmetic": arithmetic})}
    )
    faces = {
        "train": dict.fromkeys(EMOTIONS, 6520) | {"happiness": 13_040},
        "deployment": dict.fromkeys(EMOTIONS, 900),
    }
    return params, Work.of(params, faces, 112**2 / 1e6, rendered=False)


def test_the_work_is_the_studys() -> None:
    assert study()[1].samples == {"baseline": 78_240, "second": 96_240}
    assert study()[1].tested == 4_500


def test_the_time_is_that_of_timed_runs() -> None:
    demo = forecast.seconds(*built_in("demo"), "portable", REFERENCE, 2)
    assert demo == pytest.approx(16 * 60 + 50, rel=0.1)
    assert 30 < forecast.seconds(*built_in("smoke"), "portable", REFERENCE, 2) < 60
    hours = forecast.seconds(*study(), "float32", REFERENCE, 2) / 3600
    assert 6 < hours < 13.1  # benchmarks/train.json and scale.json, two years apart


def test_more_cores_take_less_time_and_a_slower_machine_more() -> None:
    params, work = built_in("demo")
    times = [forecast.seconds(params, work, "portable", REFERENCE, n) for n in (1, 2, 4, 6, 64)]
    assert times == sorted(times, reverse=True)
    assert times[0] > 1.7 * times[1]
    assert times[-1] > 200  # a training has one core, whatever there is
    slow = forecast.seconds(params, work, "portable", REFERENCE / 3, 2)
    assert slow == pytest.approx(3 * times[1])
    wide, narrow = (forecast.seconds(*study("float32"), "float32", REFERENCE, n) for n in (32, 2))
    assert wide < narrow / 10
    assert forecast.seconds(*study(), forecast.GPU, REFERENCE, 2) < narrow / 20


def test_large_images_take_longer_until_they_are_shrunk(smoke: Params) -> None:
    counts = {pool: dict.fromkeys(EMOTIONS, 1000) for pool in POOLS}

    def took(megapixels: float) -> float:
        work = Work.of(smoke, counts, megapixels, rendered=False)
        return forecast.seconds(smoke, work, "portable", REFERENCE, 2)

    assert took(0.5) > took(0.1) + 500
    assert took(12) - took(2) < 700


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.1, "1 seconds"), (48, "50 seconds"), (100, "2 minutes"), (1010, "17 minutes"),
     (5000, "80 minutes"), (30_000, "8 hours"), (100_000, "30 hours"), (200_000, "2.3 days")],
)  # fmt: skip
def test_a_duration_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_memory_is_what_was_measured(smoke: Params) -> None:
    for size, batch, mib in ((72, 32, 735), (128, 32, 1071), (224, 32, 2087), (72, 128, 1208)):
        sizes = smoke.train.model_copy(update={"input_size": size, "batch_size": batch})
        needed = forecast.memory(smoke.model_copy(update={"train": sizes})) / 2**20
        assert mib < needed < 1.25 * mib + 50


def test_disk_is_what_the_demo_took() -> None:
    params, work = built_in("demo")
    needed = forecast.disk(params, work, 2)
    assert needed["data"] == pytest.approx(148_000_000, rel=0.05)
    assert needed["models"] == pytest.approx(479_000_000, rel=0.05)
    assert needed["datasets/synthetic"] == pytest.approx(24_000_000, rel=0.1)


@pytest.fixture
def run(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, str, str]]:
    """Forecast the demo on a machine with two cores, so much free memory and so much free disk."""

    def make(memory: float, disk: float) -> tuple[str, str, str]:
        usage = type("Usage", (), {"free": round(disk * 1e9)})
        monkeypatch.setattr(forecast, "measure", lambda: REFERENCE)
        monkeypatch.setattr(forecast, "cores", lambda: 2)
        monkeypatch.setattr(forecast, "free_memory", lambda: round(memory * 1e9))
        monkeypatch.setattr("shutil.disk_usage", lambda folder: usage)
        line, faults, doubts = forecast.forecast(*built_in("demo"), "portable")
        return line, "\n".join(faults), "\n".join(doubts)

    return make


def test_what_fits_is_said_in_a_line(run: Callable[..., tuple[str, str, str]]) -> None:
    assert run(8, 100) == (
        "about 16 minutes from scratch on these 2 cores, 1.7 GB of memory (8.0 GB free), 0.9 GB to "
        "1.6 GB of disk (100 GB free); all rough",
        "",
        "",
    )


def test_what_cannot_fit_is_a_fault_and_what_may_not_a_doubt(
    run: Callable[..., tuple[str, str, str]], project: Path
) -> None:
    assert run(0.5, 100)[1].startswith("memory: a training needs about 0.9 GB, 0.5 GB are free: ")
    assert run(1, 100)[2].endswith("1.0 GB are free: FERBLUR_PROCESSES=1 runs fewer")
    assert run(8, 0.5)[1].startswith(f"disk: {project} has 0.5 GB free, and a run needs about 0.9")
    assert "needs about 1.6 GB where DVC's cache holds copies" in run(8, 1)[2]


def test_what_a_run_replaces_counts_as_free(
    run: Callable[..., tuple[str, str, str]], project: Path
) -> None:
    (project / "models").mkdir()
    with (project / "models/last.safetensors").open("wb") as stream:
        stream.truncate(10**9)
    assert run(8, 0.5)[1] == ""


def test_this_machine_is_measured() -> None:
    assert 1 < forecast.measure() < 10_000
    assert 10**7 < forecast.free_memory() < 10**14


def test_the_limit_of_a_container_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "_limits", lambda: iter([123]))
    assert forecast.free_memory() == 123


def test_the_median_size_of_files_that_are_images(pools: Path) -> None:
    files = sorted(pools.rglob("*.jpg"))
    assert forecast.median_megapixels(files) == 32 * 32 / 1e6
    Image.new("L", (3000, 1000)).save(files[0])
    files[1].write_bytes(b"no image")
    assert forecast.median_megapixels(files[:1]) == 3
    assert forecast.median_megapixels(files[1:2]) == 0
    assert forecast.median_megapixels([]) == 0
