"""What is refused before a decoder starts, and what waits."""

import threading
from pathlib import Path

import pytest

from ferblur.images import decoding
from ferblur.images.decoding import read_image
from ferblur.images.limits import Counted, Room, UnusableError, check_parts
from hostile_images import JPEG, tiff


def test_users_wait_where_they_do_not_fit_together() -> None:
    room, inside, most = Room(10), 0, 0
    lock = threading.Lock()

    def use(amount: int) -> None:
        nonlocal inside, most
        with room.take(amount):
            with lock:
                inside += min(amount, 10)
                most = max(most, inside)
            threading.Event().wait(0.002)
            with lock:
                inside -= min(amount, 10)

    users = [threading.Thread(target=use, args=(amount,)) for amount in [3, 4, 50, 1, 9, 2] * 4]
    for user in users:
        user.start()
    for user in users:
        user.join(10)
    assert not any(user.is_alive() for user in users)
    assert inside == 0
    assert 3 < most <= 10


def test_room_is_given_back_after_a_failure(tmp_path: Path) -> None:
    (tmp_path / "cut.jpg").write_bytes(JPEG[:-20])
    free = decoding._pixels._free, decoding._bytes._free
    with pytest.raises(ValueError, match="a damaged JPEG"):
        read_image(tmp_path / "cut.jpg")
    assert (decoding._pixels._free, decoding._bytes._free) == free


def test_a_file_of_millions_of_parts_is_given_up() -> None:
    file = Counted(bytes(10))
    with pytest.raises(OSError, match="too many parts"):
        for _ in range(2**20 + 1):
            file.read(0)


@pytest.mark.parametrize("entry", [(273, 4, 2**19, 8), (273, 3, 2**32 - 1, 8)])
def test_a_tiff_of_too_many_numbers_is_refused(entry: tuple[int, int, int, int]) -> None:
    with pytest.raises(UnusableError, match="a damaged TIFF: "):
        check_parts(tiff(entry))
    tag, _, count, value = entry
    check_parts(tiff((tag, 7, count, value)))  # bytes stay together


def test_directories_in_a_circle_are_looked_at_once() -> None:
    check_parts(tiff((34665, 4, 1, 8), (34853, 4, 1, 8)))
    many = [(34665, 4, 1, 8 + 2 * step) for step in range(20)]
    with pytest.raises(UnusableError, match="a damaged TIFF: "):
        check_parts(tiff(*many))


def test_a_deep_directory_is_looked_at() -> None:
    deep = tiff((273, 4, 2**20, 8))[8:]
    with pytest.raises(UnusableError, match="1,048,576 values"):
        check_parts(tiff((34665, 4, 1, 26), after=deep))


def test_lack_of_memory_is_not_called_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(decoding, "rgb", fail)
    with pytest.raises(ValueError, match="needs more memory than there is"):
        decoding.decode(JPEG)
