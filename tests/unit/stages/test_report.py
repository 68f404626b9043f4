"""The page shows every verdict and figure, and a browser finds nothing wrong with it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clone import Clone
from ferblur.core import run_log
from ferblur.core.files import read_json, write_json
from ferblur.evidence.verdicts import VERDICTS
from ferblur.pages.report import DRAWN_BEYOND, flow
from ferblur.stages import report

if TYPE_CHECKING:  # the image does not have it
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)


def test_shows_every_claim_figure_and_stage(finished: Path) -> None:
    page = report.REPORT.read_text()
    assert len(page) < 5 * 2**20
    judged = read_json(Path("results/claims.json"))
    for name in judged["claims"]:
        assert page.count(f'<tr id="{name}">') == 1
    beside = read_json(Path("results/beside.json"))
    beyond = len(DRAWN_BEYOND) if beside["beyond"] else 0
    # drawings and contact sheets
    assert page.count("<img ") == 12 + bool(beside["others"]) + beyond + 3
    assert all(alt for alt in re.findall(r'<img [^>]*alt="([^"]*)"', page))
    for stage in ("synthesize", "train@baseline-1", "evaluate@second-2", "figures"):
        assert f'<th scope="row">{stage}</th>' in page
    for text in VERDICTS.values():
        assert text in page
    assert read_json(Path("results/agreement.json"))["line"] in page
    order = [judged["headline"], judged["apart"], "What the paper concludes", "All claims"]
    assert sorted(order, key=page.index) == order
    for row in judged["layers"]:
        for cell in row.values():
            assert cell in page


def test_takes_nothing_from_outside(finished: Path) -> None:
    page = report.REPORT.read_text()
    links = re.findall(r'(?:src|href)="([^"]{0,12})', page)
    assert links
    assert all(link.startswith(("data:", "#")) for link in links)
    assert "<script" not in page


def test_text_of_users_is_escaped(finished: Path) -> None:
    judged = read_json(Path("results/claims.json"))
    judged["dataset"] = "<b>mine</b>"
    write_json(Path("results/claims.json"), judged)
    report.main()
    page = report.REPORT.read_text()
    assert "&lt;b&gt;mine&lt;/b&gt;" in page
    assert "<b>mine</b>" not in page


def test_counts_in_equal_counts_out(finished: Path) -> None:
    for row in flow(read_json(Path("results/claims.json"))["claims"]):
        counts = row["counts"]
        assert counts["files found"] == sum(
            counts[name] for name in ("rejected", "duplicates", "accepted")
        )
        assert counts["accepted"] == sum(
            counts[name] for name in ("no usable face", "kept whole", "aligned")
        )


def test_notes_the_environment_beside_the_durations(finished: Path) -> None:
    run = run_log.read()
    assert run["environment"]["packages"]["torch"]
    assert run["stages"]["align"]["seconds"] > 0


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on the PATH")
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=quiet)
        yield browser
        browser.close()


@pytest.fixture(params=[(1280, 800, "light"), (390, 844, "light"), (390, 844, "dark")])
def opened(
    request: pytest.FixtureRequest, browser: "Browser", clone: Clone
) -> Iterator[tuple["Page", list[str]]]:
    """The page in a window of some width and colour scheme, with what the browser complained of."""
    width, height, scheme = request.param
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: complaints.append(asked.url[:80])
            if not asked.url.startswith(("file:", "data:")) else None)  # fmt: skip
    page.goto((clone.folder / report.REPORT).as_uri())
    yield page, complaints
    page.close()


def test_a_browser_has_nothing_to_complain_of(opened: tuple["Page", list[str]]) -> None:
    page, complaints = opened
    for summary in page.locator("summary").all():
        summary.click()
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    broken = "[...document.images].filter(i => !i.complete || !i.naturalWidth).length"
    assert page.evaluate(broken) == 0


def test_the_answer_needs_no_scrolling(opened: tuple["Page", list[str]]) -> None:
    page, _ = opened
    height = page.evaluate("innerHeight")
    for selector in ("h1", "header strong", ".tiles"):
        box = page.locator(selector).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height


def test_accessibility_rules_hold(opened: tuple["Page", list[str]]) -> None:
    page, _ = opened
    for summary in page.locator("summary").all():
        summary.click()
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_the_keyboard_reaches_everything(opened: tuple["Page", list[str]]) -> None:
    page, _ = opened
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.tagName"))
    assert {"A", "SUMMARY", "DIV"} <= reached  # links, folds, tables wider than the window


def test_prints_in_black_on_white(browser: "Browser", clone: Clone) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto((clone.folder / report.REPORT).as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 27, 27)"
    assert page.locator("#duplicates-left").bounding_box()  # folded on the screen
    page.close()
