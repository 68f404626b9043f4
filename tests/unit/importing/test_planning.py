"""Emotions, pools and names of rows, and the reasons to leave rows out."""

from collections import Counter

import numpy as np
import pytest

from ferblur.core.errors import UserError
from ferblur.importing import planning
from ferblur.importing.rows import Row


def row(file: str = "1.jpg", label: str = "anger", **said: str) -> Row:
    return Row(file, file, label, **said)  # type: ignore[arg-type]


def test_labels_in_any_words() -> None:
    rows = [row(label=label) for label in ("ANGER", "joy", "Other", "", "-1", "NaN", "No-Face")]
    planning.name_emotions(rows, {}, {})
    assert [one.emotion for one in rows] == ["anger", "happiness", "", "", "", "", ""]
    assert [one.reason for one in rows[2:]] == [
        "label Other", "no label", "label -1", "label NaN", "label No-Face",
    ]  # fmt: skip


def test_codes_and_the_users_word() -> None:
    rows = [row(label=label) for label in ("0", "1", "2.0", "3")]
    codes = {"0": "anger", "1": None, "2": "fear", "3": "joy"}
    planning.name_emotions(rows, codes, {"3": "disgust"})
    assert [one.emotion for one in rows] == ["anger", "", "fear", "disgust"]
    assert rows[1].reason == "label 1"


def test_unknown_labels_are_listed_not_guessed() -> None:
    rows = [row(label=label) for label in ("0", "0", "1", "hapiness", "anger")]
    with pytest.raises(UserError) as error:
        planning.name_emotions(rows, {}, {})
    message = str(error.value)
    assert "'0' (2), '1' (1), 'hapiness' (1, happiness?)" in message
    assert message.endswith('OPTIONS="--labels 0=,1=,hapiness="')
    assert "\n" not in message


def test_many_unknown_labels_are_counted() -> None:
    rows = [row(label=f"x{number}") for number in range(50)]
    with pytest.raises(UserError, match="and 38 more"):
        planning.name_emotions(rows, {}, {})


def test_a_label_left_out_by_the_user() -> None:
    rows = [row(label="0"), row(label="smirk"), row(label="anger")]
    planning.name_emotions(rows, {}, {"0": "", "smirk": "smirk"})
    assert [one.emotion for one in rows] == ["", "smirk", "anger"]


def test_pools_as_given() -> None:
    words = ["Training", "PublicTest", "PrivateTest", "val", ""]
    rows = [row(pool=word) for word in words]
    said = planning.name_pools(rows, 0.33, 1)
    assert [one.target for one in rows] == ["train", *["deployment"] * 3, ""]
    assert rows[4].reason == "no pool"
    assert "Training -> train; PrivateTest, PublicTest, val -> deployment" in said


def test_unknown_pools_are_named() -> None:
    with pytest.raises(UserError, match="pools: 'fold1', 'fold2': neither"):
        planning.name_pools([row(pool="fold1"), row(pool="fold2"), row(pool="train")], 0.33, 1)


def labelled(people: int, each: int = 6) -> list[Row]:
    return [
        row(f"{person}/{number}.jpg", subject=f"p{person}", pool="train")
        for person in range(people)
        for number in range(each)
    ]


def test_one_pool_alone_is_drawn_from_by_person() -> None:
    rows = labelled(30)
    for number, one in enumerate(rows):
        one.emotion = ("anger", "fear", "joy")[number % 3]
    rows += [row("nobody.jpg", pool="train")]
    said = planning.name_pools(rows, 0.3, 1)
    assert "none given (all say train); drawn with seed 1, 0.3 for deployment, by person" in said
    pools = {(one.subject, one.target) for one in rows if not one.reason}
    assert Counter(pool for _, pool in pools) == {"train": 21, "deployment": 9}
    assert rows[-1].reason == "no person named"


