"""The layer table against torchvision's own account of the model, and against the paper."""

import json

from torchvision.models import GoogLeNet_Weights

from ferblur.evidence import architecture
from ferblur.evidence.architecture import Step


def test_totals_are_torchvisions() -> None:
    published = GoogLeNet_Weights.IMAGENET1K_V1.meta
    table = architecture.layers(architecture.googlenet(1000))
    assert table["parameters"].sum() == published["num_params"]
    assert round(table["operations"].sum() / 1e9, 3) == published["_ops"]


def test_22_layers_27_with_pooling() -> None:
    table = architecture.layers(architecture.googlenet())
    assert table["depth"].sum() == 22
    pools = table["type"].isin(["max pooling", "average pooling"]).sum()
    assert table["depth"].sum() + pools == 27


def test_rows_are_those_of_szegedy_et_al() -> None:
    table = architecture.layers(architecture.googlenet()).set_index("layer")
    first = table.loc["conv1"].to_dict()
    assert (first["window"], first["stride"], first["height"], first["channels"]) == (7, 2, 112, 64)
    block = table.loc["inception3a"].to_dict()
    assert (block["height"], block["width"], block["channels"]) == (28, 28, 256)
    widths = ["1x1", "3x3 reduce", "3x3", "5x5 reduce", "5x5", "pool projection"]
    assert [block[width] for width in widths] == [64, 96, 128, 16, 32, 32]
    assert table.loc["inception5b", "channels"] == 1024
    assert table.loc["fc", "channels"] == 6
    assert table.loc["fc", "parameters"] == 1024 * 6 + 6


def test_torchvisions_branch_called_5x5_is_3x3() -> None:
    network = architecture.googlenet()
    found = architecture.branches(network.inception3a)
    assert [step.size for step in found[2]] == [1, 3]
    assert found[3] == [Step("max pooling", 3), Step("convolution", 1, 32)]
    assert [branch[0].size for branch in architecture.NAIVE] == [1, 3, 5, 3]


def test_the_description_is_json_and_whole() -> None:
    described = json.loads(json.dumps(architecture.describe()))
    assert described == architecture.describe()
    assert len(described["figure9"]) == len(described["layers"]) - 1  # conv2 and conv3 are one row
    assert described["layers"][-1]["channels"] == 6
    assert described["figure9"][-1]["channels"] == 1000
    assert len(described["branches"]["inception3a"]) == 4
    assert len(described["branches"]["conv1"]) == 1
    assert set(described["branches"]) == {r["layer"] for r in described["layers"]} - {"dropout"}
    assert [len(branch) for branch in described["naive"]] == [1, 1, 1, 1]
