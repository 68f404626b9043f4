"""One self-contained page for a reviewer: verdicts, tables, figures, faces, and this run."""

from pathlib import Path

import jinja2

from ferblur.core import run_log, stage
from ferblur.core.files import write_text
from ferblur.core.params import load_params
from ferblur.pages.report import content, summary

TEMPLATE = Path("paper/report.html.jinja")
REPORT = Path("results/report.html")


def main() -> None:
    """Write the page, note the environment beside the durations, and print a summary."""
    page = content(load_params())
    run_log.note_environment(page["environment"] | {"packages": page["packages"]})
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATE.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    write_text(REPORT, templates.get_template(TEMPLATE.name).render(page))
    print(summary(page))


if __name__ == "__main__":
    stage.run(main)
