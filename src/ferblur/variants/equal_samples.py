"""The baseline with blur in place: the samples drawn for the second model replace their originals.

So there are as many samples, and steps, as the baseline has.
"""

from collections import defaultdict

from ferblur.beyond.training import Source, Variant

ORIGINAL = ["source_id", "flip", "brightness"]
"""What a blurred sample has in common with the sharp one it was drawn from."""


def variant(source: Source) -> Variant:
    """What this model gains over the baseline is not owed to more samples."""
    rows = source.baseline.copy()
    places = defaultdict(list)
    for place, original in enumerate(rows[ORIGINAL].itertuples(index=False, name=None)):
        places[original].append(place)
    blurred = source.second[source.second["blur_radius"] > 0]
    radii = rows["blur_radius"].to_numpy(copy=True)
    originals = blurred[ORIGINAL].itertuples(index=False, name=None)
    for original, radius in zip(originals, blurred["blur_radius"], strict=True):
        if places[original]:  # with split.reuse one sample serves several levels, here the first
            radii[places[original].pop(0)] = radius
    return Variant(rows.assign(blur_radius=radii), source.params.train.epochs)
