"""Model files: kept so that the same model gives the same bytes, opened only after inspection, never run."""

from __future__ import annotations

import io
import json
import pickle
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    ARDRegression,
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    GammaRegressor,
    HuberRegressor,
    Lasso,
    LassoCV,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    RidgeCV,
    SGDClassifier,
    SGDRegressor,
    TheilSenRegressor,
    TweedieRegressor,
)
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR, NuSVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier

from shipworthy.base.errors import UserError
from shipworthy.model.format import Opening, format_named, format_of_file, format_taking, opened
from shipworthy.model.formats.skops import TRUSTED
from shipworthy.model.profile import typical_values
from shipworthy.model.reasons import reasons

RNG = np.random.default_rng(0)
TABLE = pd.DataFrame({name: RNG.random(120) for name in ("a", "b", "c")}).assign(
    t=pd.Series(RNG.choice(["x", "y", "z"], 120), dtype="str")
)
NUMBERS = ["a", "b", "c"]
YES = (TABLE["a"] + 0.2 * RNG.random(120) > 0.6).astype(int)
SIZE = 3 * TABLE["a"] + TABLE["b"] + 1


def columns(numbers: Any = None, texts: Any = None) -> ColumnTransformer:
    return ColumnTransformer(
        [("n", numbers or StandardScaler(), NUMBERS), ("t", texts or OneHotEncoder(handle_unknown="ignore"), ["t"])]
    )


def on(transformer: Any) -> Any:
    return make_pipeline(ColumnTransformer([("n", transformer, NUMBERS)]), LogisticRegression())


CLASSIFIERS = [
    LogisticRegression(),
    LogisticRegressionCV(Cs=2, cv=2, l1_ratios=(0.0,), use_legacy_attributes=False, scoring="roc_auc"),
    SGDClassifier(loss="log_loss"),
    RandomForestClassifier(5),
    ExtraTreesClassifier(5),
    DecisionTreeClassifier(max_depth=3),
    GradientBoostingClassifier(n_estimators=5),
    HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=5),
    AdaBoostClassifier(n_estimators=3),
    BaggingClassifier(n_estimators=3, max_features=2),
    VotingClassifier([("a", LogisticRegression()), ("b", RandomForestClassifier(3))], voting="soft"),
    StackingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier(max_depth=2))]),
    CalibratedClassifierCV(RandomForestClassifier(3), cv=2),
    CalibratedClassifierCV(LogisticRegression(), method="isotonic", cv=2),
    CalibratedClassifierCV(LogisticRegression(), method="temperature", cv=2),
    CalibratedClassifierCV(SVC(), cv=2),
    KNeighborsClassifier(),
    KNeighborsClassifier(algorithm="ball_tree", metric="manhattan"),
    GaussianNB(),
    BernoulliNB(),
    MultinomialNB(),
    LinearDiscriminantAnalysis(),
    QuadraticDiscriminantAnalysis(reg_param=0.1),
    MLPClassifier((4,), max_iter=30),
    MLPClassifier((4,), max_iter=30, solver="sgd"),
    GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2),
    SVC(probability=True),
    CalibratedClassifierCV(LinearSVC(), cv=2),
    ComplementNB(),
    ExtraTreeClassifier(max_depth=3),
    GaussianProcessClassifier(),
    GaussianProcessClassifier(ConstantKernel() * RBF()),
    DummyClassifier(),
    *[
        on(step)
        for step in (
            PCA(2),
            TruncatedSVD(2),
            Nystroem(n_components=5),
            MinMaxScaler(),
            RobustScaler(),
            PowerTransformer(),
            QuantileTransformer(n_quantiles=20),
            PolynomialFeatures(2),
            KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"),
            SimpleImputer(add_indicator=True),
            KNNImputer(),
            SelectKBest(k=2),
            VarianceThreshold(),
            FunctionTransformer(np.log1p, feature_names_out="one-to-one"),
            FunctionTransformer(),
            FeatureUnion([("p", PCA(1)), ("s", StandardScaler())]),
        )
    ],
]
WITH_TEXT = [
    make_pipeline(columns(), LogisticRegression()),
    make_pipeline(columns(texts=OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)), GaussianNB()),
    make_pipeline(columns(texts=TargetEncoder(cv=2)), LogisticRegression()),
    make_pipeline(columns(numbers="passthrough"), HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=5)),
]
REGRESSORS = [
    LinearRegression(),
    Ridge(),
    Lasso(0.01),
    ElasticNet(0.01),
    BayesianRidge(),
    HuberRegressor(),
    PoissonRegressor(),
    GammaRegressor(),
    TweedieRegressor(power=1.5),
    QuantileRegressor(),
    RandomForestRegressor(5),
    DecisionTreeRegressor(max_depth=3),
    GradientBoostingRegressor(n_estimators=5),
    HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=5),
    HistGradientBoostingRegressor(loss="poisson", max_iter=5, min_samples_leaf=5),
    KNeighborsRegressor(),
    SVR(),
    MLPRegressor(hidden_layer_sizes=(4,), max_iter=30),
    AdaBoostRegressor(n_estimators=3),
    BaggingRegressor(n_estimators=3),
    ExtraTreesRegressor(5),
    VotingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=2))]),
    StackingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=2))]),
    GaussianProcessRegressor(),
    GaussianProcessRegressor(RBF() + WhiteKernel()),
    KernelRidge(),
    ARDRegression(),
    ElasticNetCV(cv=2),
    LassoCV(cv=2),
    RidgeCV(),
    SGDRegressor(),
    TheilSenRegressor(random_state=0),
    LinearSVR(),
    NuSVR(),
    PLSRegression(2),
    DummyRegressor(),
    TransformedTargetRegressor(LinearRegression(), func=np.log1p, inverse_func=np.expm1),
]


