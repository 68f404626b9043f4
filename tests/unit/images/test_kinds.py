"""Every kind says what to do."""

import pytest

from ferblur.images.kinds import SIGNATURES, describe


@pytest.mark.parametrize("kind", SIGNATURES)
def test_every_kind_has_a_remedy(kind: str) -> None:
    what, _, remedy = kind.partition(": ")
    assert what
    assert len(remedy) > 5


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "an empty file: "),
        ("é".encode() * 600, "text, "),  # cut inside a letter
        ("é".encode("latin-1") * 9, "not a picture: "),
        (b"\xff\xd8\xff\xe0", "a damaged JPEG: "),
        (b"\xef\xbb\xbf  <HTML>", "a web page"),
        (b"\0\0\0\0", "nothing but zeros"),
    ],
)
def test_beginnings(content: bytes, expected: str) -> None:
    assert describe(content).startswith(expected)
