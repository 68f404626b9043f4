"""What variants are made from."""

import pytest

from ferblur.beyond.training import Source
from ferblur.core.params import Params
from variant_source import source as make


@pytest.fixture
def source(smoke: Params) -> Source:
    """Both models' datasets."""
    return make(smoke)
