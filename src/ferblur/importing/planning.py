"""What becomes of each row: its emotion, its pool, its name, or the reason to leave it out."""

import hashlib
import re
import shlex
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from ferblur.core.errors import UserError
from ferblur.core.study import POOLS
from ferblur.curation.vocabulary import CANONICAL, canonical, fold, nearest
from ferblur.importing.layouts import NO_EMOTION
from ferblur.importing.layouts import POOLS as POOL_WORDS
from ferblur.importing.rows import Row

NAMELESS = "no person named"

LONGEST = 200  # bytes of a name; file systems allow 255
SHOWN = 12  # unknown labels in a message


def kept(rows: Iterable[Row]) -> list[Row]:
    """The rows that nothing speaks against so far."""
    return [row for row in rows if not row.reason]


def pool_of(row: Row) -> str:
    """The pool of a row that has one."""
    return row.target.partition("/")[0]


def name_emotions(
    rows: Sequence[Row],
    codes: Mapping[str, str | None],
    given: Mapping[str, str],
    meaning: Callable[[str], str | None] = canonical,
) -> None:
    """Give each row the emotion that its label means, and a reason where it means none.

    `codes` are the layout's, `given` the user's, which come first; an empty emotion there leaves
    the label's images out. `meaning` tells the emotion of any other label. Raises UserError naming
    the labels that nobody can tell.
    """
    meanings: dict[str, str | None] = {}
    unknown: Counter[str] = Counter()
    for row in kept(rows):
        label = re.sub(r"\.0+$", "", row.label) if codes or given else row.label
        if label not in meanings:
            meanings[label] = _emotion(label, codes, given, meaning)
        if meanings[label] is None:
            unknown[label] += 1
        row.emotion = meanings[label] or ""
        if not row.emotion:
            row.reason = f"label {row.label[:40]}" if row.label else "no label"
    if unknown:
        said = [
            f"'{label[:40]}' ({number}{f', {_near(label)}?' if _near(label) else ''})"
            for label, number in unknown.most_common(SHOWN)
        ]
        more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        # what is copied must not be wrong: a word that only looks alike stays open
        near = (f"{label}={canonical(label) or ''}" for label, _ in unknown.most_common(SHOWN))
        raise UserError(
            f"labels that name no known emotion: {', '.join(said)}{more}; say what each means, or "
            f'nothing to leave it out: OPTIONS="--labels {shlex.quote(",".join(near))}"'
        )


def name_pools(rows: Sequence[Row], share: float, seed: int) -> str:
    """Give each row a pool: the source's own, or else drawn, `share` of them for deployment.

    Where people are named, rows that name none are left out: of a given pool, or of all.
    Returns in words what was done. Raises UserError for words that name no pool.
    """
    left = kept(rows)
    words = Counter(row.pool for row in left)
    unknown = sorted(word for word in words if word and fold(word) not in POOL_WORDS)
    if unknown:
        raise UserError(
            f"pools: {', '.join(repr(word) for word in unknown[:SHOWN])}: "
            f"neither train nor deployment; known are {', '.join(sorted(POOL_WORDS))} "
            "(--columns pool= passes a table's over)"
        )
    meant = {word: POOL_WORDS[fold(word)] for word in words if word}
    if set(meant.values()) == set(POOLS):
        for row in left:
            if row.pool:
                row.target = meant[row.pool]
            else:
                row.reason = "no pool"
        for pool in POOLS:
            _leave_out_nameless([row for row in left if row.target == pool])
        mapped = [
            f"{', '.join(sorted(word for word in meant if meant[word] == pool))} -> {pool}"
            for pool in POOLS
        ]
        return f"as given: {'; '.join(mapped)}"
    people = {row.subject for row in left} - {""}
    if len(people) == 1:
        raise UserError(
            f"people: {people.pop()} is the only one, and one person cannot fill two pools "
            "(--columns subject= draws images instead)"
        )
    known = bool(people)
    _leave_out_nameless(left)
    left = kept(left)
    labels = [row.emotion for row in left]
    scenes = [row.file or row.where for row in left]
    several = len(set(scenes)) < len(scenes)  # faces in one
    if known or several:
        units = [row.subject for row in left] if known else scenes
        chosen = draw_people(units, labels, share, seed)
    else:
        chosen = draw_images(labels, share, seed)
    for row, deployed in zip(left, chosen, strict=True):
        row.target = POOLS[int(deployed)]
    given = f" (all say {', '.join(sorted(meant))})" if meant else ""
    how = "person" if known else "scene" if several else "image"
    return f"none given{given}; drawn with seed {seed}, {share:g} for deployment, by {how}"


