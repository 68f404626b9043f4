"""Contact sheets show every class by its name."""

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from face_tables import FIVE, SEVEN
from ferblur.core.params import load_params
from ferblur.core.study import EMOTIONS
from ferblur.pages.contact_sheet import sheets
from ferblur.stages import balance, split


@pytest.mark.parametrize("classes", [EMOTIONS, FIVE, SEVEN])
def test_a_row_for_each_class(aligned: Path, classes: tuple[str, ...]) -> None:
    balance.main()
    split.main()
    train, deployment, second = sheets(load_params())
    for sheet in (train, deployment):
        assert sheet["alt"] == f"Contact sheet with rows {', '.join(classes)}."
        assert sheet["height"] == len(classes) * (72 + 20)
        picture = base64.b64decode(sheet["source"].partition(",")[2])
        assert Image.open(io.BytesIO(picture)).size == (sheet["width"], sheet["height"])
    assert second["alt"].count("px)") == 4
