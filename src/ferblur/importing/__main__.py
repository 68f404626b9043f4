"""Bring a dataset of faces in: `python -m ferblur.importing SOURCE NAME`.

SOURCE is a table of images and emotions, or a folder in one of the field's layouts. The images are
linked as datasets/NAME/{train,deployment}/<emotion>/; datasets/NAME/import.csv says what became of
every row and image, and datasets/NAME/params.yaml is a profile for `make repro PROFILE=NAME`.
"""

import argparse
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from ferblur.core.errors import UserError, one_line
from ferblur.core.files import sha256, write_json
from ferblur.core.study import EMOTIONS, POOLS
from ferblur.curation.sidecar import SIDECAR
from ferblur.curation.vocabulary import canonical
from ferblur.importing import planning, profile, writing
from ferblur.importing.layouts import BY_NAME, Layout, Options, recognise
from ferblur.importing.readers import CLASH, NO_VIDEO
from ferblur.importing.rows import Row
from ferblur.importing.source import UNREADABLE, Source
from ferblur.importing.tables import names_images

UNNAMED = "no row names it"
ORIGINAL = "original of an aligned image"
MISTAKEN = (UNNAMED, "a name of another form", "no such file", "no label")
"""Reasons that speak for a mistake where they hold for a third of all."""
OURS = (SIDECAR, writing.RECORD)


