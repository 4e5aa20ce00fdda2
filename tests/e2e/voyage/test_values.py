"""Questions that carry their inputs: held against the contract, answered by the model that is signed, or refused."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from e2e.voyage.shop import PRODUCT
from e2e.voyage.test_server import Server
from e2e.voyage.voyage import Voyage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shipworthy.app.wiring import close_desk
from shipworthy.base.errors import UserError
from shipworthy.deliver.answered import Answerers
from shipworthy.deliver.asked import Asked
from shipworthy.deliver.beside import Beside
from shipworthy.deliver.journal import Journal, seal_left_over
from shipworthy.deliver.loading import load_serving
from shipworthy.deliver.ready import Question
from shipworthy.deliver.replies import Reply
from shipworthy.deliver.run import SHADOW
from shipworthy.deliver.serving import Serving
from shipworthy.deliver.words import AnswersSealed, RefusalsSealed, ServiceCounted
from shipworthy.doors.house import running
from shipworthy.doors.predict.app import Predictions
from shipworthy.doors.predict.lane import Lane, Told
from shipworthy.doors.predict.refused import Refused
from shipworthy.doors.predict.tally import Tally
from shipworthy.doors.predict.wire import Wire


@pytest.fixture(scope="module")
def voyage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voyage]:
    """A shop whose real-time consumer asks by key or with every input, and gets the baseline for wrong ones."""
    root = tmp_path_factory.mktemp("shop")
    voyage = Voyage(root, asks_by="either", if_invalid="baseline", features_within="40d")
    voyage.live_baseline("all")
    voyage.advance("1997-07-01")
    voyage.live_model()
    voyage.advance("1997-08-01")
    yield voyage
    close_desk(voyage.desk)


@pytest.fixture(scope="module")
def serving(voyage: Voyage) -> Serving:
    return load_serving(voyage.desk.store, PRODUCT)


@pytest.fixture(scope="module")
def server(voyage: Voyage) -> Iterator[Server]:
    token = voyage.desk.people.add("shop-system")
    with running(Predictions(voyage.desk, PRODUCT), http=Wire) as address:
        yield Server(voyage, address, token)


def inputs_of(serving: Serving, customer: str) -> dict[str, Any]:
    """The stored inputs of a customer as a caller would send them."""
    champion = serving.ready[serving.pointer.champion["north"]]
    return {str(name): float(value) for name, value in champion.features.loc[customer].to_dict().items()}


def test_given_inputs_get_the_number_of_the_same_stored_ones(server: Server, serving: Serving) -> None:
    for customer in ("00001", "00002", "00040", "00123"):
        by_key = server.ask(customer)
        status, told = server.call("POST", "/predict", {"customer_id": customer, **inputs_of(serving, customer)})
        assert status == 200
        same = ("customer_id", "candidate", "score", "reasons", "step", "cohort")
        assert {name: told[name] for name in same} == {name: by_key[name] for name in same}
        assert "notice" not in told


def test_a_customer_nobody_knows_is_answered_by_given_inputs_and_not_by_key(server: Server, serving: Serving) -> None:
    status, told = server.call("POST", "/predict", {"customer_id": "new", **inputs_of(serving, "00001")})
    assert (status, told["customer_id"]) == (200, "new")
    assert server.call("POST", "/predict", {"customer_id": "new"})[0] == 404


def test_a_wrong_input_is_answered_by_the_baseline_with_the_field_named(server: Server, serving: Serving) -> None:
    given = inputs_of(serving, "00001")
    status, told = server.call("POST", "/predict", {"customer_id": "00001", **given, "spend": "a lot"})
    assert status == 200
    assert told["candidate"] == serving.pointer.baseline
    assert "spend is a text, not a number" in told["notice"]


def test_where_the_baseline_itself_cannot_answer_the_wrong_field_is_refused(server: Server) -> None:
    status, told = server.call("POST", "/predict", {"customer_id": ["x"], "spend": 1})
    assert (status, told["error"]["mistakes"][0]["where"]) == (422, "customer_id")


def test_the_contract_of_the_route_names_every_input(server: Server, serving: Serving) -> None:
    document = server.call("GET", "/openapi.json")[1]
    schema = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == {"customer_id", *inputs_of(serving, "00001")}
    assert schema["additionalProperties"] is False


def test_answers_and_refusals_together_are_the_questions_asked(voyage: Voyage, serving: Serving) -> None:
    store, now = voyage.desk.store, voyage.desk.now(PRODUCT)
    questions = [Question("00001", "shop"), Question("nobody", "shop"), Question("00002", "shop")]
    told = told_by(asked(lambda: serving, questions, Journal(store, PRODUCT), now))
    assert [isinstance(one, Reply) for one in told] == [True, False, True]
    seal_left_over(store, PRODUCT, "prediction-server", now)
    answers = [what for what in voyage.facts(AnswersSealed) if what.run.startswith("serve/")]
    refusals = voyage.facts(RefusalsSealed)[-1]
    assert (answers[-1].rows, refusals.rows, refusals.codes) == (2, 1, {"serve.unknown_entity": 1})
    assert answers[-1].run == refusals.run
    assert store.files.table(refusals.segment)["entity"].to_pylist() == ["nobody"]


def test_inputs_that_are_too_old_are_answered_by_the_baseline_and_said(serving: Serving) -> None:
    late = serving.pinned.as_of + timedelta(days=41)
    told = serving.answer("00001", "shop", late)
    assert told.row["candidate"] == serving.pointer.baseline
    assert "too old" in told.notice
    baseline = dict.fromkeys(serving.pointer.champion, serving.stand_in)
    planned = replace(serving, pointer=replace(serving.pointer, champion=baseline))
    assert "older than this consumer" in planned.answer("00001", "shop", late).notice
    strict = replace(serving, stand_in="")
    with pytest.raises(UserError, match="older than this consumer"):
        strict.answer("00001", "shop", late)


def test_a_model_put_aside_gives_way_to_the_baseline(serving: Serving) -> None:
    champion = serving.pointer.champion["north"]
    aside = replace(serving, aside={champion: "its compiled form gave 1 and the original 0"})
    told = aside.answer("00001", "shop", serving.pinned.as_of)
    assert told.row["candidate"] == serving.pointer.baseline
    assert "the original 0" in told.notice


def test_a_compiled_form_that_says_something_else_is_seen(serving: Serving) -> None:
    ready = serving.ready[serving.pointer.champion["north"]]
    assert ready.answerer.compiled is not None
    question = Question("00001", "shop")
    assert ready.disagreement(question) == ""
    other = replace(ready.answerer.compiled, link=lambda raw: 1 - ready.answerer.compiled.link(raw))  # type: ignore[union-attr]
    wrong = replace(ready, answerer=replace(ready.answerer, scorer=other))
    assert "the original" in wrong.disagreement(question)


class Slow(Serving):
    """Whatever is released, with a model that does not come back before the test is over."""

    def answers(self, asked: Any, now: datetime) -> list[Reply | Exception]:
        self.__dict__["over"].wait(60)
        return super().answers(asked, now)

    def shadowed(self, asked: Any, now: datetime) -> list[dict[str, Any]]:
        self.__dict__["over"].wait(60)
        return super().shadowed(asked, now)


@pytest.fixture
def slowly(serving: Serving) -> Iterator[Callable[..., Slow]]:
    """Makes the same, slow and not compiled."""
    names = ("plan", "pointer", "pinned", "ready", "stand_in", "challenger", "inputs")
    over = threading.Event()

    def slow(**changes: Any) -> Slow:
        made = Slow(**{name: getattr(serving, name) for name in names} | changes)
        made.__dict__.update(quick=False, over=over)
        return made

    yield slow
    over.set()


def told_by(asking: Coroutine[Any, Any, list[Told]]) -> list[Told]:
    """What a coroutine gives, run in a thread of its own: the tests of pages may hold this one's event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, asking).result()


