"""The words that datasets use for emotions."""

import re

import pytest

from ferblur.curation.vocabulary import CANONICAL, canonical, nearest, spelt_out


@pytest.mark.parametrize(
    ("word", "emotion"),
    [
        ("anger", "anger"), ("Angry", "anger"), ("ANG", "anger"), ("disgusted", "disgust"),
        ("afraid", "fear"), (" fearful\t", "fear"), ("HAPPY", "happiness"), ("joy", "happiness"),
        ("No Emotion", "neutral"), ("no-emotion", "neutral"), ("sad", "sadness"),
        ("suprise", "surprise"), ("\uff28appy", "happiness"), ("contemptuous", "contempt"),
        ("bananas", None), ("", None), ("3", None), ("none", None),
    ],
)  # fmt: skip
def test_words_of_an_emotion(word: str, emotion: str | None) -> None:
    assert canonical(word) == emotion


@pytest.mark.parametrize(
    ("folder", "emotion"),
    [("Happy", "happiness"), ("joy", "happiness"), ("SAD", "sadness"), ("SA", None), ("ang", None),
     ("Normal", None), ("No Expression", "neutral"), ("x", None)],
)  # fmt: skip
def test_folders_say_an_emotion_in_full(folder: str, emotion: str | None) -> None:
    assert spelt_out(folder) == emotion


def test_every_name_may_stand_in_the_parameters() -> None:
    assert all(re.fullmatch(r"[a-z][a-z_]{0,29}", name) for name in CANONICAL)
    assert {"anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"} < CANONICAL
    assert all(canonical(name) == name for name in CANONICAL)


@pytest.mark.parametrize(
    ("word", "name"),
    [("Anger", "anger"), ("happy", "happiness"), ("hapiness", "happiness"), ("angr", "anger"),
     ("surprized", "surprise"), ("fears", "fear"), ("zzz", None), ("neutral", None)],
)  # fmt: skip
def test_the_nearest_of_the_names_at_hand(word: str, name: str | None) -> None:
    assert nearest(word, ["anger", "fear", "happiness", "surprise"]) == name