class Parser(argparse.ArgumentParser):
    """A parser that tells of a mistake in one line, as everything here does."""

    def error(self, message: str) -> NoReturn:
        """Raise UserError with the message."""
        raise UserError(f"{message}; --help lists what there is")


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line. Raises UserError on a mistake in it."""
    layouts = (f"  {one.name:16}{one.title}: {one.mark}" for one in BY_NAME.values())
    parser = Parser(
        prog="python -m ferblur.importing",
        description=__doc__,
        epilog="\n".join(("layouts, and what each is recognised by:", *layouts)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", type=_path, metavar="SOURCE", help="a folder or a table")
    parser.add_argument("name", metavar="NAME", help="the dataset's folder in datasets/")
    parser.add_argument(
        "--layout", choices=sorted(BY_NAME), metavar="LAYOUT", help="one of those below"
    )
    parser.add_argument("--images", type=_path, help="the folder of a table's images")
    parser.add_argument(
        "--columns",
        type=_pairs,
        default={},
        help="of the table: file=photo,label=mood,subject=who; pool= or subject= passes one over",
    )
    parser.add_argument(
        "--labels", type=_pairs, default={}, help="such as 0=anger,1=happiness,2= (left out)"
    )
    parser.add_argument("--profile", help="the profile to start from (default: demo)")
    parser.add_argument(
        "--deployment", type=float, default=0.33, help="its share where no pools are given"
    )
    parser.add_argument("--seed", type=int, default=1, help="of that draw, and of --most")
    parser.add_argument(
        "--emotions", type=_words, default=[], help="bring in these only: anger,happiness"
    )
    parser.add_argument(
        "--most",
        type=int,
        metavar="N",
        help="bring in at most N images of an emotion: pools keep shares, and people are drawn "
        "in proportion to their images of other emotions, then one image of each other person",
    )
    parser.add_argument(
        "--every",
        type=int,
        default=1,
        help="take every Nth frame of Aff-Wild2, and list no other (a row takes 1.2 kB of memory)",
    )
    parser.add_argument(
        "--frames",
        type=int,
        default=1,
        metavar="N",
        help="take N frames of each clip, equally far apart (default: 1, the middle)",
    )
    parser.add_argument("--copy", action="store_true", help="copy images instead of linking them")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    return parser.parse_args(arguments)


def main(arguments: argparse.Namespace) -> None:
    """Recognise, plan, say so, and write.

    Raises UserError where anything is unclear; then nothing is written.
    """
    given = _check(arguments)
    root = writing.DATASETS / arguments.name
    own = profile.own(arguments.name, root)
    if own and arguments.profile:
        raise UserError(
            f"--profile: {arguments.name} is a profile itself, and none is written; leave "
            "--profile out, or choose another NAME"
        )
    writing.check_place(arguments.name, arguments.source)
    options = Options(arguments.columns, given, arguments.every, arguments.frames)
    numbered = any(column.isdecimal() for column in options.columns.values())
    source = Source(arguments.source, arguments.images, numbered)
    layout = recognise(source, options, arguments.layout)
    base = profile.named(arguments.profile or layout.profile)
    print(f"recognised: {layout.title}" + (f"; {layout.does}" if layout.does else ""))

    rows = list(layout.read(source, options))
    for row in rows:
        row.pool = "" if options.columns.get("pool") == "" else row.pool
        row.subject = "" if options.columns.get("subject") == "" else row.subject
    pools = plan(rows, source, layout, arguments, given)
    emotions = planning.leave_out_lonely(rows)
    planning.name_targets(rows, layout.name_parts)
    named = len(rows)
    rows += unnamed(source, rows)
    describe(rows, named, pools)
    for warning in warnings(source, rows, pools):
        print(f"warning: {warning}")
    if arguments.dry_run:
        print(f"dry run: nothing is written; {root} would be")
        return

    with writing.replacing(arguments.name) as folder:
        written = writing.write_images(folder, source, rows, arguments.copy)
        before, emotions = emotions, planning.leave_out_lonely(rows)  # some could not be made
        for emotion in sorted({*before} - {*emotions}):
            print(
                f"warning: {emotion} is left out, as so many of its images could not be made that "
                f"only one pool has it; {writing.RECORD} says why"
            )
        writing.remove_left_out(folder, rows)
        writing.write_people(folder, rows)
        writing.write_record(folder, rows)
        noted = {"source": str(arguments.source.resolve())}
        if not own:
            small = profile.are_small([folder / row.target for row in planning.kept(rows)])
            made = folder / writing.PROFILE
            counts = writing.tally(rows)
            profile.write(made, base, root, layout.title, emotions, counts, small)
            noted["profile"] = sha256(made)
            earlier = writing.origin(root).get("profile", "")
            if kept := profile.keep_edits(root / writing.PROFILE, made, earlier):
                print(kept)
            elif small:
                print(f"images of {profile.SMALL} px or less: taken whole (align.detector: none)")
        write_json(folder / writing.ORIGIN, noted)
    print(f"{root}: {written}")
    if written.symbolic:
        print("warning: a container does not see what such links lead to; --copy copies instead")
    summarise(rows, named)
    if source.passed:
        print(f"frames passed over (--every {arguments.every}): {len(source.passed):,}")
    if not own and (said := beyond(rows)):
        print(said)
    print(f"every row and image: {root / writing.RECORD}")
    print(f"Next: make repro PROFILE={arguments.name}")


def plan(
    rows: list[Row],
    source: Source,
    layout: Layout,
    arguments: argparse.Namespace,
    given: dict[str, str],
) -> str:
    """Decide each row's emotion and pool; returns in words how the pools came about.

    Raises UserError where nothing is left.
    """
    if planning.kept(rows):
        planning.name_emotions(rows, layout.codes, given, layout.meaning)
        planning.leave_out_repeated(rows)
        planning.leave_out_others(rows, arguments.emotions)
    if not planning.kept(rows):
        reasons = Counter(row.reason for row in rows)
        raise UserError(
            f"{source.given}: nothing to import: {len(rows)} rows, "
            f"{_counts(reasons) or 'no images'}; images were looked for in {source.images.path} "
            "(--images names another folder)"
        )
    pools = planning.name_pools(rows, arguments.deployment, arguments.seed)
    if arguments.most is not None:
        planning.leave_out_surplus(rows, arguments.most, arguments.seed)
    return pools


def unnamed(source: Source, rows: Sequence[Row]) -> list[Row]:
    """Images that no row names, and files that are neither images nor texts, each with a reason.

    All of a folder's; of a table's, those beside images that it names.
    """
    images = source.images
    if not source.whole and not any(row.file for row in rows):
        return []
    named = {row.file for row in rows} | source.passed
    aligned = {Path(file).stem for file in named if Path(file).stem.endswith("_aligned")}
    beside = {file.rpartition("/")[0] for file in named if file}
    everywhere = source.whole or images is not source.folder
    left = {
        file: ORIGINAL if f"{Path(file).stem}_aligned" in aligned else UNNAMED
        for file in images.images
    }
    left |= dict(sorted((images.foreign | images.refused).items()))
    return [
        Row(file, file, reason=reason)
        for file, reason in left.items()
        if file not in named and (everywhere or file.rpartition("/")[0] in beside)
    ]


def describe(rows: Sequence[Row], named: int, pools: str) -> None:
    """Print what will come in, before anything is written."""
    counts = writing.tally(rows)
    print(f"found: {named:,} rows, {len(planning.kept(rows)):,} to import")
    for pool in POOLS:
        print(f"{pool}: {sum(counts[pool].values()):,}: {_counts(counts[pool])}")
    smallest = {pool: min(kinds.items(), key=lambda one: one[1]) for pool, kinds in counts.items()}
    said = ", ".join(
        f"{emotion} {number} in {pool}" for pool, (emotion, number) in smallest.items()
    )
    print(f"smallest: {said}")
    print(f"pools: {pools}")
    people = {row.subject for row in planning.kept(rows)} - {""}
    print(f"people: {len(people):,}" if people else "people: not known")


def warnings(source: Source, rows: Sequence[Row], pools: str) -> Iterator[str]:
    """What the user may not want, told before anything is written."""
    if shared := planning.people_in_both(rows):
        yield f"people in both pools: {len(shared)} ({_some(shared)})"
    if not any(row.subject for row in planning.kept(rows)):
        yield "frames of one person may be in both pools, as nobody says who is shown"
    out = Counter(row.reason for row in rows)
    if out[planning.NAMELESS]:
        words = _some(sorted(map(repr, source.nobody)))
        yield (
            f"{out[planning.NAMELESS]:,} are left out: {planning.NAMELESS}"
            + f" (so {words} is read; a person of such a name needs another)" * bool(words)
            + "; --columns subject= takes all, without people"
        )
    if out[CLASH]:
        yield f"{out[CLASH]:,} are left out: {CLASH}; --labels FOLDER=emotion says which counts"
    if locked := [row.file for row in rows if row.reason.startswith(UNREADABLE)]:
        yield f"folders that cannot be read: {_some(locked)}"
    videos = {row.where.rpartition(":")[0] for row in rows if row.reason == NO_VIDEO}
    if videos:
        yield f"videos without a folder of frames: {len(videos):,} ({_some(sorted(videos))})"
    foreign = source.images.foreign
    beside = Counter(
        row.reason for row in rows if row.reason and foreign.get(row.file) == row.reason
    )
    if sum(beside.values()) * 20 > len(planning.kept(rows)):
        yield f"files that are not taken: {_counts(beside)}"
    for emotion in sorted({row.emotion for row in rows if row.reason == planning.lonely(row)}):
        yield (
            f"{emotion} ({out[f'only one pool has {emotion}']:,}) is left out, as only one pool "
            f"has it; --labels LABEL=another counts its label as another emotion"
            + ", --columns pool= draws new pools"
            * pools.startswith("as given")
        )
    for reason in MISTAKEN:
        if out[reason] * 3 > len(rows):
            yield f"{out[reason]:,} of {len(rows):,} are left out: {reason}"
    read = {row.where.rpartition(":")[0] for row in rows}
    unread = [
        file
        for file in (source.texts if source.whole else ())
        if file not in read
        and Path(file).name not in OURS
        and (file not in source.tables or names_images(source.tables[file]))
    ]
    if unread:
        yield f"lists that are not read: {_some(unread)}"


def summarise(rows: Sequence[Row], named: int) -> None:
    """Print the sum: rows = imported + left out, by reason."""
    out = Counter(row.reason for row in rows[:named] if row.reason)
    imported = named - sum(out.values())
    print(f"rows: {named:,} = {imported:,} imported + {sum(out.values()):,} left out", end="")
    print(f": {_counts(out)}" if out else "")
    if beyond := Counter(row.reason for row in rows[named:]):
        print(f"files beside them, left out: {_counts(beyond)}")


def beyond(rows: Sequence[Row]) -> str:
    """Which emotions came in that the study has not, and how to leave them out; empty if none."""
    more = [row for row in planning.kept(rows) if row.emotion not in EMOTIONS]
    if not more:
        return ""
    labels = ",".join(f"{label}=" for label in sorted({row.label for row in more}))
    return (
        f"beyond the study's emotions: {', '.join(sorted({row.emotion for row in more}))}; "
        f'OPTIONS="--labels {shlex.quote(labels)}" leaves them out'
    )


def _check(arguments: argparse.Namespace) -> dict[str, str]:
    """Check the options; returns the emotions that the user gives labels."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", arguments.name):
        raise UserError(
            f"NAME: '{arguments.name}': letters, digits, - and _, beginning with a letter or digit"
        )
    if not 0 < arguments.deployment < 1:
        raise UserError(f"--deployment: a share between 0 and 1, not {arguments.deployment}")
    for option in ("seed", "every", "frames"):
        if getattr(arguments, option) < 1:
            raise UserError(f"--{option}: from 1, not {getattr(arguments, option)}")
    if arguments.most is not None and arguments.most < len(POOLS):
        raise UserError(f"--most: from {len(POOLS)}, one for each pool, not {arguments.most}")
    if unknown := sorted({*arguments.columns} - {"file", "label", "subject", "pool"}):
        raise UserError(f"--columns: file, label, subject or pool, not {', '.join(unknown)}")
    given = {label: canonical(word) or word for label, word in arguments.labels.items()}
    for label, emotion in given.items():
        if emotion and not re.fullmatch(r"[a-z][a-z_]{0,29}", emotion):
            raise UserError(f"--labels: {label}={emotion}: small letters and _ only")
    return given


def _counts(numbers: Counter[str]) -> str:
    return ", ".join(f"{what} {number:,}" for what, number in sorted(numbers.items()))


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:5])}{', …' * (len(names) > 5)}"


def _pairs(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not all(equals for _, equals, _ in pairs):
        raise argparse.ArgumentTypeError(f"'{text}': pairs such as 0=anger,1=happiness")
    return {key.strip(): value.strip() for key, _, value in pairs}


def _words(text: str) -> list[str]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    return [canonical(word) or word for word in words]


def _path(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("no file or folder named")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # ~somebody
        raise argparse.ArgumentTypeError(f"'{text}': {error}") from error


if __name__ == "__main__":
    with one_line():
        main(parse())
