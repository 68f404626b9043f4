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
    table = architecture.layers(architecture.googlenet(6))
    assert table["depth"].sum() == 22
    pools = table["type"].isin(["max pooling", "average pooling"]).sum()
    assert table["depth"].sum() + pools == 27


def test_rows_are_those_of_szegedy_et_al() -> None:
    table = architecture.layers(architecture.googlenet(6)).set_index("layer")
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
    network = architecture.googlenet(6)
    found = architecture.branches(network.inception3a)
    assert [step.size for step in found[2]] == [1, 3]
    assert found[3] == [Step("max pooling", 3), Step("convolution", 1, 32)]
    assert [branch[0].size for branch in architecture.NAIVE] == [1, 3, 5, 3]


def test_with_5x5_is_the_network_of_szegedy_et_al() -> None:
    built = architecture.figure9(architecture.googlenet(6)).set_index("layer")
    table = architecture.figure9(architecture.with_5x5(architecture.googlenet(6)))
    table = table.set_index("layer")
    same = [name for name in table if name not in ("window", "parameters", "operations")]
    assert table[same].equals(built[same])
    modules = table["type"] == "inception"
    assert table[~modules].equals(built[~modules])
    assert table.loc[modules, "window"].eq(5).all()
    filters = 16 * table["5x5 reduce"] * table["5x5"]  # 25 weights in place of 9
    assert table["parameters"].equals(built["parameters"] + filters)
    assert table["operations"].equals(
        built["operations"] + filters * table["height"] * table["width"]
    )
    # in millions, as published
    published = {"3a": 128, "3b": 304, "4b": 88, "4c": 100, "4e": 170, "5b": 71}
    millions = (table["operations"] / 1e6).astype(float).round().to_dict()
    assert {name: millions[f"inception{name}"] for name in published} == published


def test_the_description_is_json_and_whole() -> None:
    described = json.loads(json.dumps(architecture.describe(6)))
    assert described == architecture.describe(6)
    assert len(described["figure9"]) == len(described["layers"]) - 1  # conv2 and conv3 are one row
    assert len(described["with_5x5"]) == 9
    assert described["layers"][-1]["channels"] == 6
    assert described["figure9"][-1]["channels"] == 1000
    assert len(described["branches"]["inception3a"]) == 4
    assert len(described["branches"]["conv1"]) == 1
    assert set(described["branches"]) == {r["layer"] for r in described["layers"]} - {"dropout"}
    assert [len(branch) for branch in described["naive"]] == [1, 1, 1, 1]


def test_the_description_has_the_classes_of_the_run() -> None:
    six, five = (architecture.describe(classes) for classes in (6, 5))
    assert five["layers"][-1]["channels"] == five["branches"]["fc"][0][0]["filters"] == 5
    assert five["figure9"] == six["figure9"]  # as published
    assert five["modules"] == six["modules"]
