"""A candidate with everything a proof looks at: a real model file, made-up people, truths that follow its scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression, LogisticRegression
from unit.sign.history import plan

from shipworthy.base.check import CheckResult
from shipworthy.base.digest import canonical, digest_of_bytes
from shipworthy.base.kinds import kind
from shipworthy.model.candidate import model_digest, name_of
from shipworthy.model.format import Opening, format_named, opened
from shipworthy.model.words import CandidateMade
from shipworthy.plan.rules import answer_sections
from shipworthy.plan.schema import Plan
from shipworthy.prove.check import FOLDER, Foreseen, ProofCheck, Rows, Subject, Training, Truth, run_checks
from shipworthy.prove.intervals import Floats

NOW = datetime(2026, 3, 1, tzinfo=UTC)
THEN = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ["minutes", "visits", "age"]

FORESEEN = Foreseen("performance", "everybody", 1_000, 0.1, 0.12, 0.14, 0.2, 60_000, more=0, takes=900, to_keep=0)

PROOF = "proof: {%s}\n\ndecision:\n  top: 50\n"
DECISION = "decision:\n  top: 50\n"
NUMBER_PROOF = (DECISION, PROOF % "performance: {metric: mae, floor: 8, beats_baseline_by: 1}")


@dataclass
class Model:
    """A loaded candidate; `scorer` is an opened model file."""

    scorer: Any

    def features(self, sources: Mapping[str, Any], as_of: datetime, /) -> pd.DataFrame:
        return people(400)

    def scores(self, features: pd.DataFrame, /) -> Floats:
        return np.asarray(self.scorer.scores(features), dtype=np.float64) if len(features) else np.zeros(0)

    def likely(self, features: pd.DataFrame, /) -> Floats:
        raise NotImplementedError("its answers are no classes")

    def reasons(self, features: pd.DataFrame, count: int, /) -> list[list[str]]:
        rows = features[NAMES[:count]].to_numpy()
        return [
            [f"{name} {value:.2f} raises the score" for name, value in zip(NAMES, row, strict=False)] for row in rows
        ]


@cache
def _people(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    index = pd.Index([f"p{seed}-{number:05}" for number in range(rows)], dtype=object)
    return pd.DataFrame({name: random.normal(size=rows) for name in NAMES}, index=index)


def people(rows: int, seed: int = 1) -> pd.DataFrame:
    """Made-up people with three features."""
    return _people(rows, seed).copy()


def chances(features: pd.DataFrame) -> Floats:
    """How likely each of them is to be a yes."""
    return np.asarray(1 / (1 + np.exp(1.0 - 1.2 * features["minutes"] - 0.6 * features["visits"])), dtype=np.float64)


@cache
def model_file(answer: str = "probability") -> bytes:
    """A model that learnt from 4,000 people of another time, as it is kept."""
    features, random = people(4_000, seed=2), np.random.default_rng(3)
    yes = (random.random(len(features)) < chances(features)).astype(int)
    number = 100 + 20 * features["minutes"] + random.normal(0, 8, len(features))
    trained = (LogisticRegression() if answer == "probability" else LinearRegression()).fit(
        features, yes if answer == "probability" else number
    )
    return format_named("skops").save(trained, opening(answer))


def opening(answer: str = "probability") -> Opening:
    return Opening("train()", "number" if answer == "number" else "probability", NAMES)


def made(the_plan: Plan, content: bytes, **values: Any) -> tuple[CandidateMade, dict[str, bytes]]:
    """The candidate with that model file, rightly named, and its files."""
    stored = {"model": content, "profile": b"{}", "terms": b"{}", "environment": b"{}", "code": b"def train(): ..."}
    files = {name: digest_of_bytes(body) for name, body in stored.items()}
    found = CandidateMade(
        product=the_plan.product,
        candidate="",
        role="model",
        plan_version=1,
        sections=answer_sections(the_plan),
        code=files["code"],
        snapshot="snapshot",
        environment=files["environment"],
        model=model_digest(files),
        format="skops",
        files=files,
        features=NAMES,
        trained_on=[THEN.isoformat()],
        rows=4_000,
        author="builder",
    )
    found = replace(found, **values)
    return replace(found, candidate=name_of(found)), stored


def subject(
    *changes: tuple[str, str], held: int = 1_000, due: int = 5_000, answer: str = "probability", **values: Any
) -> Subject:
    """A good candidate under the example's plan; every part can be given otherwise."""
    if answer == "number":
        changes = (("  horizon: 2mo", "  answer: number\n  horizon: 2mo"), *changes)
    the_plan = plan(*changes)
    content = model_file(answer)
    candidate, stored = made(the_plan, content)
    model = Model(opened("skops", content, opening(answer)))
    now, then = people(400), people(held, seed=4)
    random = np.random.default_rng(5)
    if answer == "number":
        labels = 100 + 20 * then["minutes"].to_numpy() + random.normal(0, 8, held)
    else:
        labels = (random.random(held) < chances(then)).astype(np.float64)
    truth = Truth(Rows(THEN, then, model.scores(then)), labels, due, then["age"].to_numpy(), "the rule on age")
    found = Subject(
        plan=the_plan,
        made=candidate,
        answerer=model,
        sources={},
        now=Rows(NOW, now, model.scores(now)),
        truth=truth,
        known_from=NOW.isoformat(),
        keep=lambda name, body: digest_of_bytes(body),
        groups={},
        stored=stored,
        training=Training(4_000, 1_000),
        foreseen=[FORESEEN],
    )
    return replace(found, **values)


def with_truth(base: Subject, labels: Sequence[float] | Floats, scores: Floats | None = None, **values: Any) -> Subject:
    """The same with other truths, and perhaps other answers, for its first held-out entities."""
    truth = base.known()
    count = len(labels)
    rows = Rows(THEN, truth.rows.features.iloc[:count], truth.rows.scores[:count] if scores is None else scores)
    rest = {"baseline": None if truth.baseline is None else truth.baseline[:count]}
    return replace(
        base, truth=replace(truth, rows=rows, labels=np.asarray(labels, dtype=np.float64), **{**rest, **values})
    )


def results(name: str, of: Subject) -> list[CheckResult]:
    """What one check finds, through the door that every proof takes; each can be kept."""
    check = kind(FOLDER, name, ProofCheck)
    found = run_checks(of, [check])
    assert canonical(found)
    for one in found:
        assert one.asked.endswith("?")
        assert one.found
        assert one.verdict in ("pass", "warn") or one.why
    return found


def verdicts(name: str, of: Subject) -> dict[str, str]:
    """The verdict of each part of a check."""
    return {one.check.removeprefix("prove."): one.verdict for one in results(name, of)}


def proof(text: str) -> tuple[str, str]:
    """A change of the plan that declares how it is proven."""
    return DECISION, PROOF % text


def floor(value: float, metric: str = "auc") -> tuple[str, str]:
    """A change of the plan that declares how good is good enough."""
    return proof(f"performance: {{metric: {metric}, floor: {value}}}")
