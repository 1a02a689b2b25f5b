"""What XGBoost's JSON of a model may hold: each number in it is looked at before XGBoost reads it.

XGBoost follows the numbers of a tree without looking, as native code does. The form is that of its
documentation, *Introduction to Model IO* (https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html),
of which only what :mod:`sensorium.detect.models.ranker_model` makes is let in: trees for one
probability, over numbers, without categories.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from sensorium.detect.arrays import F32, I64, Bool
from sensorium.detect.models.errors import ModelRefusedError, Refusal

MOST_BYTES: Final = 8 << 20
MOST_TREES: Final = 2000
MOST_NODES: Final = 255

_NUMBERS: Final = ("base_weights", "loss_changes", "split_conditions", "sum_hessian")
_PLACES: Final = (
    "default_left",
    "left_children",
    "parents",
    "right_children",
    "split_indices",
    "split_type",
)
_EMPTY: Final = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
_PARTS: Final = frozenset(
    {
        "attributes",
        "feature_names",
        "feature_types",
        "gradient_booster",
        "learner_model_param",
        "objective",
    }
)
_ROOTS_PARENT: Final = 2**31 - 1


def check_boosted(data: bytes, width: int) -> None:
    """ModelRefusedError unless ``data`` is such a model of ``width`` columns."""
    if len(data) > MOST_BYTES:
        raise ModelRefusedError(Refusal.SHAPE, f"it has {len(data)} bytes, at most {MOST_BYTES}")
    try:
        _check(json.loads(data)["learner"], width)
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError) as error:
        raise ModelRefusedError(Refusal.FORMAT, f"it is no boosted model: {error!r}") from error


def _check(learner: Mapping[str, Any], width: int) -> None:
    if set(learner) != _PARTS or learner["attributes"]:
        raise ModelRefusedError(Refusal.FORMAT, "it has parts that such a model has not")
    forest, param = learner["gradient_booster"], learner["learner_model_param"]
    if forest["name"] != "gbtree" or learner["objective"]["name"] != "binary:logistic":
        raise ModelRefusedError(Refusal.FORMAT, "it is no forest of boosted trees for two classes")
    said = [int(param[name]) for name in ("num_feature", "num_class", "num_target")]
    if said != [width, 0, 1] or learner["feature_names"] or learner["feature_types"]:
        raise ModelRefusedError(Refusal.SHAPE, f"it is not of {width} plain columns")
    base = float(str(param["base_score"]).strip("[]"))
    if not 0 < base < 1:
        raise ModelRefusedError(Refusal.RANGE, f"it starts from a probability of {base}")
    model = forest["model"]
    if any(model.get("cats", {}).values()):
        raise ModelRefusedError(Refusal.FORMAT, "it has categories")
    trees = model["trees"]
    if not 0 < len(trees) <= MOST_TREES or int(model["gbtree_model_param"]["num_trees"]) != len(
        trees
    ):
        raise ModelRefusedError(Refusal.SHAPE, f"it has {len(trees)} trees")
    if model["gbtree_model_param"]["num_parallel_tree"] != "1" or any(model["tree_info"]):
        raise ModelRefusedError(Refusal.FORMAT, "its trees are not of one class")
    counted = list(range(len(trees) + 1))
    if model["iteration_indptr"] != counted or len(model["tree_info"]) != len(trees):
        raise ModelRefusedError(Refusal.SHAPE, "its rounds are not of one tree each")
    for number, tree in enumerate(trees):
        _check_tree(tree, number, width)


def _check_tree(tree: Mapping[str, Any], number: int, width: int) -> None:
    param = tree["tree_param"]
    nodes = int(param["num_nodes"])
    good = 0 < nodes <= MOST_NODES and int(param["num_feature"]) == width
    if not good or int(param["size_leaf_vector"]) > 1 or int(param["num_deleted"]):
        raise ModelRefusedError(Refusal.SHAPE, f"tree {number} has {nodes} nodes")
    if tree["id"] != number or any(tree[name] for name in _EMPTY):
        raise ModelRefusedError(Refusal.FORMAT, f"tree {number} is of another form")
    values = {name: _floats(tree[name]) for name in _NUMBERS}
    places = {name: _integers(tree[name]) for name in _PLACES}
    shapes = {array.shape for array in values.values()} | {a.shape for a in places.values()}
    if shapes != {(nodes,)}:
        raise ModelRefusedError(Refusal.SHAPE, f"tree {number} has arrays of other lengths")
    if not all(np.isfinite(array).all() for array in values.values()) or np.any(
        values["sum_hessian"] < 0
    ):
        raise ModelRefusedError(Refusal.RANGE, f"tree {number} holds no usable numbers")
    if not _hangs_together(places, width):
        raise ModelRefusedError(Refusal.RANGE, f"tree {number} leads to where no node is")


def _floats(values: Sequence[Any]) -> F32:
    # In the type that XGBoost keeps: what is finite in JSON may not be there.
    with np.errstate(over="ignore"):
        return np.array(values, np.float64).astype(np.float32)


def _integers(values: Sequence[Any]) -> I64:
    if not all(type(value) is int for value in values):
        raise ValueError("a place is no integer")
    return np.array(values, np.int64)


def _hangs_together(places: Mapping[str, Any], width: int) -> bool:
    """Whether each node but the first is the child of exactly one that comes before it."""
    left, right, parent = (places[n] for n in ("left_children", "right_children", "parents"))
    total = len(left)
    leaf: Bool = left == -1
    inner = np.flatnonzero(~leaf)
    if np.any(right[leaf] != -1) or parent[0] != _ROOTS_PARENT or np.any(places["split_type"]):
        return False
    children = np.concatenate([left[inner], right[inner]])
    if np.any(children <= np.concatenate([inner, inner])) or np.any(children >= total):
        return False
    if len(np.unique(children)) != len(children) or len(children) != total - 1:
        return False
    if np.any(parent[children] != np.concatenate([inner, inner])):
        return False
    column = places["split_indices"]
    ways = places["default_left"]
    return bool(np.all((column >= 0) & (column < width)) and np.all((ways == 0) | (ways == 1)))