async def asked(serving: Any, questions: list[Question], journal: Journal, now: datetime) -> list[Told]:
    """What a lane tells of some questions that come at once."""
    lane = Lane(serving, lambda: now, Tally())
    task = asyncio.create_task(lane.run(journal, lambda seal: None))
    try:
        return await lane.ask(questions)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        lane.close()
        journal._file.close()


def test_a_slow_model_gives_way_before_it_comes_back(
    voyage: Voyage, serving: Serving, slowly: Callable[..., Slow]
) -> None:
    slow, now = slowly(), voyage.desk.now(PRODUCT)
    questions = [Question(f"{number:05d}", "shop") for number in range(1, 6)]
    told = told_by(asked(lambda: slow, questions, Journal(voyage.desk.store, PRODUCT), now))
    replies = [one for one in told if isinstance(one, Reply)]
    assert [one.row["candidate"] for one in replies] == [serving.pointer.baseline] * 5
    assert all("took too long" in one.notice for one in replies)


def test_a_slow_model_that_nothing_stands_in_for_is_a_timeout_in_the_log(
    voyage: Voyage, slowly: Callable[..., Slow]
) -> None:
    slow, store, now = slowly(stand_in=""), voyage.desk.store, voyage.desk.now(PRODUCT)
    [told] = told_by(asked(lambda: slow, [Question("00001", "shop")], Journal(store, PRODUCT), now))
    assert isinstance(told, Refused)
    assert (told.status, told.mistake.code) == (504, "serve.late")
    seal_left_over(store, PRODUCT, "prediction-server", now)
    assert voyage.facts(RefusalsSealed)[-1].codes == {"serve.late": 1}


