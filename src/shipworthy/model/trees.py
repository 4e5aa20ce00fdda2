"""Whether the trees inside an opened model can be followed safely.

scikit-learn follows the indices in a tree without looking at them, so a crafted file could make it read outside its
memory. Each index is looked at once, before the first answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def unsound(parts: list[Any]) -> str:
    """What is wrong with the first unsafe tree among the parts of a model; empty where all are sound."""
    for part in parts:
        check = _CHECKS.get(type(part).__name__)
        reason = (check(part) if check else "") or _features_asked_for(part)
        if reason:
            return reason
    return ""


def _features_asked_for(estimator: Any) -> str:
    """Whether trees ask only for features that their estimator is given."""
    given = getattr(estimator, "n_features_in_", None)
    if given is None:
        return ""
    trees = [getattr(estimator, "tree_", None)]
    trees += [getattr(inner, "tree_", None) for inner in _flat(getattr(estimator, "estimators_", []))]
    if any(tree is not None and tree.n_features > given for tree in trees):
        return "a tree asks for a feature that does not exist"
    for predictor in _flat(getattr(estimator, "_predictors", [])):
        if not _within(predictor.nodes["feature_idx"].astype(np.int64), given):
            return "a tree asks for a feature that does not exist"
    return ""


def _flat(value: Any) -> list[Any]:
    """The things in lists and arrays of lists and arrays."""
    if isinstance(value, list | tuple | np.ndarray):
        return [inner for item in value for inner in _flat(item)]
    return [value]


def _decision_tree(tree: Any) -> str:
    left, right = np.asarray(tree.children_left), np.asarray(tree.children_right)
    inner = left != -1
    rows = np.arange(len(left))
    if not len(left) or (inner != (right != -1)).any():
        return "a tree has a node with one child only"
    for child in (left[inner], right[inner]):
        if not _follows(child, rows[inner], len(left)):
            return "a tree leads outside itself"
    feature = np.asarray(tree.feature)[inner]
    return "" if _within(feature, tree.n_features) else "a tree asks for a feature that does not exist"


def _boosted_tree(tree: Any) -> str:
    nodes = tree.nodes
    if not len(nodes):
        return "a tree is empty"
    inner = nodes["is_leaf"] == 0
    rows = np.arange(len(nodes))[inner]
    for name in ("left", "right"):
        if not _follows(nodes[name][inner].astype(np.int64), rows, len(nodes)):
            return "a tree leads outside itself"
    categorical = inner & (nodes["is_categorical"] != 0)
    if not _within(nodes["bitset_idx"][categorical].astype(np.int64), len(tree.raw_left_cat_bitsets)):
        return "a tree asks for categories that do not exist"
    return ""


def _neighbour_tree(tree: Any) -> str:
    data, order, nodes, _ = (np.asarray(array) for array in tree.get_arrays())
    if not _within(order, len(data)):
        return "a neighbour tree points outside its data"
    ends = np.concatenate([nodes["idx_start"], nodes["idx_end"]])
    return "" if _within(ends, len(order) + 1) else "a neighbour tree points outside its data"


def _follows(child: Any, parent: Any, count: int) -> bool:
    """Every child exists and lies after its parent, so that every way down ends."""
    return _within(child, count) and bool((child > parent).all())


def _within(index: Any, count: int) -> bool:
    return bool(((index >= 0) & (index < count)).all())


_CHECKS: dict[str, Callable[[Any], str]] = {
    "Tree": _decision_tree,
    "TreePredictor": _boosted_tree,
    "KDTree": _neighbour_tree,
    "KDTree64": _neighbour_tree,
    "BallTree": _neighbour_tree,
    "BallTree64": _neighbour_tree,
}
