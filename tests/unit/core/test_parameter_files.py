"""Odd and hostile parameter files: read as DVC reads them, or refused in one line, at once."""

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.utils.serialize import load_yaml

from clone import ROOT
from ferblur.core.errors import UserError
from ferblur.core.params import load_params
from users import unprivileged

SMOKE = (ROOT / "profiles/smoke.yaml").read_text(encoding="utf-8")
ONE_KEY = "data: {root: faces}\n"

READ: dict[str, tuple[str, str, Any]] = {
    "DVC's own spelling of a number": ("train.learning_rate", "5e-05", 5e-05),
    "an exponent without a point": ("train.weight_decay", "1E-3", 0.001),
    "a point at the end": ("align.min_confidence", "1.", 1.0),
    "zeros in front are no octal": ("train.epochs", "015", 15),
    "octal": ("train.epochs", "0o17", 15),
    "hexadecimal": ("train.seeds", "[0xff]", (255,)),
    "underscores": ("balance.deployment_per_class", "1_000", 1000),
    "a whole number for a share": ("prepare.max_rejected", "1", 1.0),
    "the word smallest": ("balance.deployment_per_class", "smallest", "smallest"),
    "a class named no": ("data.emotions", "[yes, no]", ("yes", "no")),
    "a date in quotes": ("data.root", "'2020-01-01'", "2020-01-01"),
    "sexagesimal is text": ("data.root", "1:30", "1:30"),
    "a path beside one of ours": ("data.root", "database/faces", "database/faces"),
    "a path in another alphabet": ("data.root", "/srv/лица 表情", "/srv/лица 表情"),
    "a number with a name": ("train.seeds", "[&seed 3, 4]", (3, 4)),
    "a comment": ("train.epochs", "3  # three", 3),
}

