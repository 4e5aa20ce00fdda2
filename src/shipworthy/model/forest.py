"""Trees of scikit-learn as one TreeEnsemble of ONNX, in doubles and in the order in which scikit-learn adds them up.

Source of the format: the operator TreeEnsemble of the domain ai.onnx.ml, version 5 (onnx/onnx, Operators-ml).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from shipworthy.model.preparation import NotCompiled

Matrix = npt.NDArray[np.float64]
Raw = Callable[[Matrix], Matrix]
_SINGLE_FORESTS = ("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor")
_SINGLE_TREES = ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor")
_BOOSTED = ("GradientBoostingClassifier", "GradientBoostingRegressor")
_HISTOGRAM = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")


@dataclass
class _Ensemble:
    """The attributes of the operator, filled tree by tree."""

    roots: list[int] = field(default_factory=list)
    features: list[int] = field(default_factory=list)
    splits: list[float] = field(default_factory=list)
    gaps_go_left: list[int] = field(default_factory=list)
    left: list[tuple[int, bool]] = field(default_factory=list)
    right: list[tuple[int, bool]] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def tree(self, nodes: Sequence[tuple[int, float, bool, int, int]], values: Sequence[float]) -> None:
        """Add a tree: (feature, split, gaps go left, left, right) for each node, left < 0 for a leaf; leaf values."""
        inner = [at for at, node in enumerate(nodes) if node[3] >= 0]
        if not inner:
            self.constant(values[0])
            return
        start, leaves = len(self.features), len(self.weights)
        place = {at: start + number for number, at in enumerate(inner)}
        leaf = {at: leaves + number for number, at in enumerate(at for at, node in enumerate(nodes) if node[3] < 0)}
        self.roots.append(place[0])
        for at in inner:
            feature, split, gaps_go_left, left, right = nodes[at]
            self.features.append(feature)
            self.splits.append(split)
            self.gaps_go_left.append(int(gaps_go_left))
            self.left.append((leaf[left], True) if left in leaf else (place[left], False))
            self.right.append((leaf[right], True) if right in leaf else (place[right], False))
        self.weights += [values[at] for at in leaf]

    def constant(self, value: float) -> None:
        """Add a tree that says the same of everybody: a node whose two sides are that value."""
        self.roots.append(len(self.features))
        leaves = len(self.weights)
        self.features.append(0)
        self.splits.append(0.0)
        self.gaps_go_left.append(1)
        self.left.append((leaves, True))
        self.right.append((leaves + 1, True))
        self.weights += [value, value]


def forest(model: Any) -> tuple[Raw, Callable[[Matrix], Matrix]]:
    """What the trees of a model say of prepared rows, and how that becomes a score.

    Raises:
        NotCompiled: it is no model of trees, or one whose rules have no form here.
    """
    name = type(model).__name__
    trees = _Ensemble()
    if name in _HISTOGRAM:
        _histogram(trees, model)
        return _raw(trees, model, single=False), chance if name.endswith("Classifier") else itself
    if name in _BOOSTED:
        _boosted(trees, model)
        return _raw(trees, model, single=True, gaps=False), chance if name.endswith("Classifier") else itself
    if name not in (*_SINGLE_FORESTS, *_SINGLE_TREES):
        raise NotCompiled(name)
    estimators = model.estimators_ if name in _SINGLE_FORESTS else [model]
    for one in estimators:
        _grown(trees, one.tree_, 1.0, _yes(one))
    count = float(len(estimators))
    return _raw(trees, model, single=True, gaps=_takes_gaps(estimators)), lambda raw: raw / count


def forests(model: Any) -> tuple[list[Raw], Callable[[Matrix], Matrix]]:
    """The same of a model of several classes: an ensemble for each, and how their raw answers become probabilities.

    Raises:
        NotCompiled: it is no model of trees that votes by shares, or one whose rules have no form here.
    """
    name, classes = type(model).__name__, len(getattr(model, "classes_", ()))
    if name == "HistGradientBoostingClassifier":
        return [_of_class(model, place) for place in range(classes)], softmax
    if name not in ("RandomForestClassifier", "ExtraTreesClassifier", "DecisionTreeClassifier", "ExtraTreeClassifier"):
        raise NotCompiled(f"{name} of several classes")
    estimators = model.estimators_ if name in _SINGLE_FORESTS else [model]
    raws: list[Raw] = []
    for place in range(classes):
        trees = _Ensemble()
        for one in estimators:
            _grown(trees, one.tree_, 1.0, _share_of(one, place))
        raws.append(_raw(trees, model, single=True, gaps=_takes_gaps(estimators)))
    count = float(len(estimators))
    return raws, lambda raw: raw / count


def _of_class(model: Any, place: int) -> Raw:
    trees = _Ensemble()
    _histogram(trees, model, place)
    return _raw(trees, model, single=False)


def _share_of(one: Any, place: int) -> Callable[[Any], Any]:
    if getattr(one, "n_outputs_", 1) != 1:
        raise NotCompiled("several answers")
    return lambda value: value[:, 0, place] / value[:, 0, :].sum(axis=1)


def softmax(raw: Matrix) -> Matrix:
    """Raw answers per class as probabilities."""
    found = np.exp(raw - raw.max(axis=1, keepdims=True))
    return np.asarray(found / found.sum(axis=1, keepdims=True), dtype=np.float64)


def chance(raw: Matrix) -> Matrix:
    """The logistic function."""
    from scipy.special import expit

    found: Matrix = expit(raw)
    return found


def itself(raw: Matrix) -> Matrix:
    """A raw score as it is."""
    return raw


def _histogram(trees: _Ensemble, model: Any, place: int | None = None) -> None:
    """The trees of a boosted model, or of one class of it."""
    links = ["HalfBinomialLoss", "HalfSquaredError", "AbsoluteError", "PinballLoss"]
    if place is not None:
        links = ["HalfMultinomialLoss"]
    if model.is_categorical_ is not None or type(model._loss).__name__ not in links:
        raise NotCompiled("histogram boosting with categories or another link")
    trees.constant(float(np.asarray(model._baseline_prediction).reshape(-1)[place or 0]))
    for of_one_round in model._predictors:
        if place is None and len(of_one_round) != 1:
            raise NotCompiled("more than two classes")
        nodes = of_one_round[place or 0].nodes
        trees.tree(
            [
                (
                    int(node["feature_idx"]),
                    float(node["num_threshold"]),
                    bool(node["missing_go_to_left"]),
                    -1 if node["is_leaf"] else int(node["left"]),
                    int(node["right"]),
                )
                for node in nodes
            ],
            [float(value) for value in nodes["value"]],
        )


def _boosted(trees: _Ensemble, model: Any) -> None:
    if model.estimators_.shape[1] != 1 or type(model._loss).__name__ not in ("HalfBinomialLoss", "HalfSquaredError"):
        raise NotCompiled("more than two classes or another link")
    if model.init_ != "zero" and not type(model.init_).__name__.startswith("Dummy"):
        raise NotCompiled("boosting that starts from another model")
    start = model._raw_predict_init(np.zeros((1, model.n_features_in_), dtype=np.float32))
    trees.constant(float(np.asarray(start).reshape(-1)[0]))
    for (one,) in model.estimators_:
        _grown(trees, one.tree_, float(model.learning_rate), lambda value: value[:, 0, 0])


def _grown(trees: _Ensemble, tree: Any, rate: float, value: Callable[[Any], Any]) -> None:
    goes_left = getattr(tree, "missing_go_to_left", np.zeros(tree.node_count))
    trees.tree(
        list(
            zip(
                tree.feature.tolist(),
                tree.threshold.tolist(),
                np.asarray(goes_left, dtype=bool).tolist(),
                tree.children_left.tolist(),
                tree.children_right.tolist(),
                strict=True,
            )
        ),
        [rate * one for one in np.asarray(value(tree.value), dtype=np.float64).tolist()],
    )


def _yes(one: Any) -> Callable[[Any], Any]:
    if getattr(one, "n_outputs_", 1) != 1:
        raise NotCompiled("several answers")
    if not hasattr(one, "classes_"):
        return lambda value: value[:, 0, 0]
    return lambda value: value[:, 0, 1] / value[:, 0, :].sum(axis=1)


def _takes_gaps(estimators: Sequence[Any]) -> bool:
    return all(bool(getattr(one.tree_, "missing_go_to_left", np.zeros(1)).any()) for one in estimators)


def _raw(trees: _Ensemble, model: Any, *, single: bool, gaps: bool = True) -> Raw:
    """The sum over all trees for each row.

    Args:
        single: the trees compare in single precision, as those of sklearn.tree do.
        gaps: whether they know what to do with a gap; where not, the answer to one is no number.
    """
    session = _session(trees, int(model.n_features_in_))
    run, names = session.run, ["raw"]

    def raw(rows: Matrix) -> Matrix:
        asked = rows.astype(np.float32).astype(np.float64) if single else np.ascontiguousarray(rows)
        found: Matrix = run(names, {"rows": asked})[0][:, 0]
        if not gaps:
            found[np.isnan(rows).any(axis=1)] = np.nan
        return found

    return raw


def _session(trees: _Ensemble, width: int) -> Any:
    try:
        import onnx
        import onnxruntime
    except ImportError:
        raise NotCompiled("onnx and onnxruntime are not installed") from None
    make, tensor = onnx.helper, onnx.numpy_helper.from_array
    node = make.make_node(
        "TreeEnsemble",
        ["rows"],
        ["raw"],
        domain="ai.onnx.ml",
        tree_roots=trees.roots,
        nodes_featureids=trees.features,
        nodes_splits=tensor(np.array(trees.splits), "splits"),
        nodes_modes=tensor(np.zeros(len(trees.splits), np.uint8), "modes"),  # 0: left where at or below the split
        nodes_missing_value_tracks_true=trees.gaps_go_left,
        nodes_truenodeids=[place for place, _ in trees.left],
        nodes_trueleafs=[int(leaf) for _, leaf in trees.left],
        nodes_falsenodeids=[place for place, _ in trees.right],
        nodes_falseleafs=[int(leaf) for _, leaf in trees.right],
        leaf_targetids=[0] * len(trees.weights),
        leaf_weights=tensor(np.array(trees.weights), "weights"),
        n_targets=1,
        aggregate_function=1,  # sum
        post_transform=0,
    )
    double = onnx.TensorProto.DOUBLE
    graph = make.make_graph(
        [node],
        "trees",
        [make.make_tensor_value_info("rows", double, [None, width])],
        [make.make_tensor_value_info("raw", double, [None, 1])],
    )
    opsets = [make.make_opsetid("", 21), make.make_opsetid("ai.onnx.ml", 5)]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    content = make.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
