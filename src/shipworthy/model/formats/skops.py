"""scikit-learn models in the skops format: data and names of types, and only types on a stated list are made again."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shipworthy.base.errors import Mistake, UserError
from shipworthy.model.classes import spread
from shipworthy.model.format import Format, Opening, Scorer
from shipworthy.model.trees import unsound

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

TRUSTED = (
    "numpy.dtype",
    "sklearn._loss.loss.HalfTweedieLoss",
    "sklearn._loss.loss.HalfTweedieLossIdentity",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.feature_selection._univariate_selection.chi2",
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.feature_selection._univariate_selection.f_regression",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels.CompoundKernel",
    "sklearn.gaussian_process.kernels.ConstantKernel",
    "sklearn.gaussian_process.kernels.DotProduct",
    "sklearn.gaussian_process.kernels.ExpSineSquared",
    "sklearn.gaussian_process.kernels.Exponentiation",
    "sklearn.gaussian_process.kernels.Matern",
    "sklearn.gaussian_process.kernels.Product",
    "sklearn.gaussian_process.kernels.RBF",
    "sklearn.gaussian_process.kernels.RationalQuadratic",
    "sklearn.gaussian_process.kernels.Sum",
    "sklearn.gaussian_process.kernels.WhiteKernel",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.metrics._dist_metrics.MinkowskiDistance64",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._ball_tree.BallTree64",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neighbors._kd_tree.KDTree64",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
)
"""What we trust beyond what skops itself does (public estimators of scikit-learn, numpy and scipy functions).

None of them runs anything of the file's choosing. The trees hold indices that scikit-learn follows without looking;
`model.trees` looks at each of them before the first answer.
"""

_MEMBER = re.compile(r"^[A-Za-z0-9_-]+\.(npy|npz)$")
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class _Estimator:
    """An opened estimator of scikit-learn."""

    estimator: Any
    opening: Opening
    plain: bool
    column: int

    def scores(self, features: pd.DataFrame) -> npt.NDArray[np.float64]:
        rows = features.to_numpy(np.float64) if self.plain else features
        if self.opening.answer == "number":
            return np.asarray(self.estimator.predict(rows), dtype=np.float64).reshape(len(features), -1)[:, 0]
        likely = np.asarray(self.estimator.predict_proba(rows), dtype=np.float64)
        if self.opening.answer == "class":
            return spread(self.estimator.classes_, self.opening.classes, likely)
        return likely[:, self.column]


def _takes(trained: object) -> bool:
    return not isinstance(trained, type) and hasattr(trained, "fit") and hasattr(trained, "predict")


def _save(trained: object, opening: Opening) -> bytes:
    import skops.io

    best = getattr(trained, "best_estimator_", trained)  # a finished search answers by its best; the rest is timings
    mistakes = [*_cannot_answer(best, opening), *_own_functions(best, opening)]
    if mistakes:
        raise UserError(*mistakes)
    try:
        content = _steady(skops.io.dumps(best))
    except Exception as error:
        found = f"skops cannot keep this {type(best).__name__}: {error}"
        raise UserError(Mistake("model.cannot_keep", opening.where, found, fix=_CONVERT)) from error
    mistakes = _inspect(content, opening)
    if mistakes:
        raise UserError(*mistakes)
    return content


def _inspect(content: bytes, opening: Opening) -> list[Mistake]:
    import skops.io

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            strange = [name for name in archive.namelist() if name != "schema.json" and not _MEMBER.match(name)]
        untrusted = skops.io.get_untrusted_types(data=content)
    except Exception as error:
        found = f"It is no readable skops file: {error}"
        return [Mistake("model.not_skops", opening.where, found, fix="Write it with skops.io.dump(model, file).")]
    if strange:
        found = f"It holds {', '.join(strange[:3])}, which no skops file has."
        return [Mistake("model.not_skops", opening.where, found, fix="Write it with skops.io.dump(model, file).")]
    unknown = [name for name in untrusted if name not in TRUSTED and name not in opening.trusted]
    return [_untrusted(_readable(unknown), opening)] if unknown else []


def _open(content: bytes, opening: Opening) -> Scorer:
    import skops.io

    allowed = [
        name for name in skops.io.get_untrusted_types(data=content) if name in TRUSTED or name in opening.trusted
    ]
    try:
        estimator = skops.io.loads(content, trusted=allowed)
        broken = unsound(list(parts(estimator)))
    except Exception as error:
        broken = f"it could not be made again: {error}"
    if broken:
        raise UserError(
            Mistake("model.damaged", opening.where, f"The file is damaged: {broken}.", fix="Save it again.")
        )
    mistakes = _cannot_answer(estimator, opening)
    if mistakes:
        raise UserError(*mistakes)
    return _Estimator(estimator, opening, _fitted_on_plain_rows(estimator, opening), _yes_column(estimator, opening))


def _fitted_on_plain_rows(estimator: Any, opening: Opening) -> bool:
    """Whether it was fitted without column names, so that it wants none; its names and order must be ours."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None and opening.features and list(names) != list(opening.features):
        found = f"It was fitted on {', '.join(map(str, names))}; the features are {', '.join(opening.features)}."
        fix = "Give the features in that order and under these names, or fit the model again."
        raise UserError(Mistake("model.other_features", opening.where, found, fix=fix))
    expected = getattr(estimator, "n_features_in_", None)
    if names is None and opening.features and expected is not None and expected != len(opening.features):
        found = f"It was fitted on {expected} features; there are {len(opening.features)}."
        raise UserError(Mistake("model.other_features", opening.where, found, fix="Fit the model again."))
    return names is None


