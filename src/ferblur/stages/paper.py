"""Typeset the paper: paper/main.typ, with every number read from the results, to PDF."""

from pathlib import Path

import typst

from ferblur.core import stage
from ferblur.core.errors import UserError
from ferblur.core.files import atomic

PAPER_SOURCE = Path("paper/main.typ")
PDF = Path("paper/main.pdf")


def main() -> None:
    """Compile the paper; a number it names and the results lack stops with the key's name."""
    with atomic(PDF) as temporary:
        try:
            # only Typst's own fonts, so that the bytes do not depend on the machine
            # and PDF/UA-1, which a picture without alternative text would fail
            typst.compile(
                str(PAPER_SOURCE),
                output=str(temporary),
                root=".",
                ignore_system_fonts=True,
                pdf_standards=["ua-1"],
            )
        except typst.TypstError as error:
            where = next(
                (part for part in error.diagnostic.split() if part.startswith(str(PAPER_SOURCE))),
                str(PAPER_SOURCE),
            )
            raise UserError(f"{where}: {error.message}") from error


if __name__ == "__main__":
    stage.run(main)
