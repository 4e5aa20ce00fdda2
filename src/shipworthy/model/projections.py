"""Directions in which inputs belong together, fixed with the candidate: what changes when no column changes by itself.

Numbers become normal scores by the quantiles of the reference, texts their own frequency, so that no unit and no
outlier rules the rest. On one half of the reference's entities a principal component analysis and an isolation forest
are fitted; on the other half it is counted how far rows lie from the components and how soon they are isolated. A
part of the reference profile::

    {"columns": [{"name": "recency", "knots": [21 rising numbers]}, {"name": "channel", "shares": {"shop": 0.7}}],
     "center": [...], "scale": [...], "components": [[...]], "rest": {"recency": 0.2, "channel": 0.4},
     "forest": digest, "sample": digest, "rows": 5000,
     "error": {"n": 2350, "mean": 0.4, "deciles": [...], "at_or_below": [...]}, "isolation": {...}}

``columns`` stand in the order of center, scale and components; a profile whose columns are no list was written before
their order was kept, and its projections say nothing. ``forest`` is a table of trees. ``sample`` is a table with some
rows of both halves, the entity first, so that whoever erases a person finds them; a column that the plan has sealed,
hashed or dropped is in none of this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from scipy.special import ndtri

from shipworthy.model.profile import batches_of, depending
from shipworthy.model.rules import chosen_by_hash
from shipworthy.model.spread import spread_of

Floats = npt.NDArray[np.float64]
Rows = Mapping[str, npt.NDArray[Any]]

ROWS = 500
"""With fewer rows of reference nothing is projected: their own scatter would look like change."""
SAMPLE = 2_500  # rows of either half
SCORE, LABEL, HALF = "_score", "_label", "_half"
TREES, DEPTH = 50, 256

_KNOTS = np.linspace(0, 1, 21)
_EXPLAINED = 0.65  # of the variance, as many components as that takes
_SEED = 20260101
_DIGITS = 6
_OUTERMOST = 2.0  # normal scores end here: the outer twentieths are all far out


@dataclass(frozen=True)
class Projections:
    """The projections of one candidate.

    Attributes:
        columns: how each input becomes a number: knots of its quantiles, or the shares of its texts.
        forest: the trees, see `Forest`.
    """

    columns: Mapping[str, Mapping[str, Any]]
    center: Floats
    scale: Floats
    components: Floats
    forest: Forest

    def errors(self, rows: Rows) -> Floats:
        """How far each row lies from what the components can say: the root of the mean square over the columns."""
        return np.asarray(np.sqrt((self._rest(rows) ** 2).mean(axis=1)).round(_DIGITS), dtype=np.float64)

    def by_column(self, rows: Rows) -> dict[str, float]:
        """How badly each column follows from the others: the mean square of what the components cannot say."""
        means = (self._rest(rows) ** 2).mean(axis=0).round(_DIGITS)
        return dict(zip(self.columns, means.tolist(), strict=True))

    def _rest(self, rows: Rows) -> Floats:
        matrix = (_matrix(self.columns, rows) - self.center) / self.scale
        return np.asarray(matrix - matrix @ self.components.T @ self.components, dtype=np.float64)

    def isolations(self, rows: Rows) -> Floats:
        """How soon each row is told apart from all others, 0 to 1; about 0.5 for an ordinary one."""
        return self.forest.scores(_matrix(self.columns, rows)).round(_DIGITS)


@dataclass(frozen=True)
class Forest:
    """An isolation forest as arrays, one entry per node, the trees one after the other.

    Attributes:
        roots: where each tree begins; feature: below 0 in a leaf; left, right: places of the children.
        length: in a leaf, the length of its path and what its rows would need on; 0 elsewhere.
        usual: the mean path length of a search among so many rows as a tree has seen.
    """

    roots: npt.NDArray[np.int64]
    feature: npt.NDArray[np.int64]
    split: Floats
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    length: Floats
    usual: float

    def scores(self, matrix: Floats) -> Floats:
        """The anomaly score of each row.

        Source: Liu, Ting and Zhou (2008), Isolation Forest, equations 1 and 2.
        """
        total = np.zeros(len(matrix))
        rows = np.arange(len(matrix))
        single = matrix.astype(np.float32).astype(np.float64)  # as it was fitted
        for root in self.roots:
            node = np.full(len(matrix), root)
            while (inner := self.feature[node] >= 0).any():
                down = single[rows[inner], self.feature[node[inner]]] <= self.split[node[inner]]
                node[inner] = np.where(down, self.left[node[inner]], self.right[node[inner]])
            total += self.length[node]
        return np.asarray(2.0 ** (-total / len(self.roots) / self.usual), dtype=np.float64)


def projections_of(
    features: pd.DataFrame,
    entities: Sequence[str],
    scores: Floats,
    labels: Floats | None,
    product: str,
    entity: str,
    put: Callable[[pa.Table], str],
    moment_of: Sequence[str] = (),
) -> dict[str, Any] | None:
    """What goes into the profile; None where there are too few rows or fewer than two columns.

    Args:
        features: of the reference rows, without what must not be kept.
        entity: the name of the entity's column.
        put: keeps trees and sample, and gives their digests.
        moment_of: the moment of each row, where moments share no entities; without it nothing is said of them.
    """
    fits = chosen_by_hash(f"{product}/projections", entities, 0.5)
    if len(features) < ROWS or len(features.columns) < 2 or not fits.any() or fits.all():
        return None
    parts = {"fit": np.flatnonzero(fits), "held": np.flatnonzero(~fits)}
    taught, held = (features.iloc[place] for place in parts.values())
    columns = {str(name): _described(taught[name]) for name in taught.columns}
    matrix = _matrix(columns, _rows(taught))
    center, scale = matrix.mean(axis=0).round(_DIGITS), np.maximum(matrix.std(axis=0), 1e-3).round(_DIGITS)
    components = _components((matrix - center) / scale)
    trees = _grown(matrix)
    found = Projections(columns, center, scale, components, _forest(trees))
    chosen = np.concatenate([_some(place) for place in parts.values()])
    sample = pa.table(
        {
            entity: pa.array(np.asarray(entities, dtype=object)[chosen], pa.string()),
            HALF: pa.array(np.where(fits[chosen], "fit", "held")),
            SCORE: pa.array(scores[chosen]),
            LABEL: pa.array(np.full(len(chosen), np.nan) if labels is None else labels[chosen]),
            **{str(name): pa.array(features[name].iloc[chosen], from_pandas=True) for name in features.columns},
        }
    )
    errors, isolations = found.errors(_rows(held)), found.isolations(_rows(held))
    batches = batches_of(np.asarray(moment_of, dtype=object)[parts["held"]].tolist()) if len(moment_of) else None
    return {
        "columns": [{"name": name} | kept for name, kept in columns.items()],
        "center": center.tolist(),
        "scale": scale.tolist(),
        "components": components.tolist(),
        "forest": put(trees),
        "sample": put(sample),
        "rows": len(chosen),
        "rest": found.by_column(_rows(held)),
        "error": {"n": len(errors), **spread_of(errors), **depending(pd.Series(errors), batches)},
        "isolation": {"n": len(isolations), **spread_of(isolations), **depending(pd.Series(isolations), batches)},
    }


def read_projections(kept: Mapping[str, Any], trees: pa.Table) -> Projections | None:
    """Projections as a profile keeps them; None where it does not say in which order the columns stand.

    Args:
        trees: the table that ``forest`` names.
    """
    if not isinstance(kept["columns"], list):
        return None
    columns = {str(column["name"]): column for column in kept["columns"]}
    center, scale, components = (np.asarray(kept[name], dtype=np.float64) for name in ("center", "scale", "components"))
    return Projections(columns, center, scale, components, _forest(trees))


def _rows(features: pd.DataFrame) -> Rows:
    return {str(name): features[name].to_numpy() for name in features.columns}


def _some(place: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """At most so many, the same ones each time."""
    if len(place) <= SAMPLE:
        return place
    return np.sort(np.random.default_rng(_SEED).choice(place, SAMPLE, replace=False))


def _described(column: pd.Series[Any]) -> dict[str, Any]:
    known = column.dropna()
    if column.dtype == np.float64:
        return {"knots": np.quantile(known, _KNOTS).tolist() if len(known) else []}
    shares = known.value_counts(normalize=True).sort_index()
    return {"shares": {str(name): round(float(share), _DIGITS) for name, share in shares.items() if share >= 0.01}}


def _matrix(columns: Mapping[str, Mapping[str, Any]], rows: Rows) -> Floats:
    """The rows in numbers; what is missing lies in the middle."""
    return np.column_stack([_numbers(kept, np.asarray(rows[name])) for name, kept in columns.items()])


def _numbers(kept: Mapping[str, Any], values: npt.NDArray[Any]) -> Floats:
    if "shares" in kept:
        shares = pd.Series(values, dtype=object).map(kept["shares"])
        return np.asarray(shares.astype(np.float64).fillna(0.0).to_numpy(), dtype=np.float64)
    knots = np.asarray(kept["knots"], dtype=np.float64)
    if not len(knots):
        return np.zeros(len(values))
    numbers = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    # A value that fills several knots lies in the middle of them.
    low, high = (np.searchsorted(knots, numbers, side=side) for side in ("left", "right"))
    between = np.interp(numbers, knots, _KNOTS)
    level = np.where(high - low > 1, (_KNOTS[np.minimum(low, 20)] + _KNOTS[np.maximum(high - 1, 0)]) / 2, between)
    normal = np.clip(ndtri(np.clip(level, 1e-6, 1 - 1e-6)), -_OUTERMOST, _OUTERMOST)
    return np.asarray(np.where(np.isnan(numbers), 0.0, normal), dtype=np.float64)


def _components(matrix: Floats) -> Floats:
    """The directions of most variance, largest first; each points to where its largest entry is positive."""
    values, vectors = np.linalg.eigh(matrix.T @ matrix / len(matrix))
    order = np.argsort(-values)
    share = np.cumsum(values[order]) / max(float(values.sum()), 1e-12)
    count = min(int(np.searchsorted(share, _EXPLAINED)) + 1, len(values) - 1)
    chosen = vectors[:, order[:count]].T
    signs = np.sign(chosen[np.arange(count), np.abs(chosen).argmax(axis=1)])
    return np.asarray((chosen * signs[:, None]).round(_DIGITS), dtype=np.float64)


def _grown(matrix: Floats) -> pa.Table:
    """An isolation forest of scikit-learn as a table of nodes."""
    from sklearn.ensemble import IsolationForest

    model = IsolationForest(n_estimators=TREES, max_samples=min(DEPTH, len(matrix)), random_state=_SEED).fit(matrix)
    tables = []
    start = 0
    for number, one in enumerate(model.estimators_):
        tree = one.tree_
        leaf = tree.children_left < 0
        depth = np.zeros(tree.node_count)
        for node in range(tree.node_count):  # parents come before their children
            if not leaf[node]:
                depth[[tree.children_left[node], tree.children_right[node]]] = depth[node] + 1
        tables.append(
            pa.table(
                {
                    "tree": pa.array(np.full(tree.node_count, number), pa.int32()),
                    "feature": pa.array(np.where(leaf, -1, tree.feature), pa.int32()),
                    "split": pa.array(tree.threshold, pa.float64()),
                    "left": pa.array(np.where(leaf, -1, tree.children_left + start), pa.int32()),
                    "right": pa.array(np.where(leaf, -1, tree.children_right + start), pa.int32()),
                    "length": pa.array(np.where(leaf, depth + _path(tree.n_node_samples), 0.0), pa.float64()),
                    "seen": pa.array(np.full(tree.node_count, int(tree.n_node_samples[0])), pa.int32()),
                }
            )
        )
        start += tree.node_count
    return pa.concat_tables(tables)


def _path(rows: npt.NDArray[Any]) -> Floats:
    """The mean length of an unsuccessful search in a binary tree of so many rows."""
    size = np.maximum(rows.astype(np.float64), 1.0)
    harmonic = np.log(np.maximum(size - 1, 1.0)) + np.euler_gamma
    found = np.where(size > 2, 2 * harmonic - 2 * (size - 1) / size, np.where(size == 2, 1.0, 0.0))
    return np.asarray(found, dtype=np.float64)


def _forest(trees: pa.Table) -> Forest:
    columns = {name: trees[name].to_numpy() for name in trees.column_names}
    tree = columns["tree"]
    roots = np.flatnonzero(np.concatenate([[True], tree[1:] != tree[:-1]]))
    return Forest(
        roots,
        columns["feature"].astype(np.int64),
        columns["split"],
        columns["left"].astype(np.int64),
        columns["right"].astype(np.int64),
        columns["length"],
        float(_path(columns["seen"][:1])[0]),
    )