def test_a_challenger_that_is_not_compiled_answers_in_shadow_and_nobody_waits_for_it(
    voyage: Voyage, serving: Serving
) -> None:
    beside, store, now = replace(serving, challenger=serving.pointer.baseline), voyage.desk.store, serving.pinned.as_of
    assert beside.ready[beside.challenger].answerer.compiled is None
    journal = Journal(store, PRODUCT)

    async def until_it_has_answered() -> list[Told]:
        lane = Lane(lambda: beside, lambda: now, Tally())
        task = asyncio.create_task(lane.run(journal, lambda seal: None))
        told = await lane.ask([Question(f"{number:05d}", "shop") for number in range(1, 6)])
        for _ in range(600):  # it is written without another question
            if journal.rows == 10:
                break
            await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        lane.close()
        return told

    told = told_by(until_it_has_answered())
    assert {one.row["candidate"] for one in told if isinstance(one, Reply)} == {serving.pointer.champion["north"]}
    rows = store.files.table(journal.seal("prediction-server", now)).to_pylist()
    silent = {row["entity"]: row["candidate"] for row in rows if row["step"] == SHADOW}
    assert silent == dict.fromkeys([f"{number:05d}" for number in range(1, 6)], serving.pointer.baseline)
    assert len({row["answer_id"] for row in rows}) == len(rows) == 10
    assert voyage.facts(ServiceCounted)[-1].candidates[serving.pointer.baseline] == {"asked": 5, "late": 0, "failed": 0}
    journal.close("prediction-server", now)


def test_a_challenger_that_does_not_come_back_is_counted_and_holds_up_nobody(
    serving: Serving, slowly: Callable[..., Slow], monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, beside = slowly(challenger=serving.pointer.baseline), Beside()
    asked = [Question("00001", "shop")]
    assert beside.answered(stuck, asked, serving.pinned.as_of) == []
    assert beside.answered(stuck, asked, serving.pinned.as_of) == []
    monkeypatch.setattr("shipworthy.deliver.beside.PATIENCE", 0.0)
    [late] = beside.done(stuck)
    assert (late.rows, late.asked, "not come back" in late.problem) == ([], asked, True)
    assert beside.done(stuck) == []
    beside.close()


def test_a_stream_has_its_challenger_in_shadow_too(voyage: Voyage, serving: Serving) -> None:
    both, now = replace(serving, challenger=serving.pointer.baseline), serving.pinned.as_of
    answerers, journal = Answerers("shop"), Journal(voyage.desk.store, PRODUCT)
    for number in range(600):  # what it said of one batch is written with a later one
        answerers.answered(both, journal, [Asked(f"{number:020x}", "q", "", {"customer_id": "00001"})], now)
        if journal.rows > number + 1:
            break
        time.sleep(0.1)
    answerers.close()
    rows = voyage.desk.store.files.table(journal.seal("worker", now)).to_pylist()
    assert {row["candidate"] for row in rows if row["step"] == SHADOW} == {serving.pointer.baseline}
    journal.close("worker", now)


def test_more_than_can_be_answered_in_time_is_turned_away_at_once(
    voyage: Voyage, serving: Serving, slowly: Callable[..., Slow]
) -> None:
    slow, now = slowly(), voyage.desk.now(PRODUCT)
    told = told_by(asked(lambda: slow, [Question("00001", "shop")] * 700, Journal(voyage.desk.store, PRODUCT), now))
    assert len(told) == 700
    assert {type(one) for one in told} <= {Reply, Refused}
    lane = Lane(lambda: serving, lambda: now, Tally())
    lane._turn = 1.0
    heard: list[Told] = []
    for _ in range(600):
        lane.hear(Question("00001", "shop"), heard.append)
    shed = [one.refusal for one in lane._waiting if isinstance(one.refusal, Refused)]
    assert {one.status for one in shed} == {429}
    assert {one.retry_after for one in shed} <= {2, 3}
    assert len(shed) == 600 - 256
    lane.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.integers(0, 199), min_size=1, max_size=60))
def test_nobody_gets_a_number_that_depends_on_who_asks_beside(serving: Serving, numbers: list[int]) -> None:
    now, fields = serving.pinned.as_of, ("entity", "score", "decision", "reasons", "candidate")
    asked = [Question(f"{number:05d}", "shop") for number in numbers]
    together = [one.row for one in serving.answers(asked, now) if isinstance(one, Reply)]
    alone = [serving.answer(question.entity, "shop", now).row for question in asked]
    assert [[row[name] for name in fields] for row in together] == [[row[name] for name in fields] for row in alone]
