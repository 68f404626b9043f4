"""One row for each picture that a source names, and what is to become of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class Row:
    """A picture with its label as the source has them, then what the importer makes of them."""

    where: str
    """Where the source names it: `labels.csv:12`, or the file itself."""
    file: str = ""
    """The image, as a path inside the source's folder of images."""
    label: str = ""
    subject: str = ""
    pool: str = ""
    name: str = ""
    """The name to give an image that is written anew."""
    content: Callable[[], bytes] | None = None
    """Makes the bytes of an image that is no file of its own: pixels in a table, a face in a scene.
    Raises ValueError with the reason where they cannot be made."""
    about: Mapping[str, str] | None = None
    """What else truth.csv says of it, by column: the `clip` that it is a frame of, who is shown."""
    reason: str = ""
    """Why it is left out; empty where it is imported."""
    emotion: str = ""
    target: str = ""
    """Its place in the dataset: `train/anger/1.jpg`."""
