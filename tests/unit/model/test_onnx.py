"""ONNX models: all layouts of inputs and outputs that converters make, and what is refused."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from shipworthy.base.errors import UserError
from shipworthy.model.format import Opening, format_of_file, format_taking, opened

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

RNG = np.random.default_rng(0)
TABLE = pd.DataFrame({"a": RNG.random(80), "b": RNG.random(80)})
MIXED = TABLE.assign(t=pd.Series(RNG.choice(["x", "y"], 80), dtype="str"))
YES = (TABLE["a"] > 0.5).astype(int)
FLOATS = [("X", FloatTensorType([None, 2]))]


def opening(features: Any = ("a", "b"), answer: Any = "probability", **more: Any) -> Opening:
    return Opening("model.onnx", answer, features=list(features), **more)


def scores(model: Any, how: Opening, features: pd.DataFrame) -> Any:
    content = model.SerializeToString()
    assert format_taking(model, how) == format_of_file("model.onnx", content) == "onnx"
    return opened("onnx", content, how).scores(features)


def test_one_matrix_with_probabilities_as_a_table_or_as_mappings() -> None:
    model = RandomForestClassifier(5, random_state=0).fit(TABLE.to_numpy(), YES)
    expected = model.predict_proba(TABLE.to_numpy())[:, 1]
    for zipmap in (False, True):
        made = to_onnx(model, initial_types=FLOATS, options={id(model): {"zipmap": zipmap}})
        np.testing.assert_allclose(scores(made, opening(), TABLE), expected, atol=1e-5)


def test_typed_columns_by_name_in_any_order_with_text() -> None:
    columns = ColumnTransformer(
        [("n", StandardScaler(), ["a", "b"]), ("t", OneHotEncoder(handle_unknown="ignore"), ["t"])]
    )
    model = make_pipeline(columns, LogisticRegression()).fit(MIXED, YES)
    types = to_onnx(model, MIXED.astype({"a": np.float32, "b": np.float32, "t": object})[:1], options={"zipmap": False})
    turned = MIXED[["t", "b", "a"]]
    np.testing.assert_allclose(
        scores(types, opening(turned.columns), turned), model.predict_proba(MIXED)[:, 1], atol=1e-5
    )


def test_a_regression() -> None:
    model = LinearRegression().fit(TABLE.to_numpy(), TABLE["a"] * 2)
    made = scores(to_onnx(model, initial_types=FLOATS), opening(answer="number"), TABLE)
    np.testing.assert_allclose(made, TABLE["a"] * 2, atol=1e-5)
    assert scores(to_onnx(model, initial_types=FLOATS), opening(answer="number"), TABLE[:0]).shape == (0,)


def test_the_class_that_means_yes_is_found_in_mappings() -> None:
    model = LogisticRegression().fit(TABLE.to_numpy(), np.where(YES == 1, "buys", "leaves"))
    made = scores(to_onnx(model, initial_types=FLOATS), opening(yes="buys"), TABLE)
    np.testing.assert_allclose(made, model.predict_proba(TABLE.to_numpy())[:, 0], atol=1e-5)


def refused(content: bytes, how: Opening) -> str:
    with pytest.raises(UserError) as caught:
        opened("onnx", content, how)
    return str(caught.value)


def test_a_model_that_does_not_fit_is_refused_with_what_would() -> None:
    model = LogisticRegression().fit(TABLE.to_numpy(), YES)
    free = to_onnx(model, initial_types=FLOATS).SerializeToString()
    assert "It takes 2 features; there are 3" in refused(free, opening(("a", "b", "c")))
    fixed = to_onnx(model, initial_types=[("X", FloatTensorType([1, 2]))]).SerializeToString()
    assert "takes exactly 1 rows" in refused(fixed, opening())


def test_other_inputs_than_the_features_are_named() -> None:
    pairs = [(name, FloatTensorType([None, 1])) for name in ("a", "z")]
    frame = TABLE.set_axis(["a", "z"], axis=1)
    model = make_pipeline(ColumnTransformer([("n", StandardScaler(), ["a", "z"])]), LogisticRegression()).fit(
        frame, YES
    )
    content = to_onnx(model, initial_types=pairs).SerializeToString()
    assert "Its inputs z are no features; there are a, b" in refused(content, opening())


def test_weights_in_another_file_are_refused() -> None:
    weights = helper.make_tensor("w", TensorProto.FLOAT, [2, 1], np.ones(2, np.float32).tobytes(), raw=True)
    onnx.external_data_helper.set_external_data(weights, location="../../etc/passwd")
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    put = helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 2])
    out = helper.make_tensor_value_info("Y", TensorProto.FLOAT, [None, 1])
    graph = helper.make_graph([helper.make_node("MatMul", ["X", "w"], ["Y"])], "g", [put], [out], [weights])
    content = helper.make_model(graph).SerializeToString()
    assert "lie in another file" in refused(content, opening())


def test_broken_files_are_refused() -> None:
    assert "It is no ONNX model" in refused(b"hello", opening())
    assert "cannot open it" in refused(b"\x08\x0bhello", opening())


def test_where_onnxruntime_is_missing_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert "pip install 'shipworthy[onnx]'" in refused(b"\x08\x0bhello", opening())
