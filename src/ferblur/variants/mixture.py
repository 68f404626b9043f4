"""The second model with several kinds of blur: of each emotion and level, as many of each kind."""

import numpy as np

from ferblur.beyond.training import Source, Variant


def variant(source: Source) -> Variant:
    """Shares the blurred samples out to the kinds at random; radii, and so strengths, stay."""
    rows = source.second
    kernels = np.full(len(rows), source.kernels[0], dtype=object)
    blurred = rows["blur_radius"] > 0
    for places in rows[blurred].groupby(["label", "blur_radius"]).indices.values():
        dealt = np.resize(source.kernels, len(places))
        kernels[np.flatnonzero(blurred)[places]] = source.generator.permutation(dealt)
    return Variant(rows.assign(kernel=kernels), source.params.train.epochs)