def name_of(model: Any) -> str:
    steps = getattr(model, "steps", None)
    if not steps:
        return type(model).__name__
    return "+".join(type(inner).__name__ for _, step, *_ in [("", steps[0][1])] for _, inner, *_ in step.transformers)


def fitted(model: Any, features: Any, label: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # short training on purpose
        np.random.seed(0)
        return model.fit(features, label)


def opening(features: Any = NUMBERS, answer: Any = "probability", **more: Any) -> Opening:
    return Opening("pipeline.py:9 train()", answer, features=list(features), **more)


def survives(model: Any, features: pd.DataFrame, how: Opening, expected: Any) -> None:
    assert format_taking(model, how) == "skops"
    content = format_named("skops").save(model, how)
    assert content == format_named("skops").save(model, how)
    kept = opened("skops", content, how)
    np.testing.assert_array_equal(kept.scores(features), np.ravel(expected))
    some, usual = features.head(10), typical_values(features)
    assert reasons(some, usual, kept.scores, 2) == reasons(some, usual, lambda rows: answers(model, rows, how), 2)


def answers(model: Any, rows: pd.DataFrame, how: Opening) -> Any:
    """What the model itself says of rows, as its maker would ask it."""
    plain = rows if hasattr(model, "feature_names_in_") else rows.to_numpy()
    return np.ravel(model.predict(plain)) if how.answer == "number" else model.predict_proba(plain)[:, 1]


@pytest.mark.parametrize("model", CLASSIFIERS, ids=name_of)
def test_classifiers_survive_being_kept(model: Any) -> None:
    features = TABLE[NUMBERS]
    fitted(model, features, YES)
    survives(model, features, opening(), model.predict_proba(features)[:, 1])


@pytest.mark.parametrize("model", WITH_TEXT, ids=name_of)
def test_models_of_text_survive_being_kept(model: Any) -> None:
    fitted(model, TABLE, YES)
    survives(model, TABLE, opening(TABLE.columns), model.predict_proba(TABLE)[:, 1])


@pytest.mark.parametrize("model", REGRESSORS, ids=name_of)
def test_regressors_survive_being_kept(model: Any) -> None:
    features = TABLE[NUMBERS]
    fitted(model, features, SIZE)
    survives(model, features, opening(answer="number"), model.predict(features))


def test_every_trusted_type_exists() -> None:
    for name in TRUSTED:
        module, _, attribute = name.rpartition(".")
        assert hasattr(__import__(module, fromlist=[attribute]), attribute), name


def test_the_same_training_gives_the_same_bytes_whatever_lay_in_memory() -> None:
    one = format_named("skops").save(fitted(RandomForestClassifier(5), TABLE[NUMBERS], YES), opening())
    ballast = [object() for _ in range(1000)]
    two = format_named("skops").save(fitted(RandomForestClassifier(5), TABLE[NUMBERS], YES), opening())
    assert one == two
    assert ballast


def test_a_model_fitted_without_names_gets_plain_rows() -> None:
    model = fitted(LogisticRegression(), TABLE[NUMBERS].to_numpy(), YES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        survives(model, TABLE[NUMBERS], opening(), model.predict_proba(TABLE[NUMBERS].to_numpy())[:, 1])


class Evil:
    """Leaves a mark wherever it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> Any:
        return Path.write_text, (self._mark, "it ran")


def evil_files(evil: Evil, folder: Path) -> dict[str, bytes]:
    plain = pickle.dumps(evil)
    joblib.dump(evil, folder / "packed.joblib", compress=3)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("archive/data.pkl", plain)
    hidden = io.BytesIO()
    with zipfile.ZipFile(hidden, "w") as file:
        file.writestr("schema.json", "{}")
        file.writestr("weights.npy", plain)
    numpy_file = io.BytesIO()
    np.save(numpy_file, np.array([evil], dtype=object), allow_pickle=True)
    inside = io.BytesIO()
    with zipfile.ZipFile(inside, "w") as file:
        node = {
            "__class__": "ndarray",
            "__module__": "numpy",
            "__loader__": "NdArrayNode",
            "type": "numpy",
            "file": "1.npy",
        }
        file.writestr("schema.json", json.dumps({**node, "__id__": 1, "protocol": 2, "_skops_version": "0.16.0"}))
        file.writestr("1.npy", numpy_file.getvalue())
    return {
        "model.pkl": plain,
        "model.joblib": (folder / "packed.joblib").read_bytes(),
        "model.pt": archive.getvalue(),
        "model.skops": plain,
        "model.onnx": plain,
        "old.skops": pickle.dumps(evil, protocol=0),
        "old.onnx": pickle.dumps(evil, protocol=0),
        "torch.skops": archive.getvalue(),
        "hidden.skops": hidden.getvalue(),
        "objects.skops": inside.getvalue(),
        "model.h5": b"\x89HDF\r\n\x1a\n",
        "model.bin": b"who knows",
    }


def test_files_that_can_run_code_are_refused_and_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    for name, content in evil_files(Evil(mark), tmp_path).items():
        with pytest.raises(UserError) as caught:
            opened(format_of_file(name, content), content, Opening(name, "probability"))
        assert not mark.exists(), name
        assert caught.value.mistakes[0].fix, name
    pickle.loads(pickle.dumps(Evil(mark)))
    assert mark.exists()  # the files were able to


def test_the_way_out_is_told() -> None:
    with pytest.raises(UserError, match=r"It is a pickle") as caught:
        format_of_file("model.pkl", pickle.dumps(LogisticRegression()))
    assert "skops.io.dump(model, 'model.skops')" in str(caught.value)
    assert "skl2onnx.to_onnx" in str(caught.value)


class Doubled(LogisticRegression):  # type: ignore[misc]  # scikit-learn is untyped
    """A class of the team's own."""


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(UserError) as caught:
        work()
    return str(caught.value)


def test_a_type_off_the_list_is_refused_unless_the_plan_trusts_it() -> None:
    model = fitted(Doubled(), TABLE[NUMBERS], YES)
    told = refused(lambda: format_named("skops").save(model, opening()))
    assert "not on the trusted list" in told
    assert "Doubled" in told
    assert "model.extra_trusted_types" in told
    name = f"{Doubled.__module__}.{Doubled.__qualname__}"
    content = skops.io.dumps(model)
    assert format_named("skops").inspect(content, opening())
    assert not format_named("skops").inspect(content, opening(trusted=[name]))


def test_lambdas_and_local_functions_are_named_with_the_fix() -> None:
    def plus_one(rows: Any) -> Any:
        return rows + 1

    for function, what in ((lambda rows: rows, "a lambda"), (plus_one, "the local function plus_one")):
        model = fitted(on(FunctionTransformer(function)), TABLE[NUMBERS], YES)
        told = refused(lambda model=model: format_named("skops").save(model, opening()))  # type: ignore[misc]
        assert f"The model holds {what}" in told
        assert "Do that step in features()" in told
        assert "pipeline.py:9 train()" in told


@pytest.mark.parametrize(
    ("model", "answer", "found"),
    [
        (LinearRegression(), "probability", "gives no probabilities"),
        (SGDClassifier(), "probability", "gives no probabilities"),
    ],
)
def test_a_model_that_cannot_answer_the_need_is_refused(model: Any, answer: Any, found: str) -> None:
    fitted(model, TABLE[NUMBERS], YES)
    assert found in refused(lambda: format_named("skops").save(model, opening(answer=answer)))


def test_three_classes_and_unfitted_models_are_refused() -> None:
    three = fitted(LogisticRegression(), TABLE[NUMBERS], np.arange(120) % 3)
    assert "3 classes" in refused(lambda: format_named("skops").save(three, opening()))
    assert "not fitted" in refused(lambda: format_named("skops").save(LogisticRegression(), opening()))
    assert "cannot answer" in refused(lambda: format_taking(None, opening()))
    assert "cannot answer" in refused(lambda: format_taking({"weights": [1]}, opening()))


def test_other_features_than_it_was_fitted_on_are_refused() -> None:
    content = format_named("skops").save(fitted(LogisticRegression(), TABLE[NUMBERS], YES), opening())
    assert "It was fitted on a, b, c" in refused(lambda: opened("skops", content, opening(["a", "c", "b"])))


def test_the_class_that_means_yes_is_found() -> None:
    labels = np.where(YES == 1, "buys", "leaves")
    model = fitted(LogisticRegression(), TABLE[NUMBERS], labels)
    content = skops.io.dumps(model)
    made = opened("skops", content, opening(yes="buys")).scores(TABLE[NUMBERS])
    np.testing.assert_array_equal(made, model.predict_proba(TABLE[NUMBERS])[:, 0])


def with_tree_node(content: bytes, dtype: str, field: str, value: int) -> bytes:
    """The same skops file with one index in its first tree bent."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        bent = False
        for name in sorted(source.namelist()):
            body = source.read(name)
            if name.endswith(".npy") and not bent:
                array = np.load(io.BytesIO(body))
                if array.dtype.names and dtype in array.dtype.names:
                    array = array.copy()
                    array[field][0] = value
                    buffer = io.BytesIO()
                    np.save(buffer, array)
                    body, bent = buffer.getvalue(), True
            target.writestr(name, body)
    assert bent
    return out.getvalue()


@pytest.mark.parametrize(
    ("model", "marker", "field", "value"),
    [
        (DecisionTreeClassifier(max_depth=3, random_state=0), "left_child", "left_child", 10_000),
        (DecisionTreeClassifier(max_depth=3, random_state=0), "left_child", "right_child", 0),
        (DecisionTreeClassifier(max_depth=3, random_state=0), "left_child", "feature", 10_000),
        (HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=5), "feature_idx", "left", 10_000),
        (HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=5), "feature_idx", "feature_idx", 10_000),
        (KNeighborsClassifier(algorithm="kd_tree"), "idx_start", "idx_end", 10_000),
    ],
    ids=["left", "loop", "feature", "boosted left", "boosted feature", "neighbours"],
)
def test_a_tree_that_leads_astray_is_refused_before_the_first_answer(
    model: Any, marker: str, field: str, value: int
) -> None:
    content = format_named("skops").save(fitted(model, TABLE[NUMBERS], YES), opening())
    bent = with_tree_node(content, marker, field, value)
    assert "The file is damaged" in refused(lambda: opened("skops", bent, opening()))
