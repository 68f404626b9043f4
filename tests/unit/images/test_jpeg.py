"""Damage in a JPEG is told as far as it shows, and what only looks like it is not."""

import random
from collections.abc import Callable

import pytest

from ferblur.images.decoding import decode
from ferblur.images.jpeg import _bare, check
from ferblur.images.limits import UnusableError
from hostile_images import NOISY, PROGRESSIVE, detailed, odd_scan, pad, save, scan, segment

ODD: dict[str, Callable[[bytes], bytes]] = {
    "as written": lambda jpeg: jpeg,
    "scan parameters": odd_scan,
    "padding": lambda jpeg: pad(pad(jpeg, 0xC4, 8), 0xDB, 2),
    "a version of JFIF": lambda jpeg: jpeg.replace(b"JFIF\0\1", b"JFIF\0\7"),
    "comments": lambda jpeg: jpeg[:2] + segment(0xFE, b"\xff\xda" * 9) + jpeg[2:],
}


def rejected(content: bytes) -> bool:
    try:
        check(content, 160 * 120)
    except UnusableError:
        return True
    return False


@pytest.mark.parametrize("odd", ODD)
def test_damage_is_told_as_far_as_it_shows(odd: str) -> None:
    content = ODD[odd](save(detailed(), "JPEG", quality=90))
    assert not rejected(content)
    start, chance = scan(_bare(content)) - len(_bare(content)) + len(content), random.Random(0)
    cuts = [chance.randrange(start, len(content) - 3) for _ in range(100)]
    assert all(rejected(content[:at] + b"\xff\xd9") for at in cuts)
    for bytes_, least in ((64, 50), (256, 80), (1024, 98)):
        places = [chance.randrange(start, len(content) - 2 - bytes_) for _ in range(100)]
        noisy = [c + chance.randbytes(bytes_) for c in (content[:at] for at in places)]
        told = sum(rejected(head + content[len(head) :]) for head in noisy)
        assert told >= least, bytes_


def test_every_scan_of_a_sequential_file_may_lack_its_parameters() -> None:
    head = NOISY.index(b"\xff\xda")
    assert NOISY[head + 2 : head + 5] == b"\0\x0c\3"
    three = b"".join(b"\xff\xda\0\x08\1" + bytes([n]) + b"\0\0\0\0" + b"data" for n in (1, 2, 3))
    bare = _bare(NOISY[:head] + three)
    assert bare.endswith(three.replace(b"\0\0\0data", b"\0\x3f\0data"))


def test_progressive_scans_are_left_as_they_are() -> None:
    assert _bare(pad(PROGRESSIVE, 0xC2, 1)).endswith(PROGRESSIVE[PROGRESSIVE.index(b"\xff\xda") :])


@pytest.mark.parametrize(
    "content", [b"\xff\xd8", NOISY[:50], b"\xff\xd8\xff\xe0\0\0" * 9, pad(NOISY, 0xDB, 9),
                b"\xff\xd8\xff\xdb\xff\xff" + NOISY],
    ids=range(5),
)  # fmt: skip
def test_an_unclear_header_is_left_as_it_is(content: bytes) -> None:
    assert _bare(content) == content
    with pytest.raises(ValueError, match="a damaged JPEG"):
        decode(content)


def test_pixels_do_not_depend_on_padding_and_parameters() -> None:
    plain, _ = decode(NOISY)
    for odd in ODD.values():
        assert (decode(odd(NOISY))[0] == plain).all()


def test_cmyk_is_looked_at_too() -> None:
    content = odd_scan(save(detailed().convert("CMYK"), "JPEG"))
    assert not rejected(content)
    assert rejected(content[: len(content) // 2] + b"\xff\xd9")
