"""The kinds of model files that may answer: what each can hold, and how it is opened without running code."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from shipworthy.base.errors import Mistake, UserError
from shipworthy.base.kinds import kind, kinds

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from shipworthy.model.results import Answer

FOLDER = "model/formats"


class Scorer(Protocol):
    """An opened model."""

    def scores(self, features: pd.DataFrame) -> npt.NDArray[np.float64]:
        """One number per row; for a probability product the probability of yes.

        For classes a row of numbers per row: the probability of each class, in the order in which they are declared.
        """
        ...


@dataclass(frozen=True, slots=True)
class Opening:
    """What opening or keeping a model needs to know.

    Attributes:
        where: how messages name the file or function it came from.
        answer: probability or number.
        features: names of the inputs, in order.
        trusted: types trusted beyond the standard list, from the plan.
        yes: the class that counts as yes in a model of others; empty for 1.
        classes: the declared classes in order, where an answer is one of them.
    """

    where: str
    answer: Answer
    features: Sequence[str] = ()
    trusted: Sequence[str] = ()
    yes: str = ""
    classes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of model file.

    Attributes:
        suffix: how such files end.
        takes: whether a trained object is kept in this format.
        save: the bytes that keep a trained object, the same for the same object; raises UserError where it cannot.
        inspect: what speaks against opening such a file, found without opening it.
        open: the model, opened from inspected bytes.
        needs: distributions whose versions determine the answers.
    """

    suffix: str
    takes: Callable[[object], bool]
    save: Callable[[object, Opening], bytes]
    inspect: Callable[[bytes, Opening], list[Mistake]]
    open: Callable[[bytes, Opening], Scorer]
    needs: tuple[str, ...] = field(default=("numpy", "pandas", "pyarrow"))


def format_named(name: str) -> Format:
    """The format of that name.

    Raises:
        NotFound: there is none.
    """
    return kind(FOLDER, name, Format)


def format_taking(trained: object, opening: Opening) -> str:
    """The name of the format that keeps a trained object.

    Raises:
        UserError: no format can; the message says what train() must give.
    """
    for name in kinds(FOLDER):
        if format_named(name).takes(trained):
            return name
    found = f"It gave {'nothing (None)' if trained is None else f'a {type(trained).__name__}'}, which cannot answer."
    fix = "Return a fitted scikit-learn estimator or pipeline, or an ONNX model."
    raise UserError(Mistake("model.not_a_model", opening.where, found, fix=fix))


def format_of_file(file: str, content: bytes) -> str:
    """The name of the format of a model file of others, by its name and first bytes; nothing is opened.

    Raises:
        UserError: it is of a kind that can run code when it is opened, or of no known kind.
    """
    reason = runs_code(content)
    if reason:
        raise UserError(_refusal(file, reason))
    for name in kinds(FOLDER):
        if file.lower().endswith(format_named(name).suffix):
            return name
    raise UserError(_refusal(file, "It is of no kind that can be checked before it is opened."))


def opened(name: str, content: bytes, opening: Opening) -> Scorer:
    """A model opened from bytes that were inspected first.

    Raises:
        UserError: something speaks against opening it; nothing in it was run.
    """
    reason = runs_code(content)
    mistakes = [_refusal(opening.where, reason)] if reason else format_named(name).inspect(content, opening)
    if mistakes:
        raise UserError(*mistakes)
    return format_named(name).open(content, opening)


def runs_code(content: bytes) -> str:
    """Why a file of such bytes could run code when it is opened; empty where nothing shows that it could.

    It looks at the kind of file only. It is no virus scan: whatever is not refused here must still pass the
    inspection of its format, which trusts nothing that is not on its list.
    """
    starts = {
        b"\x1f\x8b": "gzip",
        b"BZh": "bzip2",
        b"\xfd7zXZ": "xz",
        b"\x78\x9c": "zlib",
        b"\x78\x01": "zlib",
        b"\x78\xda": "zlib",
        b"\x5d\x00\x00": "lzma",
    }
    if content[:1] == b"\x80" and content[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "It is a pickle (joblib and cloudpickle write those too)."
    packed = next((name for start, name in starts.items() if content.startswith(start)), "")
    if packed:
        return f"It is packed with {packed}, as compressed joblib and pickle files are."
    if content.startswith(b"PK\x03\x04"):
        return _pickle_inside(content)
    if content.startswith(b"\x89HDF"):
        return "It is an HDF5 file; Keras keeps Python code in those."
    return ""


def _pickle_inside(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            inside = [
                name for name in names if name.lower().endswith((".pkl", ".pickle", ".joblib", ".py", ".pyc", ".so"))
            ]
            inside += [name for name in names if not inside and archive.open(name).read(1) == b"\x80"]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return "It is a damaged or encrypted zip file."
    return f"It is a zip file with {inside[0]} inside, which can run code." if inside else ""


def _refusal(where: str, reason: str) -> Mistake:
    return Mistake(
        "model.runs_code",
        where,
        reason,
        "Opening such a file can run any code that its maker put into it, so it was not opened.",
        "Give a .skops or an .onnx file. Where the model was made: skops.io.dump(model, 'model.skops') keeps a "
        "scikit-learn model; skl2onnx.to_onnx(model, X[:1]) (or onnxmltools for boosted trees) converts it to ONNX.",
    )