def _yes_column(estimator: Any, opening: Opening) -> int:
    if opening.answer != "probability":
        return 0
    classes = [str(name) for name in estimator.classes_]
    wanted = (opening.yes, "1", "1.0", "True", "yes")
    return next((classes.index(name) for name in wanted if name and name in classes), 1)


def _cannot_answer(estimator: Any, opening: Opening) -> list[Mistake]:
    name = type(estimator).__name__
    if opening.answer == "number":
        if hasattr(estimator, "predict"):
            return []
        return [Mistake("model.no_predict", opening.where, f"This {name} has no predict().", fix="Give a regressor.")]
    if not hasattr(estimator, "predict_proba"):
        fix = "Give a classifier with probabilities, or wrap it in CalibratedClassifierCV."
        found = f"This {name} gives no probabilities (no predict_proba), and the product answers with one."
        return [Mistake("model.no_probability", opening.where, found, fix=fix)]
    classes = getattr(estimator, "classes_", None)
    if opening.answer == "class":
        return _other_classes(name, classes, opening)
    if classes is None or len(classes) != 2:
        found = f"This {name} is not fitted to two classes." if classes is None else f"It knows {len(classes)} classes."
        return [Mistake("model.not_two_classes", opening.where, found, fix="Fit it to labels 0 and 1.")]
    return []


def _other_classes(name: str, classes: Any, opening: Opening) -> list[Mistake]:
    """A model of classes knows only declared ones; a declared one that it never saw it never answers."""
    if classes is None:
        found = f"This {name} is not fitted to classes."
        return [Mistake("model.other_classes", opening.where, found, fix="Fit it to the class names.")]
    strange = [str(one) for one in classes if str(one) not in opening.classes]
    if not strange and len(classes) > 1:
        return []
    found = f"It knows {len(classes)} classes: {', '.join(map(str, classes[:8]))}."
    fix = f"Fit it to the label as it is given, which is one of {', '.join(opening.classes)}."
    return [Mistake("model.other_classes", opening.where, found, "An answer is a declared class.", fix)]


def _own_functions(estimator: Any, opening: Opening) -> list[Mistake]:
    found: dict[str, Mistake] = {}
    for part in parts(estimator):
        name = getattr(part, "__qualname__", "")
        if not callable(part) or not ("<lambda>" in name or "<locals>" in name):
            continue
        what = "a lambda" if "<lambda>" in name else f"the local function {name.rsplit('.', 1)[-1]}"
        found[name] = Mistake(
            "model.own_function",
            opening.where,
            f"The model holds {what}; a file of data cannot hold code.",
            "It would have to be run from wherever the file is opened, so it is refused.",
            "Do that step in features(), or use a numpy function (np.log1p) in FunctionTransformer.",
        )
    return list(found.values())


def parts(root: Any) -> Iterator[Any]:
    """Every object that a model is made of, each once, without its arrays' numbers."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if id(part) in seen or isinstance(part, str | bytes | int | float | type | None):
            continue
        seen.add(id(part))
        yield part
        if isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list | tuple | set):
            waiting += part
        elif isinstance(part, np.ndarray):
            waiting += part.ravel().tolist() if part.dtype == object else []
        else:
            waiting += vars(part).values() if hasattr(part, "__dict__") else []


def _readable(names: list[str]) -> list[str]:
    return [re.sub(r"^shipworthy_pipeline_[0-9a-f]+", "your pipeline", name) for name in names]


def _untrusted(names: list[str], opening: Opening) -> Mistake:
    return Mistake(
        "model.untrusted_type",
        opening.where,
        f"The model holds types that are not on the trusted list: {', '.join(names)}.",
        "Making an object of an unknown type can run code, so the file was not opened.",
        f"{_CONVERT} A type that was reviewed can be named in model.extra_trusted_types.",
    )


_CONVERT = (
    "Use estimators of scikit-learn, do own steps in features(), or convert the model to ONNX "
    "(skl2onnx.to_onnx, or onnxmltools for boosted trees) and return that."
)


def _steady(content: bytes) -> bytes:
    """The same file without what differs from run to run: memory addresses as names, times in the zip."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        schema = json.loads(archive.read("schema.json"))
        numbers: dict[int, int] = {}
        schema = _renumbered(schema, numbers)
        members = {_renamed(name, numbers): archive.read(name) for name in archive.namelist() if name != "schema.json"}
    members["schema.json"] = json.dumps(schema, separators=(",", ":")).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _FIRST_DAY)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, members[name])
    return buffer.getvalue()


def _renumbered(state: Any, numbers: dict[int, int]) -> Any:
    if isinstance(state, list):
        return [_renumbered(item, numbers) for item in state]
    if not isinstance(state, dict):
        return state
    if isinstance(state.get("__id__"), int):
        numbers.setdefault(state["__id__"], len(numbers) + 1)
    if state.get("__loader__") == "SetNode":  # the order in a set differs from run to run
        state = {**state, "content": sorted(state["content"], key=lambda item: json.dumps(item.get("content")))}
    kept = {key: _renumbered(item, numbers) for key, item in state.items() if key not in ("__id__", "file")}
    if "__id__" in state:
        kept["__id__"] = numbers.get(state["__id__"], state["__id__"])
    if "file" in state:
        kept["file"] = _renamed(state["file"], numbers)
    return kept


def _renamed(file: str, numbers: dict[int, int]) -> str:
    stem, dot, suffix = file.partition(".")
    if stem.isdigit() and int(stem) in numbers:
        return f"{numbers[int(stem)]}{dot}{suffix}"
    return file


FORMAT = Format(".skops", _takes, _save, _inspect, _open, needs=("numpy", "pandas", "pyarrow", "scikit-learn", "skops"))
