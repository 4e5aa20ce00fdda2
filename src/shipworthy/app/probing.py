"""Testing what a plan is connected to: on day one, and whenever somebody asks whether it still holds."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

import pyarrow as pa

from shipworthy.base.check import CheckResult, Verdict, sentence_of
from shipworthy.base.errors import UserError, not_found
from shipworthy.base.kinds import kind
from shipworthy.data.source import FOLDER, Place, SourceKind
from shipworthy.deliver.bringing import target
from shipworthy.deliver.log import ANSWERS, CLASSES
from shipworthy.deliver.rules import output, run_name, with_probabilities, with_values
from shipworthy.deliver.run import Run
from shipworthy.deliver.sink import SinkKind
from shipworthy.edges.outbound import SETTING, Ask, send
from shipworthy.edges.store import Store
from shipworthy.plan.schema import Contract, Plan
from shipworthy.respond import messages

AT_ONCE = 8
_SECONDS = 10.0
_MOST = 65_536
_WHY_SOURCE = "What cannot be read today is missing from the first list."
_WHY_SINK = "A list that cannot be brought helps nobody, however good it is."
_WHY_RECEIPTS = "Who must find a login first says late, or never, that a list arrived."
_WHY_ROUTE = "A message that nobody gets is as good as none."
_LOOK = "See that the system is up, that its address and credentials are set where Shipworthy runs, and try again."


def probed(plan: Plan, store: Store, now: datetime, name: str = "") -> list[CheckResult]:
    """One result for each source, sink and route, in the order of the plan, and one for the links of receipts.

    Args:
        name: the only one to test; all where it is empty.

    Raises:
        NotFound: nothing of that name is declared.
    """
    tests = {f"sources.{source}": partial(_source, plan, store, now, source) for source in plan.sources}
    tests |= {f"sinks.{sink}": partial(_sink, plan, store, now, sink) for sink in plan.sinks}
    tests |= {f"respond.routes.{to}": partial(_route, plan, store, to) for to in plan.respond.routes}
    if any(_carries_receipts(plan, sink) for sink in plan.sinks):
        tests |= {"receipts": partial(_receipts, store)}
    wanted = [where for where in tests if name in ("", where, where.rpartition(".")[2])]
    if not wanted:
        raise not_found("source, sink or route", name, list(tests))
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(lambda where: tests[where](), wanted))


def _source(plan: Plan, store: Store, now: datetime, name: str) -> CheckResult:
    source = plan.sources[name]
    where, asked = f"sources.{name}", "Can it be read, and has it the columns of its contract?"

    def test() -> CheckResult:
        place = Place(name, store.folder(plan.product), store.environ, store.closed, now)
        found = kind(FOLDER, source.kind, SourceKind).probe(source, place)
        wrong = _differences(source.contract, list(found.columns))
        advice = "Have the source repaired, or change its contract in the plan." if wrong else ""
        said = f"{found.found}; {wrong or 'it has the columns of the contract'}"
        return CheckResult(
            "probe.source", asked, "fail" if wrong else "pass", said, why=_WHY_SOURCE, advice=advice, where=where
        )

    return _tested("probe.source", asked, where, _WHY_SOURCE, test)


def _differences(contract: Contract, there: list[str]) -> str:
    lacking = [name for name, column in contract.columns.items() if column.required and name not in there]
    more = [name for name in there if name not in contract.columns] if contract.other_columns == "refuse" else []
    said = [f"it lacks {', '.join(lacking)}"] if lacking else []
    said += [f"it has {', '.join(more)}, which the contract refuses"] if more else []
    return " and ".join(said)


def _shape(plan: Plan) -> pa.Table:
    """Answers in the shape of the log, none of them."""
    classes = plan.need.classes
    if not classes:
        return ANSWERS.empty_table()
    return with_probabilities(pa.schema([*ANSWERS, *CLASSES]).empty_table(), classes, classes)


def _sink(plan: Plan, store: Store, now: datetime, name: str) -> CheckResult:
    where, asked = f"sinks.{name}", "Can it be written to, and has it the columns of its consumer?"
    users = [who for who, consumer in plan.consumers.items() if name in consumer.sinks]
    who = users[0] if users else next(iter(plan.consumers))
    consumer = plan.consumers[who]
    needed = consumer.needs_values
    inputs = pa.table({name: pa.array([], pa.float64()) for name in needed} | {"entity": pa.array([], pa.string())})
    shape = output(with_values(_shape(plan), inputs, "entity", needed), consumer, plan.need.entity, plan.decision.yes)

    def test() -> CheckResult:
        probe = kind("deliver/sinks", plan.sinks[name].kind, SinkKind).probe
        if probe is None:
            found = "Its kind has no probe; the rehearsal shows whether it works."
            return CheckResult("probe.sink", asked, "not_run", found, why=_WHY_SINK, where=where)
        places = []
        for trial in ("rehearsal", ""):
            run = run_name(plan.product, who, now, trial, "probe" if trial else "")
            goal = target(store, Run(run, plan, who, consumer, now, trial, ""), name)
            places.append(f"{trial or 'real'}: {probe(goal, shape)}")
        return CheckResult("probe.sink", asked, "pass", "; ".join(places), why=_WHY_SINK, where=where)

    return _tested("probe.sink", asked, where, _WHY_SINK, test)


def _route(plan: Plan, store: Store, to: str) -> CheckResult:
    where, asked = f"respond.routes.{to}", "Would a message arrive?"

    def test() -> CheckResult:
        found = messages.probe(store, plan, to)
        return CheckResult("probe.route", asked, "pass", found, why=_WHY_ROUTE, where=where)

    return _tested("probe.route", asked, where, _WHY_ROUTE, test)


def _carries_receipts(plan: Plan, sink: str) -> bool:
    try:
        return kind("deliver/sinks", plan.sinks[sink].kind, SinkKind).receipts
    except UserError:  # the sink's own probe says that there is no such kind
        return False


def _receipts(store: Store) -> CheckResult:
    where, asked = "receipts", "Do messages carry a link by which a list is confirmed, and does it lead here?"
    if not store.pages:
        found = "SHIPWORTHY_PAGES_URL is not set: messages carry no link to confirm a list by; it takes a login."
        advice = "Set it where lists are made to the address of the pages, such as https://ship.example."
        return CheckResult("probe.receipts", asked, "not_run", found, why=_WHY_RECEIPTS, advice=advice, where=where)
    verdict: Verdict = "warn"
    found = f"links lead to {store.pages}; from here it"
    advice = "Where people do reach it, all is well. Otherwise: does `shipworthy pages` run, under that name?"
    # Who runs the installation named this address, so it may lie inside the network.
    named = {SETTING: f"{store.environ.get(SETTING, '')},{urlsplit(store.pages).hostname}"}
    try:
        reply = send(Ask("GET", f"{store.pages}/healthz", where, seconds=_SECONDS, most=_MOST), named)
        verdict, found = (
            ("pass", f"{found} answers") if reply.status == 200 else (verdict, f"{found} says {reply.status}")
        )
    except (OSError, UserError):
        found = f"{found} cannot be reached"
    advice = "" if verdict == "pass" else advice
    return CheckResult("probe.receipts", asked, verdict, found, why=_WHY_RECEIPTS, advice=advice, where=where)


def _tested(check: str, asked: str, where: str, why: str, test: Callable[[], CheckResult]) -> CheckResult:
    """The result of a test, or what kept it from having one; the others go on."""
    try:
        return test()
    except UserError as error:
        found = sentence_of(mistake.found for mistake in error.mistakes)
        return CheckResult(check, asked, "fail", found, why=why, advice=error.mistakes[0].fix or _LOOK, where=where)
    except OSError as error:
        said = str(error.strerror or error)
        return CheckResult(check, asked, "fail", said, why=why, advice=_LOOK, where=where)
    except Exception as error:  # its text may hold a secret
        found = f"The probe itself broke: {type(error).__name__}."
        return CheckResult(check, asked, "error", found, why=why, advice="Report this as a bug.", where=where)