REFUSED: dict[str, tuple[str, str, str]] = {
    # numbers
    "not a number": ("train.learning_rate", ".nan", "Input should be a finite number (is nan)"),
    "infinity": ("train.learning_rate", ".inf", "Input should be a finite number (is inf)"),
    "beyond a double": ("train.dropout", "1e999", "Input should be a finite number (is inf)"),
    "below a double": ("train.learning_rate", "1e-999", "Input should be greater than 0 (is 0.0)"),
    "infinitely many": ("train.epochs", ".inf", "Input should be a valid integer (is inf)"),
    "a flag for a number": ("train.epochs", "true", "Input should be a valid integer (is True)"),
    "half an epoch": ("train.epochs", "1.5", "Input should be a valid integer (is 1.5)"),
    "years of training": ("train.epochs", "1_000_000", "Input should be less than or equal to 1000 "
                          "(is 1000000)"),
    "too many resamples": ("statistics.resamples", "1000000000000", "Input should be less than or "
                           "equal to 10000 (is 1000000000000)"),
    "too many seeds": ("train.seeds", str(list(range(101))), "must be a list of 1 to 100, not of "
                       "101 (is [0, 1, 2"),
    "a batch beyond memory": ("train.batch_size", "100000", "Input should be less than or equal to "
                              "4096 (is 100000)"),
    "a batch of evaluation": ("evaluate.batch_size", "100000", "Input should be less than or equal "
                              "to 4096 (is 100000)"),
    "a batch of faces": ("align.batch_size", "100000", "Input should be less than or equal to 1024 "
                         "(is 100000)"),
    "too many people": ("synthesize.subjects.train", "10000000", "Input should be less than or "
                        "equal to 1000000 (is 10000000)"),
    "too many blurred": ("split.blurred_per_class", "10000000", "Input should be less than or "
                         "equal to 1000000 (is 10000000)"),
    "too many duplicates": ("synthesize.duplicates.train", "10000000", "Input should be less than "
                            "or equal to 1000000 (is 10000000)"),
    "a huge face": ("align.size", "100000", "Input should be less than or equal to 1024 (is 1"),
    "a huge search": ("align.enlarge", "100000", "Input should be less than or equal to 1024 (is"),
    "neither number nor word": ("balance.deployment_per_class", "largest", "must be a number of "
                                "faces, 1 to 1000000, or smallest (is 'largest')"),
    "no face": ("balance.deployment_per_class", "0", "must be a number of faces, 1 to 1000000, or "
                "smallest (is 0)"),
    "half a face": ("balance.deployment_per_class", "1.5", "must be a number of faces, 1 to "
                    "1000000, or smallest (is 1.5)"),
    "a flag for faces": ("balance.deployment_per_class", "true", "must be a number of faces, 1 to "
                         "1000000, or smallest (is True)"),
    # words
    "yes is no flag": ("split.reuse", "yes", "Input should be a valid boolean (is 'yes')"),
    "off is no flag": ("split.reuse", "off", "Input should be a valid boolean (is 'off')"),
    "nothing": ("train.epochs", "", "Input should be a valid integer (is None)"),
    "a list for a number": ("train.epochs", "[1]", "Input should be a valid integer (is [1])"),
    "a section for a number": ("train.epochs", "{a: 1}", "Input should be a valid integer"),
    "a colour without quotes": ("figures.second", "#D55E00", "Input should be a valid string"),
    "a colour by name": ("figures.second", "orange", "must be a colour in quotes, such as '#0072B2'"
                         " (is 'orange')"),
    "a long text": ("train.optimizer", "a" * 5000, "Input should be 'adam' or 'adamw' (is 'aaa"),
    # classes
    "a class with a capital": ("data.emotions", "[fear, Anger]", ".1: must be up to 30 lower-case "
                               "letters or _, such as anger (is 'Anger')"),
    "a class of two words": ("data.emotions", "[fear, 'Very happy!']", ".1: must be up to 30 "
                             "lower-case letters or _, such as very_happy (is 'Very happy!')"),
    "a class by number": ("data.emotions", "[fear, 3]", ".1: Input should be a valid string"),
    "a class that is a path": ("data.emotions", "[fear, ../x]", ".1: must be up to 30 lower-case "
                               "letters or _, such as x (is '../x')"),
    "a class that is a gap": ("data.emotions", "[fear, nan]", ".1: must be another name, for this"
                              " one means something else in tables (is 'nan')"),
    "one class": ("data.emotions", "[fear]", "must be a list of 2 to 10, not of 1 (is ['fear'])"),
    "eleven classes": ("data.emotions", "[a, b, c, d, e, f, g, h, i, j, k]", "must be a list of 2 "
                       "to 10, not of 11 (is ['a'"),
    "a class twice": ("data.emotions", "[fear, fear]", "must not name anything twice (is ['fear'"),
    "classes in one word": ("data.emotions", "fear", "Input should be a valid array (is 'fear')"),
    # the folder
    "home": ("data.root", "~/faces", "must be written out: neither ~ nor variables are replaced "
             "(is '~/faces')"),
    "a variable": ("data.root", "$HOME/faces", "must be written out: neither ~ nor variables are "
                   "replaced (is '$HOME/faces')"),
    "DVC's variable": ("data.root", '"a/${train.epochs}"', "must be written out: neither ~ nor "
                       "variables are replaced (is 'a/${train.epochs}')"),
    "null": ("data.root", "~", "Input should be a valid string (is None)"),
    "no folder": ("data.root", '""', "must name a folder (is '')"),
    "a space": ("data.root", '" "', "must name a folder (is ' ')"),
    "a space at the end": ("data.root", '"faces "', "must not begin or end with space, nor hold "
                           "control characters (is 'faces ')"),
    "an escaped NUL": ("data.root", r'"a\0b"', "must not begin or end with space, nor hold control "
                       r"characters (is 'a\x00b')"),
    "an escaped newline": ("data.root", r'"a\nb"', "must not begin or end with space, nor hold "
                           r"control characters (is 'a\nb')"),
    "a terminal's command": ("data.root", r'"a\e[31m"', "must not begin or end with space, nor hold"
                             r" control characters (is 'a\x1b[31m')"),
    "a bucket": ("data.root", "s3://bucket/faces", "must be a folder of this machine, not an "
                 "address (is 's3://bucket/faces')"),
    "what is replaced": ("data.root", "data", "must not lie in data, whose files the pipeline "
                         "replaces (is 'data')"),
    "within what is replaced": ("data.root", "x/../results/faces", "must not lie in results, whose "
                                "files the pipeline replaces (is 'x/../results/faces')"),
    "git's folder": ("data.root", "./.git/faces", "must not lie in .git, whose files the pipeline "
                     "replaces (is './.git/faces')"),
    "a path without end": ("data.root", "x" * 5000, "String should have at most 1000 characters "),
}  # fmt: skip
"""The key, its value as YAML, and what is said behind the key's name."""

