"""The guide to models is true: its pipeline answers, and what it keeps by hand is opened and answers the same."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression

from shipworthy.model.code import Code
from shipworthy.model.format import Opening, format_of_file, format_taking, opened
from shipworthy.model.pipeline import Pipeline
from shipworthy.plan.reading import read_plan
from shipworthy.plan.reference_examples import WITH_PIPELINE

GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "models.md"
PIPELINE, SKOPS, ONNX = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)


def visits() -> pa.Table:
    """Two months of 40 subscribers, of whom the first ten cancel in the second one."""
    days = [date(2026, 1, 15), date(2026, 2, 15)]
    rows = [(f"s{who:02}", day, 30.0 + who, who < 10 and day == days[1]) for who in range(40) for day in days]
    return pa.table(dict(zip(("subscriber", "day", "minutes", "cancelled"), zip(*rows, strict=True), strict=True)))


def test_the_pipeline_of_the_guide_makes_features_labels_and_a_model() -> None:
    pipeline = Pipeline(read_plan(WITH_PIPELINE), Code("pipeline.py", {"pipeline.py": PIPELINE}))
    as_of, until = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    past = visits().filter(pa.compute.less(visits()["day"], pa.scalar(as_of.date())))
    features = pipeline.features({"visits": past}, as_of)
    label = pipeline.label({"visits": visits()}, as_of, until, list(features.index))
    assert (len(features), label.sum()) == (40, 10)
    model = pipeline.train(features, label, pd.Series(features.index), "probability")
    assert format_taking(model, Opening("train()", "probability", list(features.columns))) == "skops"


@pytest.mark.parametrize(("text", "file"), [(SKOPS, "model.skops"), (ONNX, "model.onnx")])
def test_a_model_kept_as_the_guide_says_gives_its_own_scores(
    text: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    X: Any = pd.DataFrame(random.random((50, 2)).astype(np.float32), columns=["a", "b"])
    fitted_on = X if file.endswith("skops") else X.to_numpy()
    model = LogisticRegression().fit(fitted_on, (X["a"] > 0.5).astype(int))
    monkeypatch.chdir(tmp_path)
    exec(compile(text, "models.md", "exec"), {"model": model, "X": fitted_on})
    content = (tmp_path / file).read_bytes()
    how = Opening(file, "probability", ["a", "b"])
    scores = opened(format_of_file(file, content), content, how).scores(X.astype(float))
    np.testing.assert_allclose(scores, model.predict_proba(fitted_on)[:, 1], atol=1e-6)
