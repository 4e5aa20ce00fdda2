"""The team's functions: called by parameter name, shown the past only, and blamed by file and line."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from shipworthy.base.errors import UserError
from shipworthy.base.times import length
from shipworthy.model.code import Code, code_of, imported_roots, read_code
from shipworthy.model.pipeline import Pipeline
from shipworthy.model.running import stop
from shipworthy.model.terms import Terms, read_terms, terms_of, written
from shipworthy.plan.schema import (
    Baseline,
    Column,
    ColumnsFrom,
    Contract,
    Data,
    LabelFrom,
    Model,
    Need,
    Source,
)

AS_OF = datetime(2024, 3, 1, tzinfo=UTC)
UNTIL = datetime(2024, 6, 1, tzinfo=UTC)
ORDERS = pa.table(
    {
        "id": ["a", "b", "a"],
        "day": pa.array([date(2024, 1, 5), date(2024, 2, 1), date(2024, 2, 9)]),
        "paid": [3.0, None, 5.0],
        "shop": ["x", "y", "x"],
        "gift": pa.array([True, None, False]),
        "at": pa.array([datetime(2024, 1, 1, tzinfo=UTC)] * 3, pa.timestamp("ms", tz="UTC")),
    }
)


def terms(answer: Any = "probability", time: str | None = None, **data: Any) -> Terms:
    need = Need(
        question="Who will buy soon?", decision="Call them first.", entity="id", answer=answer, horizon=length("3mo")
    )
    contract = Contract(columns={"id": Column(type="text")}, time=time)
    sources = {name: Source(kind="csv", contract=contract) for name in ("web-orders", "people")}
    return Terms("shop", need, sources, Data(**data), Model(baseline=Baseline(kind="constant")))


def pipeline(text: str, answer: Any = "probability", **data: Any) -> Pipeline:
    return Pipeline(terms(answer, **data), Code("pipeline.py", {"pipeline.py": text}))


def mistakes(caught: pytest.ExceptionInfo[UserError]) -> list[tuple[str, str]]:
    return [(mistake.code, mistake.where) for mistake in caught.value.mistakes]


FEATURES = """
def features(web_orders, as_of):
    assert str(web_orders["day"].dtype).startswith("datetime64"), web_orders.dtypes
    assert str(web_orders["at"].dtype) == "datetime64[us]", web_orders.dtypes
    assert as_of.tzinfo is None
    assert web_orders["gift"].isna().sum() == 1
    by = web_orders.groupby("id")
    return by.agg(paid=("paid", "sum"), last=("day", "max")).assign(
        days=lambda t: (as_of - t["last"]).dt.days).drop(columns="last").reset_index()