WHOLE: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "must hold keys with their values, section by section"),
    "only a comment": ("# later\n", "must hold keys with their values, section by section"),
    "a list": ("- data\n- train\n", "must hold keys with their values, section by section"),
    "a word": ("train\n", "must hold keys with their values, section by section"),
    "huge": (ONE_KEY * 5000, "larger than 65536 bytes"),
    "NUL bytes": (b"data: {root: \0}\n", "unacceptable character #x0000"),
    "UTF-16": (ONE_KEY.encode("utf-16"), "must be UTF-8 text; byte 1 is not"),
    "UTF-16 without a mark": (ONE_KEY.encode("utf-16-le"), "unacceptable character #x0000"),
    "Latin-1": ("data: {root: études}\n".encode("latin-1"), "must be UTF-8 text; byte 14 is not"),
    "a picture": (b"\xff\xd8\xff\xe0" + bytes(99), "must be UTF-8 text; byte 1 is not"),
    "a tab": ("data:\n\troot: faces\n", r"line 2: found character '\t' that cannot start"),
    "left open": ("data: {root: faces\n", "line 2: expected ',' or '}'"),
    "a quote left open": ("data: {root: 'faces}\n", "line 2: found unexpected end of stream"),
    "two values": ("data: root: faces\n", "line 1: mapping values are not allowed here"),
    "a conflict of git": ("<<<<<<< HEAD\ndata: 1\n=======\ndata: 2\n", "line "),
    "two documents": (f"{ONE_KEY}---\n{ONE_KEY}", "line 2: but found another document"),
    "a key twice": ("data: {root: a}\ndata: {root: b}\n", 'line 2: found duplicate key "data"'),
    "a key twice, deeper": ("train: {epochs: 1, epochs: 2}\n", 'line 1: found duplicate key "ep'),
    "a number for a key": ("1: {root: faces}\n", "line 1: a key must be text, not '1'"),
    "nothing for a key": ("~: {root: faces}\n", "line 1: a key must be text, not '~'"),
    "a list for a key": ("? [data]\n: faces\n", "line 1: a key must be text, not a list or a sect"),
    "a merge": ("data: {<<: {root: faces}}\n", "line 1: a key must be text, not '<<'"),
    "a date": ("data:\n  root: 2020-01-01\n", "line 2: a timestamp is not read here; put text in "),
    "no such date": ("data:\n  root: 2020-99-99\n", "line 2: a timestamp is not read here; put te"),
    "Python's tag": ("data: !!python/object/apply:os.system [true]\n", "line 1: a python/obj"),
    "a tag for bytes": ("data: !!binary aGFsbG8=\n", "line 1: a binary is not read here"),
    "a tag for a set": ("data: !!set {root}\n", "line 1: a set is not read here"),
    "a tag of one's own": ("data: !folder faces\n", "line 1: a !folder is not read here"),
    "a tag that lies": ("data: !!int faces\n", "line 1: not what its tag says, or no text"),
    "a tag on nothing": ("data: !!bool\n", "line 1: not what its tag says, or no text"),
    "half a character": ('data: {root: "\\ud800"}\n', "line 1: not what its tag says, or no text"),
    "5,001 digits": (f"data: {'9' * 5001}\n", "line 1: a number of 5001 characters"),
    "5,001 hexadecimal digits": (f"data: 0x{'f' * 5001}\n", "line 1: a number of 5003 characters"),
    "5,001 decimals": (f"data: 0.{'9' * 5001}\n", "line 1: a number of 5003 characters"),
    "10,000 brackets": ("[" * 10_000, "over 20 lists or sections within each other"),
    "10,000 braces": ("{a: " * 10_000, "over 20 lists or sections within each other"),
    "10,000 dashes": ("- " * 10_000, "over 20 lists or sections within each other"),
    "an alias of itself": ("data: &a [*a]\n", "line 1: an anchor may only name a word or a numb"),
    "a billion laughs": (
        "k0: &a0 [x, x]\n" + "".join(f"k{i + 1}: &a{i + 1} [*a{i}, *a{i}]\n" for i in range(30)),
        "line 1: an anchor may only name a word or a number",
    ),
    "long laughs": (f"a: &a {'x' * 30_000}\nb: [{'*a ,' * 8_000}]\n", "line 1: an anchor may"),
    "an alias of nothing": ("data: *faces\n", "line 1: found undefined alias 'faces'"),
    "an anchor twice": ("data: [&a 1, &a 2]\n", "found duplicate anchor 'a'"),
    "a terminal's command for a key": (r'"a\e[31m": 1' + "\n" + SMOKE, r"a\x1b[31m: Extra inputs"),
}  # fmt: skip


