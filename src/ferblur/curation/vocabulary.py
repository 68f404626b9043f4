"""The emotions' names, and the other words that datasets use for them."""

import difflib
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from ferblur.core.files import read_yaml


def fold(word: str) -> str:
    """A word as it is compared: Unicode composed, lower case, letters and digits only."""
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", word).casefold())
    return re.sub(r"[\W_]+", "", composed)


def _read() -> dict[str, str]:
    words: dict[str, str] = {}
    for name, synonyms in read_yaml(Path(__file__).with_name("emotions.yaml")).items():
        words |= dict.fromkeys(map(fold, [name, *synonyms]), name)
    return words


_NAMES = _read()

CANONICAL = frozenset(_NAMES.values())
"""The names that this project uses."""

_SHORT = {"joy", "mad", "sad"}  # words; others of three letters or fewer are codes
_COMMON = {"normal", "ordinary"}  # which folders are called for other reasons


def canonical(word: str) -> str | None:
    """The emotion that a word names, whatever its case and spacing; None for an unknown word."""
    return _NAMES.get(fold(word))


def spelt_out(folder: str) -> str | None:
    """The emotion that a folder's name says in full; None for a code, as people have such too."""
    word = fold(folder)
    clear = word in _SHORT or (len(word) > 3 and word not in _COMMON)
    return canonical(word) if clear else None


def nearest(word: str, among: Iterable[str]) -> str | None:
    """The name that a mistaken word most likely means: its emotion, or else the closest spelling.

    None where nothing among the names is close.
    """
    names = sorted(among)
    if (known := canonical(word)) in names:
        return known
    close = difflib.get_close_matches(fold(word), [*names, *_NAMES], n=len(names) + len(_NAMES))
    meant = (_NAMES.get(match, match) for match in close)
    return next((name for name in meant if name in names), None)
