"""Models of any maker in the ONNX format: a fixed set of mathematical operations, no code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shipworthy.base.errors import Mistake, UserError
from shipworthy.model.format import Format, Opening, Scorer

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

_TYPES: dict[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(string)": object,
}
_FLOATS = ("tensor(float)", "tensor(double)")
_VERSION_FIELD = b"\x08"  # every model starts with its format version, field 1 as a varint
_EXTERNAL = b"\n\x08location"  # the key under which a tensor names another file (protobuf: field 1, eight letters)


@dataclass(frozen=True)
class _Session:
    """An opened model with the way its inputs and outputs are laid out."""

    session: Any
    opening: Opening
    matrix: bool
    output: str
    column: int | str

    def scores(self, features: pd.DataFrame) -> npt.NDArray[np.float64]:
        if not len(features):
            return np.zeros(0)
        value = self.session.run([self.output], self._inputs(features))[0]
        if self.opening.answer == "class":
            return self._likely(value, len(features))
        if isinstance(value, list):  # one mapping of class to probability per row
            return np.array([row[self._class_in(row)] for row in value], dtype=np.float64)
        rows = np.asarray(value, dtype=np.float64).reshape(len(features), -1)
        return rows[:, self.column if isinstance(self.column, int) and rows.shape[1] > 1 else 0]

    def _likely(self, value: Any, rows: int) -> npt.NDArray[np.float64]:
        classes = self.opening.classes
        if isinstance(value, list):  # a class that the model does not know has no probability
            named = [{str(name): share for name, share in row.items()} for row in value]
            if strange := sorted({name for row in named[:1] for name in row} - set(classes)):
                found = f"It knows classes that are not declared: {', '.join(strange[:8])}."
                fix = f"The classes are {', '.join(classes)}."
                raise UserError(Mistake("model.other_classes", self.opening.where, found, fix=fix))
            return np.array([[row.get(name, 0.0) for name in classes] for row in named], dtype=np.float64)
        likely = np.asarray(value, dtype=np.float64).reshape(rows, -1)
        if likely.shape[1] != len(classes):
            found = f"It gives {likely.shape[1]} probabilities; there are {len(classes)} classes."
            raise UserError(Mistake("model.other_classes", self.opening.where, found, fix="Fit it to all of them."))
        return likely

    def _class_in(self, row: dict[Any, float]) -> Any:
        names = {str(name): name for name in row}
        wanted = (self.opening.yes, "1", "1.0", "True", "true", "yes")
        return next((names[name] for name in wanted if name and name in names), list(row)[-1])

    def _inputs(self, features: pd.DataFrame) -> dict[str, Any]:
        inputs = self.session.get_inputs()
        if self.matrix:
            return {inputs[0].name: features.to_numpy(_TYPES[inputs[0].type])}
        return {put.name: _column(features[put.name], put.type, len(put.shape), self.opening) for put in inputs}


def _column(column: pd.Series[Any], type_: str, dimensions: int, opening: Opening) -> Any:
    if type_ == "tensor(string)":
        values = column.fillna("").astype(str).to_numpy(object)
    else:
        if column.isna().any() and type_ not in _FLOATS:
            found = f"{column.name} is missing in some rows, and the model takes it as a whole number."
            fix = "Fill it in features(), or export the model with that input as a float."
            raise UserError(Mistake("model.onnx.missing_integer", opening.where, found, fix=fix))
        values = column.to_numpy(_TYPES[type_])
    return values.reshape(-1, 1) if dimensions > 1 else values


def _takes(trained: object) -> bool:
    return isinstance(trained, bytes) or hasattr(trained, "SerializeToString")


def _save(trained: Any, opening: Opening) -> bytes:
    content = trained if isinstance(trained, bytes) else trained.SerializeToString(deterministic=True)
    mistakes = _inspect(content, opening)
    if mistakes:
        raise UserError(*mistakes)
    _open(content, opening)
    return bytes(content)


def _inspect(content: bytes, opening: Opening) -> list[Mistake]:
    if not content.startswith(_VERSION_FIELD):
        found, fix = "It is no ONNX model.", "Export it again, for example with skl2onnx.to_onnx(model, X[:1])."
        return [Mistake("model.onnx.unreadable", opening.where, found, fix=fix)]
    if _EXTERNAL in content:
        found = "Its weights lie in another file, which no digest would cover."
        return [
            Mistake(
                "model.onnx.external", opening.where, found, fix="Save it as one file (save_as_external_data=False)."
            )
        ]
    return []


def _open(content: bytes, opening: Opening) -> Scorer:
    session = _session(content, opening)
    matrix = _takes_matrix(session, opening)
    output, column = _output(session, opening)
    return _Session(session, opening, matrix, output, column)


def _session(content: bytes, opening: Opening) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        found = "Opening an ONNX model needs onnxruntime, which is not installed here."
        fix = "Install the extra: pip install 'shipworthy[onnx]'."
        raise UserError(Mistake("model.onnx.not_installed", opening.where, found, fix=fix)) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # more threads are several times slower for trees on few cores
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        found = f"onnxruntime cannot open it: {str(error).splitlines()[0]}"
        raise UserError(
            Mistake("model.onnx.unreadable", opening.where, found, fix="Export the model again.")
        ) from error


def _takes_matrix(session: Any, opening: Opening) -> bool:
    """Whether the model takes all features as one matrix, else one input per feature; both must fit the features."""
    inputs = session.get_inputs()
    mistakes = [_fixed_rows(put, opening) for put in inputs if put.shape and isinstance(put.shape[0], int)]
    odd = [f"{put.name} ({put.type})" for put in inputs if put.type not in _TYPES]
    if odd:
        mistakes.append(_layout(f"Its inputs {', '.join(odd)} are of a kind that no feature has.", opening))
    names = [put.name for put in inputs]
    matrix = len(inputs) == 1 and names != list(opening.features) and len(inputs[0].shape) > 1
    if matrix:
        width = inputs[0].shape[1]
        if opening.features and isinstance(width, int) and width != len(opening.features):
            mistakes.append(_layout(f"It takes {width} features; there are {len(opening.features)}.", opening))
    elif opening.features and not set(names) <= set(opening.features):
        unknown = ", ".join(name for name in names if name not in opening.features)
        mistakes.append(
            _layout(f"Its inputs {unknown} are no features; there are {', '.join(opening.features)}.", opening)
        )
    if mistakes:
        raise UserError(*mistakes)
    return matrix


def _output(session: Any, opening: Opening) -> tuple[str, int]:
    """Which output answers: probabilities for a probability product, the first number otherwise."""
    outputs = session.get_outputs()
    maps = [out.name for out in outputs if out.type.startswith("seq(map(")]
    numbers = [out.name for out in outputs if out.type in _FLOATS]
    likely = [name for name in numbers if "prob" in name.lower()]
    if opening.answer == "class":
        return _class_output(maps, likely, opening), 0
    if opening.answer == "probability" and (maps or likely):
        return (maps or likely)[0], 1
    if not numbers:
        found = f"None of its outputs {', '.join(out.name for out in outputs)} is a number or a probability."
        raise UserError(_layout(found, opening))
    return numbers[-1 if opening.answer == "probability" else 0], 1


def _class_output(maps: list[str], likely: list[str], opening: Opening) -> str:
    """The output that says how likely each class is; columns without names stand for sorted classes."""
    if maps:
        return maps[0]
    if likely and list(opening.classes) == sorted(opening.classes):
        return likely[0]
    found = "It gives probabilities without the names of their classes." if likely else "It gives no probabilities."
    why = "Makers sort classes by name; need.classes is in another order, so nobody can tell which is which."
    fix = "Export it with zipmap, which names them, or sort need.classes by name."
    raise UserError(Mistake("model.other_classes", opening.where, found, why if likely else "", fix))


def _fixed_rows(put: Any, opening: Opening) -> Mistake:
    found = f"Its input {put.name} takes exactly {put.shape[0]} rows at a time."
    fix = "Export it with a free number of rows: FloatTensorType([None, n]) or dynamic_axes."
    return Mistake("model.onnx.fixed_rows", opening.where, found, fix=fix)


def _layout(found: str, opening: Opening) -> Mistake:
    fix = "Export one float matrix with the features in order, or one input per feature under its name."
    return Mistake("model.onnx.inputs", opening.where, found, fix=fix)


FORMAT = Format(".onnx", _takes, _save, _inspect, _open, needs=("numpy", "pandas", "pyarrow", "onnxruntime"))