def spliced(key: str, value: str) -> str:
    """The smoke profile with the value of one key as it is written here."""
    content: dict[str, Any] = yaml.safe_load(SMOKE)
    *path, last = key.split(".")
    section = content
    for part in path:
        section = section[part]
    section[last] = "@here"
    return yaml.safe_dump(content, sort_keys=False).replace("'@here'", value)


def refusal(file: Path) -> str:
    """The line with which a file is refused, in a second and little memory, less its name."""
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError) as caught:
        load_params(file)
    line = str(caught.value)
    assert time.process_time() - began < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB
    assert line.isprintable()  # so it is one line
    assert len(line) < 400 + len(str(file))
    assert line.startswith(f"{file}: ")
    return line.removeprefix(f"{file}: ")


def test_the_corpus_is_large() -> None:
    assert len(READ) + len(REFUSED) + len(WHOLE) + len(PLACES) >= 100


@pytest.mark.parametrize("name", READ)
def test_what_dvc_reads_is_read_alike(name: str, tmp_path: Path) -> None:
    key, text, value = READ[name]
    file = tmp_path / "params.yaml"
    file.write_text(spliced(key, text), encoding="utf-8")
    found: Any = load_yaml(str(file))
    params: Any = load_params(file)
    for part in key.split("."):
        params, found = getattr(params, part), found[part]
    assert params == value
    assert params == (tuple(found) if isinstance(found, list) else found)


@pytest.mark.parametrize("name", REFUSED)
def test_a_value_is_refused_by_its_key(name: str, tmp_path: Path) -> None:
    key, text, said = REFUSED[name]
    file = tmp_path / "params.yaml"
    file.write_text(spliced(key, text), encoding="utf-8")
    assert refusal(file).startswith(f"{key}{said}" if said[0] == "." else f"{key}: {said}")


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_is_refused(name: str, tmp_path: Path) -> None:
    content, said = WHOLE[name]
    file = tmp_path / "params.yaml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    assert refusal(file).startswith(said)


PLACES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda file: None, "No such file or directory"),
    "a link to nothing": (lambda file: file.symlink_to("nowhere"), "No such file or directory"),
    "a link to itself": (
        lambda file: file.symlink_to(file), "links that lead in a circle; remove them",
    ),
    "a folder": (Path.mkdir, "must be a file, not a folder or a device"),
    "a pipe": (os.mkfifo, "must be a file, not a folder or a device"),
    "a device without end": (
        lambda file: file.symlink_to("/dev/zero"), "must be a file, not a folder or a device",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_what_is_no_file_is_refused(name: str, tmp_path: Path) -> None:
    make, said = PLACES[name]
    file = tmp_path / "params.yaml"
    make(file)
    assert refusal(file) == said


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(SMOKE)
    with unprivileged(tmp_path):
        load_params(file)
    file.chmod(0)
    with unprivileged(tmp_path):
        assert refusal(file).startswith("permission denied; make it readable")


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_editors_add_is_no_matter(mark: str, ends: str, tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_bytes((mark + SMOKE.replace("\n", ends)).encode())
    assert load_params(file) == load_params(ROOT / "profiles/smoke.yaml")
    load_yaml(str(file))  # DVC reads it, too


def test_a_radius_is_held_against_the_face(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(spliced("blur.very_high", "128"))
    assert refusal(file) == "blur.very_high: must be less than align.size, 128, not 128.0"


def test_a_batch_is_held_against_the_size_of_its_images(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    for section in ("train", "evaluate"):
        text = spliced(f"{section}.batch_size", "257")
        file.write_text(text.replace("input_size: 64", "input_size: 512"))
        assert refusal(file) == (
            f"{section}.batch_size: at most 256 where train.input_size is 512, not 257"
        )


def test_rendering_has_an_end(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(spliced("synthesize.frames.train", "4000"))
    assert refusal(file) == (
        "synthesize: frames.train: at most 100000 images, not 124000 of 31 clips"
    )


def test_many_mistakes_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(spliced("train.seeds", str(["x"] * 9000)))
    with pytest.raises(UserError) as caught:
        load_params(file)
    lines = str(caught.value).splitlines()
    assert len(lines) == 21
    assert lines[-1] == f"{file}: 8980 more mistakes"