"""


def test_sources_arrive_by_name_as_frames() -> None:
    made = pipeline(FEATURES).features({"web-orders": ORDERS, "people": ORDERS}, AS_OF)
    assert made.to_dict("index") == {"a": {"paid": 8.0, "days": 21.0}, "b": {"paid": 0.0, "days": 29.0}}


def test_positives_only_means_that_everybody_else_is_a_no() -> None:
    line = "import pandas as pd\ndef label(web_orders, until):\n    return pd.DataFrame({'id': ['b'], 'label': %s})\n"
    given = pipeline(line % "[1]").label({"web-orders": ORDERS}, AS_OF, UNTIL, ["a", "b"])
    assert given.tolist() == [0.0, 1.0]
    unknown = pipeline(line % "[0]").label({"web-orders": ORDERS}, AS_OF, UNTIL, ["a", "b"])
    assert np.isnan(unknown["a"])
    number = pipeline(line % "[1.0]", "number").label({"web-orders": ORDERS}, AS_OF, UNTIL, ["a", "b"])
    assert np.isnan(number["a"])


def test_code_that_raises_is_named_with_its_line() -> None:
    broken = pipeline("def features(web_orders):\n    table = web_orders\n    return table['nothing']\n")
    with pytest.raises(UserError) as caught:
        broken.features({"web-orders": ORDERS}, AS_OF)
    assert mistakes(caught) == [("model.pipeline.raised", "pipeline.py:3 features()")]
    assert "KeyError" in str(caught.value)
    assert "table['nothing']" in str(caught.value)


def test_code_that_cannot_be_imported_is_named_with_its_line() -> None:
    with pytest.raises(UserError) as caught:
        pipeline("x = 1\ny = x / 0\n").features({"web-orders": ORDERS}, AS_OF)
    assert caught.value.mistakes[0].where.startswith("pipeline.py:2 ")


def test_a_parameter_that_is_no_source_is_refused_with_what_there_is() -> None:
    with pytest.raises(UserError) as caught:
        pipeline("def features(web_order, as_of): ...\n").features({"web-orders": ORDERS}, AS_OF)
    assert mistakes(caught) == [("model.pipeline.parameter", "pipeline.py:1 features()")]
    assert "there is only as_of, web_orders" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("features", ({}, AS_OF)),
        ("label", ({}, AS_OF, UNTIL, [])),
        ("train", (pd.DataFrame(), pd.Series(dtype=float), pd.Series(dtype=str), "number")),
    ],
)
def test_a_missing_function_is_named(name: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(UserError, match=rf"no function {name}\(\)"):
        getattr(pipeline("x = 1"), name)(*arguments)


def test_training_draws_the_same_random_numbers_and_leaves_ours_alone() -> None:
    text = "import numpy as np, random\ndef train(features, label):\n    return np.random.rand(), random.random()\n"
    empty: Any = (pd.DataFrame(), pd.Series(dtype=float), pd.Series(dtype=str), "number")
    random.seed(5)
    before = random.getstate()
    assert pipeline(text).train(*empty) == pipeline(text).train(*empty)
    assert random.getstate() == before


def test_a_folder_imports_its_own_files_relatively(tmp_path: Path) -> None:
    folder = tmp_path / "shopcode"
    (folder / "parts").mkdir(parents=True)
    (folder / "__init__.py").write_text(
        "from .parts.sums import total\ndef features(people):\n    return total(people)\n"
    )
    (folder / "parts" / "__init__.py").write_text("")
    (folder / "parts" / "sums.py").write_text(
        "import pandas as pd\ndef total(table):\n    return table.groupby('id', as_index=False)['paid'].sum()\n"
    )
    code = code_of(read_code(tmp_path, "shopcode").content)
    for file in folder.rglob("*.py"):
        file.unlink()  # it runs from the kept bytes, not from the disk
    made = Pipeline(terms(), code).features({"people": ORDERS}, AS_OF)
    assert made["paid"].to_dict() == {"a": 8.0, "b": 0.0}
    assert imported_roots(code) == ["pandas"]


def test_two_versions_live_side_by_side() -> None:
    text = "import pandas as pd\ndef features(people):\n    return pd.DataFrame({'id': ['a'], 'n': [%d]})\n"
    one, two = pipeline(text % 1), pipeline(text % 2)
    assert one.features({"people": ORDERS}, AS_OF)["n"].tolist() == [1.0]
    assert two.features({"people": ORDERS}, AS_OF)["n"].tolist() == [2.0]
    assert one.code is not None
    assert two.code is not None
    assert one.code.digest != two.code.digest


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("gone.py", None, "There is no file gone.py"),
        ("../outside.py", "x = 1", "outside the product's folder"),
        ("bad.py", "def features(:\n", "This is not Python"),
    ],
)
def test_unreadable_code_is_refused(tmp_path: Path, name: str, text: str | None, found: str) -> None:
    (tmp_path / "product").mkdir()
    if text is not None:
        (tmp_path / "product" / name).write_text(text)
    with pytest.raises(UserError, match=found):
        read_code(tmp_path / "product", name)


def test_columns_as_they_stand_need_no_code() -> None:
    people = pa.table({"id": ["a", "b"], "age": [30, 40], "city": ["x", None], "left": ["yes", "no"]})
    declared = terms(
        features=ColumnsFrom(source="people", columns=["id", "age", "city"]),
        label=LabelFrom(source="people", column="left", yes="yes"),
    )
    made = Pipeline(declared).features({"people": people}, AS_OF)
    assert list(made.columns) == ["age", "city"]
    assert Pipeline(declared).label({"people": people}, AS_OF, UNTIL, ["a", "b", "c"]).tolist()[:2] == [1.0, 0.0]


def test_with_a_time_column_the_newest_row_of_an_entity_holds() -> None:
    rows = pa.table(
        {"id": ["a", "a", "b"], "day": [date(2024, 1, 1), date(2024, 2, 1), date(2024, 1, 1)], "n": [1, 2, 3]}
    )
    declared = terms(time="day", features=ColumnsFrom(source="people", columns=["n"]))
    assert Pipeline(declared).features({"people": rows}, AS_OF)["n"].to_dict() == {"a": 2.0, "b": 3.0}
    timeless = terms(features=ColumnsFrom(source="people", columns=["n"]))
    with pytest.raises(UserError, match="repeat a id"):
        Pipeline(timeless).features({"people": rows}, AS_OF)


def test_the_label_among_the_features_is_refused() -> None:
    people = pa.table({"id": ["a"], "age": [30], "left": [1]})
    declared = terms(
        features=ColumnsFrom(source="people", columns=["age", "left"]), label=LabelFrom(source="people", column="left")
    )
    with pytest.raises(UserError, match="both a feature and the label"):
        Pipeline(declared).features({"people": people}, AS_OF)


def test_an_unknown_column_is_named_with_the_known_ones() -> None:
    declared = terms(features=ColumnsFrom(source="people", columns=["agee"]))
    with pytest.raises(UserError, match="no column agee; it has id, age"):
        Pipeline(declared).features({"people": pa.table({"id": ["a"], "age": [30]})}, AS_OF)


def test_the_standard_model_copes_with_gaps_and_unseen_texts() -> None:
    rng = np.random.default_rng(1)
    features = pd.DataFrame(
        {"n": rng.normal(size=200), "empty": np.nan, "t": rng.choice(["x", "y"], 200).astype(object)}
    )
    label = pd.Series((features["n"] > 0).astype(float))
    features.loc[:20, "n"] = np.nan
    features.loc[30:40, "t"] = np.nan
    model = Pipeline(terms()).train(features, label, pd.Series(dtype=str), "probability")
    unseen = pd.DataFrame({"n": [2.0, np.nan], "empty": [np.nan, 1.0], "t": np.array(["new", np.nan], dtype=object)})
    assert model.predict_proba(unseen)[0, 1] > 0.8
    assert np.isfinite(model.predict_proba(unseen)).all()


def test_terms_survive_being_written() -> None:
    given = terms(time="day", features=ColumnsFrom(source="people", columns=["n"]))
    assert read_terms(written(given)) == terms_of(given)


@pytest.mark.parametrize("ending", ["sys.exit(0)", "raise SystemExit('enough')", "raise KeyboardInterrupt"])
def test_code_that_ends_the_program_is_a_mistake_like_any_other(ending: str) -> None:
    code = pipeline(f"import sys\ndef features(web_orders):\n    {ending}\n")
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(code.features, {"web-orders": ORDERS}, AS_OF).exception()
    assert isinstance(told, UserError)
    assert [(mistake.code, mistake.where) for mistake in told.mistakes] == [
        ("model.pipeline.raised", "pipeline.py:3 features()")
    ]
    assert ending in str(told)


def test_an_exit_while_the_file_is_read_is_a_mistake_too() -> None:
    with pytest.raises(UserError) as caught:
        pipeline("import sys\nsys.exit(4)\n").features({"web-orders": ORDERS}, AS_OF)
    assert caught.value.mistakes[0].where.startswith("pipeline.py:2 ")
    assert "exit" in caught.value.mistakes[0].fix


def test_what_the_code_prints_stays_out_of_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        "print('read')\ndef features(web_orders):\n    print('asked')\n    return web_orders.groupby('id').paid.sum()"
    )
    pipeline(text).features({"web-orders": ORDERS}, AS_OF)
    print("ours")
    written = capsys.readouterr()
    assert (written.out, written.err) == ("ours\n", "read\nasked\n")


def test_of_a_long_message_the_first_line_is_told() -> None:
    with pytest.raises(UserError) as caught:
        pipeline("def features():\n    raise ValueError('too much\\nread the manual')\n").features({}, AS_OF)
    assert "too much, at" in str(caught.value)
    assert "manual" not in caught.value.mistakes[0].found.partition(", at:")[0]


def test_code_that_never_ends_can_be_stopped(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    text = f"def features(web_orders):\n    open({str(begun)!r}, 'w').close()\n    while True:\n        pass\n"
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(pipeline(text).features, {"web-orders": ORDERS}, AS_OF)
        while not begun.exists():
            time.sleep(0.01)
        stop()
        error = told.exception()
        assert pool.submit(int, "7").result() == 7  # the thread itself goes on
    assert isinstance(error, UserError)
    assert error.mistakes[0].where.startswith("pipeline.py:")
    assert "stopped" in error.mistakes[0].fix


def test_a_file_that_is_no_text_is_refused_at_its_first_line(tmp_path: Path) -> None:
    (tmp_path / "pipeline.py").write_bytes(b"\0\1")
    with pytest.raises(UserError) as caught:
        read_code(tmp_path, "pipeline.py")
    assert mistakes(caught) == [("model.pipeline.syntax", "pipeline.py:1:1")]


AFTERWARDS = """
import sys, threading
from shipworthy.model.running import running

def work():
    with running({"pipeline.py": ""}, "features()"):
        pass

thread = threading.Thread(target=work)
thread.start()
thread.join()
sys.settrace(lambda *told: None)  # as debuggers, coverage and property tests do
work()
print("went on")
"""


def test_code_that_ran_in_a_thread_leaves_no_interrupt_behind_that_a_tracer_would_meet_for_ever() -> None:
    told = subprocess.run([sys.executable, "-c", AFTERWARDS], capture_output=True, text=True, timeout=120, check=True)
    assert told.stdout == "went on\n"