def draw_images(labels: Sequence[str], share: float, seed: int) -> np.ndarray:
    """Draw `share` of each label's images: a bool for each, true for deployment.

    Of two images or more, at least one is in each pool.
    """
    generator = np.random.default_rng(seed)
    chosen = np.zeros(len(labels), dtype=bool)
    values = np.array(labels, dtype=object)
    for label in sorted(set(labels)):
        places = np.flatnonzero(values == label)
        number = min(max(round(share * len(places)), 1), len(places) - 1)
        chosen[generator.permutation(places)[:number]] = True
    return chosen


def draw_people(
    people: Sequence[str], labels: Sequence[str], share: float, seed: int
) -> np.ndarray:
    """Draw people until they have `share` of each label's images: a bool for each image.

    Whoever brings the labels' shares nearer to `share` is taken, in random order. Then people are
    moved so that each label that two people show is in both pools, where that takes no other away.
    """
    names, person = np.unique(np.array(people, dtype=object), return_inverse=True)
    kinds, kind = np.unique(np.array(labels, dtype=object), return_inverse=True)
    counts = np.zeros((len(names), len(kinds)))
    np.add.at(counts, (person, kind), 1)
    totals = counts.sum(axis=0)
    shares = counts / totals
    drawn = np.zeros(len(names), dtype=bool)
    now = np.zeros(len(kinds))
    for index in np.random.default_rng(seed).permutation(len(names)):
        after = now + shares[index]
        if ((after - share) ** 2).sum() < ((now - share) ** 2).sum():
            drawn[index], now = True, after
    for place in range(len(kinds)):
        for pool in (True, False):
            showing = np.flatnonzero(counts[:, place])
            if len(showing) > 1 and not (drawn[showing] == pool).any():
                missing = [_missing(counts, drawn, int(index)) for index in showing]
                mover = showing[int(np.argmin(missing))]
                drawn[mover] = pool
    return drawn[person]


def leave_out_repeated(rows: Sequence[Row]) -> None:
    """Of an image that is listed twice keep the first row, or none where they contradict."""
    listed: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in kept(rows):
        listed[row.file or row.where, row.name].append(row)
    for same in listed.values():
        first = same[0]
        if any((row.emotion, row.pool, row.subject) != _said(first) for row in same[1:]):
            for row in same:
                row.reason = "listed twice, with different labels, people or pools"
        for row in same[1:]:
            row.reason = row.reason or "listed twice"


def leave_out_others(rows: Sequence[Row], emotions: Sequence[str]) -> None:
    """Leave out the rows of any but these emotions, where some are given.

    Raises UserError naming those of them that no row has.
    """
    if not emotions:
        return
    having = {row.emotion for row in kept(rows)}
    if missing := sorted({*emotions} - having):
        raise UserError(
            f"--emotions: no image shows {', '.join(missing)}; there are "
            f"{', '.join(sorted(having)) or 'none'}"
        )
    for row in kept(rows):
        if row.emotion not in emotions:
            row.reason = f"{row.emotion} is not asked for"


def leave_out_surplus(rows: Sequence[Row], most: int, seed: int) -> None:
    """Keep at most `most` images of each emotion, so that each pool keeps its share of them.

    In a pool each person is drawn in proportion to the images of other emotions there are of that
    person (Sainte-Laguë), so that who is shown, and in what kind of picture, does not give the
    emotion away. Where these do not suffice, one image of each other person follows, then a second,
    and so on. Where nobody says who is shown, any images are drawn.
    """
    generator = np.random.default_rng(seed)
    left = kept(rows)
    for emotion in sorted({row.emotion for row in left}):
        shown = [row for row in left if row.emotion == emotion]
        pools = [[row for row in shown if pool_of(row) == pool] for pool in POOLS]
        if len(shown) <= most or not all(pools):  # what only one pool has is left out anyway
            continue
        others = Counter(row.subject for row in left if row.emotion != emotion)
        deployed = min(max(round(most * len(pools[1]) / len(shown)), 1), most - 1)
        for pool, number in zip(pools, (most - deployed, deployed), strict=True):
            turns: Counter[str] = Counter()
            drawn = []
            for index in generator.permutation(len(pool)):
                person = pool[index].subject
                known = others[person] if person else 0
                turn = (turns[person] + 0.5) / max(known, 1)
                drawn.append((not known, turn, generator.random(), index))
                turns[person] += bool(person)
            for *_, index in sorted(drawn)[number:]:
                pool[index].reason = f"more than {most} of {emotion}"


def lonely(row: Row) -> str:
    """The reason to leave a row out whose emotion only one pool has."""
    return f"only one pool has {row.emotion}"


