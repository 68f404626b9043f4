"""Typeset the paper: paper/main.typ, with every number read from the results, to PDF."""

from pathlib import Path

import typst

from ferblur import stages
from ferblur.errors import UserError
from ferblur.files import atomic

SOURCE = Path("paper/main.typ")
OUT = Path("paper/main.pdf")


def main() -> None:
    """Compile the paper; a number it names and the results lack stops with the key's name."""
    with atomic(OUT) as temporary:
        try:
            # only Typst's own fonts, so that the bytes do not depend on the machine
            # and PDF/UA-1, which a picture without alternative text would fail
            typst.compile(
                str(SOURCE),
                output=str(temporary),
                root=".",
                ignore_system_fonts=True,
                pdf_standards=["ua-1"],
            )
        except typst.TypstError as error:
            where = next(
                (part for part in error.diagnostic.split() if part.startswith(str(SOURCE))),
                str(SOURCE),
            )
            raise UserError(f"{where}: {error.message}") from error


if __name__ == "__main__":
    stages.run(main)