def test_another_seed_draws_others() -> None:
    labels = ["a", "b"] * 50
    people = [f"p{number // 4}" for number in range(100)]
    first, again, other = (planning.draw_people(people, labels, 0.3, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("seed", range(20))
def test_each_label_of_two_people_is_in_both_pools(seed: int) -> None:
    generator = np.random.default_rng(seed)
    people = [f"p{person}" for person in generator.integers(0, 12, 300)]
    labels = list(generator.choice(["a", "b", "c"], 300, p=[0.7, 0.25, 0.05]))
    people += ["p1", "p2", "only"]
    labels += ["rare", "rare", "single"]
    drawn = planning.draw_people(people, labels, 0.2, seed)
    pools: dict[str, set[bool]] = {label: set() for label in labels}
    for label, deployed in zip(labels, drawn, strict=True):
        pools[label].add(bool(deployed))
    assert pools.pop("single") in ({True}, {False})
    assert set(map(len, pools.values())) == {2}
    both = {person for person, deployed in zip(people, drawn, strict=True) if deployed}
    assert not both & {p for p, deployed in zip(people, drawn, strict=True) if not deployed}


@pytest.mark.parametrize("share", [0.01, 0.33, 0.5, 0.99])
def test_images_are_drawn_by_label(share: float) -> None:
    labels = ["a"] * 100 + ["b"] * 2 + ["c"]
    drawn = planning.draw_images(labels, share, 1)
    assert drawn[:100].sum() == round(share * 100)
    assert drawn[100:102].sum() == 1
    assert not drawn[102]


def test_an_image_listed_twice() -> None:
    rows = [row("1.jpg"), row("1.jpg"), row("2.jpg"), row("2.jpg"), row("3.jpg"), row("4.jpg")]
    for number, emotion in enumerate(["anger", "anger", "anger", "fear", "joy", "joy"]):
        rows[number].emotion = emotion
    rows[4].name, rows[5].name = "0.png", "1.png"
    rows[5].file = "3.jpg"  # two faces of one scene
    planning.leave_out_repeated(rows)
    different = "listed twice, with different labels, people or pools"
    assert [one.reason for one in rows] == ["", "listed twice", different, different, "", ""]


def test_emotions_of_one_pool_only() -> None:
    rows = []
    for emotion, target in [
        ("b", "train"), ("b", "deployment"), ("a", "train"), ("a", "deployment"), ("c", "train"),
    ]:  # fmt: skip
        rows.append(row())
        rows[-1].emotion, rows[-1].target = emotion, target
    assert planning.leave_out_lonely(rows) == ("a", "b")
    assert rows[4].reason == "only one pool has c"
    rows[0].reason = "x"
    with pytest.raises(UserError, match=r"not 1 \(train: a; deployment: a, b\): .*--seed or --dep"):
        planning.leave_out_lonely(rows)


def test_more_than_ten_emotions() -> None:
    rows = []
    for number in range(11):
        for target in ("train", "deployment"):
            rows.append(row())
            rows[-1].emotion, rows[-1].target = f"e{chr(97 + number)}", target
    with pytest.raises(
        UserError, match=r"two to ten emotions must be in both pools, not 11.*--labels LABEL= "
    ):
        planning.leave_out_lonely(rows)


def shown(*people: str, emotion: str = "joy", pool: str = "train") -> list[Row]:
    """A row for each, of one emotion in one pool."""
    rows = [row(f"{pool}/{number}.jpg", subject=who) for number, who in enumerate(people)]
    for one in rows:
        one.emotion, one.target = emotion, pool
    return rows


def test_other_emotions_are_left_out() -> None:
    rows = [*shown("a"), *shown("b", emotion="fear"), *shown("c", emotion="smirk")]
    planning.leave_out_others(rows, [])
    assert planning.kept(rows) == rows
    planning.leave_out_others(rows, ["joy", "smirk"])
    assert [one.reason for one in rows] == ["", "fear is not asked for", ""]
    with pytest.raises(UserError, match="no image shows anger, fear; there are joy, smirk"):
        planning.leave_out_others(rows, ["fear", "joy", "anger"])


def joyful(rows: list[Row], pool: str = "train") -> Counter[str]:
    """The joyful images of each person that are kept in a pool."""
    left = planning.kept(rows)
    return Counter(one.subject for one in left if (one.emotion, one.target) == ("joy", pool))


def test_people_are_drawn_in_proportion_to_their_other_images() -> None:
    """By the divisors 1, 3, 5, …: of 20, 30 : 10 is 15 : 5; of 10, 5 : 3 : 1 is 6 : 3 : 1."""
    rows = shown(*"a" * 40, *"b" * 40, *"c" * 40) + shown(*"xyz" * 20, pool="deployment")
    rows += shown(*"a" * 20, *"b" * 6, emotion="fear") + shown(*"a" * 10, *"b" * 4, emotion="awe")
    rows += shown(*"xxxxxyyyz", emotion="fear", pool="deployment")
    planning.leave_out_surplus(rows, 30, 1)
    assert joyful(rows) == {"a": 15, "b": 5}
    assert joyful(rows, "deployment") == {"x": 6, "y": 3, "z": 1}
    left = Counter(one.emotion for one in planning.kept(rows))
    assert left == {"joy": 30, "fear": 30, "awe": 14}
    assert {one.reason for one in rows} == {"", "more than 30 of joy", "more than 30 of fear"}


def test_one_image_of_each_other_person_comes_before_a_second() -> None:
    rows = shown(*"aaaaaaaaabbbbccd") + shown(*"eeee", pool="deployment")
    rows += shown(*"dddddd", emotion="fear")
    planning.leave_out_surplus(rows, 10, 1)
    assert joyful(rows) in (Counter("dabcabca"), Counter("dabcabcb"))
    assert joyful(rows, "deployment") == {"e": 2}


def test_pools_keep_their_shares() -> None:
    rows = shown(*map(str, range(300))) + shown(*map(str, range(100)), pool="deployment")
    planning.leave_out_surplus(rows, 40, 1)
    assert Counter(one.target for one in planning.kept(rows)) == {"train": 30, "deployment": 10}


@pytest.mark.parametrize("most", [2, 3, 10])
def test_no_pool_is_emptied(most: int) -> None:
    rows = shown(*"a" * 500) + shown("b", pool="deployment")
    planning.leave_out_surplus(rows, most, 1)
    kept = Counter(one.target for one in planning.kept(rows))
    assert kept == {"train": most - 1, "deployment": 1}


def test_people_are_drawn_alike_however_many_images_they_have() -> None:
    """Of 30 people with an image each and 30 with 20, half are drawn."""
    many = 0
    for seed in range(1, 41):
        rows = shown(*(f"one{n}" for n in range(30)), *(f"many{n % 30}" for n in range(600)))
        rows += shown("x", pool="deployment")
        planning.leave_out_surplus(rows, 31, seed)
        left = [one.subject for one in planning.kept(rows)]
        assert len(set(left)) == len(left) == 31
        many += sum(who.startswith("many") for who in left)
    assert many / (40 * 30) == pytest.approx(0.5, abs=0.06)  # four standard deviations


def test_the_draw_of_images_depends_on_the_seed_alone() -> None:
    def left(seed: int) -> list[str]:
        rows = shown(*"abcdefgh" * 5) + shown(*"xyz" * 5, pool="deployment")
        planning.leave_out_surplus(rows, 20, seed)
        return [one.file for one in planning.kept(rows)]

    assert left(1) == left(1) != left(2)


def test_images_of_nobody_are_drawn_without_people() -> None:
    rows = shown(*[""] * 30) + shown(*[""] * 10, pool="deployment")
    planning.leave_out_surplus(rows, 8, 1)
    assert Counter(one.target for one in planning.kept(rows)) == {"train": 6, "deployment": 2}


def test_an_emotion_of_one_pool_only_is_left_to_others() -> None:
    rows = shown(*"abc")
    planning.leave_out_surplus(rows, 2, 1)
    assert planning.kept(rows) == rows


def targets(*files: str, least: int = 1) -> list[str]:
    rows = [row(file) for file in files]
    for one in rows:
        one.emotion, one.target = "anger", "train"
    planning.name_targets(rows, least)
    return [one.target.removeprefix("train/anger/") for one in rows]


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (("a/b/1.jpg", "a/c/2.jpg"), ["1.jpg", "2.jpg"]),
        (("a/b/1.jpg", "a/c/1.jpg"), ["b__1.jpg", "c__1.jpg"]),
        (("b/x/1.jpg", "c/x/1.jpg", "2.jpg"), ["b__x__1.jpg", "c__x__1.jpg", "2.jpg"]),
        (("A.jpg", "a.jpg"), ["A.jpg", "a-2.jpg"]),  # one file on some systems
        (("x__1.jpg", "x/1.jpg", "y/1.jpg"), ["x__1.jpg", "x__1-2.jpg", "y__1.jpg"]),
        (("a\nb.jpg", "c\x1b[31m.jpg"), ["a_b.jpg", "c_[31m.jpg"]),
        (("a:b*?.jpg", "a\\b.jpg"), ["a_b__.jpg", "a_b.jpg"]),
        (("..x.jpg", "e\u0301.jpg"), ["_.x.jpg", "\u00e9.jpg"]),
        (("\udce9.jpg",), ["_.jpg"]),
        (("a b 100%.jpg",), ["a b 100%.jpg"]),
        (("none", "None"), ["none", "None-2"]),
    ],
)
def test_names(files: tuple[str, ...], names: list[str]) -> None:
    assert targets(*files) == names


def test_names_of_at_least_two_parts() -> None:
    assert targets("cropped/video/1.jpg", least=2) == ["video__1.jpg"]


def test_long_names_are_cut_and_stay_different() -> None:
    names = targets("ü" * 200 + "a.jpg", "ü" * 200 + "b.jpg")
    assert len(set(names)) == 2
    assert all(len(name.encode()) <= 200 and name.endswith(".jpg") for name in names)


def test_many_equal_names_are_numbered_at_once() -> None:
    names = targets(*["1.jpg"] * 30_000, "1-2.jpg", "1.jpg")
    assert names[:3] == ["1.jpg", "1-2.jpg", "1-3.jpg"]
    assert names[-3:] == ["1-30000.jpg", "1-2-2.jpg", "1-30001.jpg"]
    assert len(set(names)) == len(names)


def test_people_in_both_pools() -> None:
    rows = [row(subject=person) for person in ("a", "a", "b", "", "")]
    for one, pool in zip(rows, ["train", "deployment"] * 3, strict=False):
        one.target = pool
    assert planning.people_in_both(rows) == ["a"]