def leave_out_lonely(rows: Sequence[Row]) -> tuple[str, ...]:
    """Leave out emotions that only one pool has; returns the others, sorted.

    Raises UserError where fewer than two are left, or more than ten.
    """
    having: dict[str, set[str]] = {pool: set() for pool in POOLS}
    for row in kept(rows):
        having[pool_of(row)].add(row.emotion)
    both = having["train"] & having["deployment"]
    for row in kept(rows):
        if row.emotion not in both:
            row.reason = lonely(row)
    if not 2 <= len(both) <= 10:
        found = "; ".join(f"{pool}: {', '.join(sorted(having[pool]))}" for pool in POOLS)
        remedy = (
            "--labels LABEL= leaves one out"
            if len(both) > 10
            else "--labels LABEL=another counts one as another emotion; --columns pool=, or else "
            "another --seed or --deployment, draws other pools"
        )
        raise UserError(
            f"two to ten emotions must be in both pools, not {len(both)} ({found}): {remedy}"
        )
    return tuple(sorted(both))


def name_targets(rows: Sequence[Row], least_parts: int = 1) -> None:
    """Give each row its place `pool/emotion/name`, from as few of its path's parts as tell apart.

    `row.target` holds the pool before. Names that remain the same are numbered; so are those of
    images to be written that differ in their suffix only, as a missing one is added later.
    """

    def place(row: Row, name: str) -> tuple[str, str, str]:
        stem = (name.rpartition(".")[0] or name) if row.content else name
        return row.target, row.emotion, stem.casefold()

    left = kept(rows)
    paths = [(row.name or row.file).split("/") for row in left]
    deepest = max(map(len, paths), default=1)
    parts = min(least_parts, deepest)
    while parts < deepest:
        names = {place(row, _safe(path, parts)) for row, path in zip(left, paths, strict=True)}
        if len(names) == len(left):
            break
        parts += 1
    taken: dict[tuple[str, str, str], int] = {}  # and the last number that its name has
    for row, path in zip(left, paths, strict=True):
        name = _safe(path, parts)
        stem, dot, suffix = name.rpartition(".")
        first = place(row, name)
        number = taken.get(first, 1)
        while place(row, name) in taken:
            number += 1
            name = f"{stem}-{number}{dot}{suffix}" if dot else f"{suffix}-{number}"
        taken[place(row, name)] = 1
        taken[first] = number
        row.target = f"{row.target}/{row.emotion}/{name}"


def people_in_both(rows: Iterable[Row]) -> list[str]:
    """People that the pools share, sorted."""
    pools: dict[str, set[str]] = {pool: set() for pool in POOLS}
    for row in kept(rows):
        if row.subject:
            pools[pool_of(row)].add(row.subject)
    return sorted(pools["train"] & pools["deployment"])


def _emotion(
    label: str,
    codes: Mapping[str, str | None],
    given: Mapping[str, str],
    meaning: Callable[[str], str | None],
) -> str | None:
    """The emotion of a label; empty where it has none, None where nobody can tell."""
    if label in given:
        return given[label]
    if label in codes:
        return codes[label] or ""
    if fold(label) in NO_EMOTION or label == "-1" or not label:
        return ""
    return meaning(label)


def _leave_out_nameless(rows: Sequence[Row]) -> None:
    """Leave out the rows without a person where another has one: truth.csv lists all or none."""
    if any(row.subject for row in rows):
        for row in rows:
            row.reason = "" if row.subject else NAMELESS


def _near(label: str) -> str | None:
    return None if label.strip("-.0123456789") == "" else nearest(label, CANONICAL)


def _said(row: Row) -> tuple[str, str, str]:
    return row.emotion, row.pool, row.subject


def _missing(counts: np.ndarray, drawn: np.ndarray, index: int) -> int:
    """How many labels some pool would lack if this person changed sides."""
    after = drawn.copy()
    after[index] = not after[index]
    return int((counts[after].sum(axis=0) == 0).sum() + (counts[~after].sum(axis=0) == 0).sum())


def _safe(path: Sequence[str], parts: int) -> str:
    """A file name of a path's last parts that any system can hold and nobody hides."""
    joined = unicodedata.normalize("NFC", "__".join(path[-parts:]))
    name = re.sub(r'[\x00-\x1f\x7f-\x9f\ud800-\udfff\\:*?"<>|]', "_", joined)
    if name.startswith("."):
        name = f"_{name[1:]}"
    if len(name.encode()) > LONGEST:
        stem, dot, suffix = name.rpartition(".")
        ending = f"_{hashlib.sha256(joined.encode(errors='replace')).hexdigest()[:8]}"
        ending += dot + suffix if len(suffix) < 8 else ""
        room = LONGEST - len(ending.encode())
        name = (stem or suffix).encode()[:room].decode(errors="ignore") + ending
    return name
