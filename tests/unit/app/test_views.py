from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest

from shipworthy.app.rights import Identity
from shipworthy.app.stations import road, stations
from shipworthy.app.views import find_evidence, given_by, ledger_page, plan_in_force, product_road, products
from shipworthy.app.words import FindEvidence, LedgerExported, LedgerPage, PlanInForce, ProductRoad, Products
from shipworthy.base.actor import Actor
from shipworthy.base.check import CheckResult
from shipworthy.base.errors import NotFound
from shipworthy.base.fact import KnownPast, Recorded, What
from shipworthy.data.words import Intake, SnapshotRefused
from shipworthy.deliver.words import DeliveryFailed
from shipworthy.model.words import CandidateMade
from shipworthy.plan.reading import read_plan
from shipworthy.plan.rules import current_plan
from shipworthy.plan.words import PlanAdopted, PlanRefused
from shipworthy.prove.words import CandidateProven
from shipworthy.release.words import ReleaseStepped
from shipworthy.respond.words import AttemptFailed, IncidentChanged, IncidentClosed, IncidentOpened
from shipworthy.sign.words import Missing
from shipworthy.watch.words import AlarmClosed, AlarmRaised

NOW = datetime(1997, 6, 1, tzinfo=UTC)
P = "next-purchase"
PLAN = read_plan(files("shipworthy").joinpath("starters/next-purchase/product.yaml").read_text())
ADOPTED = PlanAdopted(product=P, version=1, plan=PLAN.values(), digest="d" * 64, sections={})
ALARM = AlarmRaised(product=P, alarm="a1", monitor="calibration", candidate="c", window="1997-05-01T00:00:00+00:00",
                    since="1997-05-01T00:00:00+00:00", text="too far", guarantee="", cause="", advice="")  # fmt: skip
BUG = IncidentOpened(product=P, incident="i1", severity="high", title="no list", owner="technology-owner",
                     cause="", affected=[])  # fmt: skip


def recorded(whats: Sequence[What]) -> list[Recorded[Any]]:
    return [
        Recorded(seq, "somebody", NOW, NOW, what, f"{seq - 1:064}", f"{seq:064}") for seq, what in enumerate(whats, 1)
    ]


def past_of(*whats: What) -> KnownPast:
    return KnownPast(recorded([ADOPTED, *whats]))


def states(*whats: What) -> dict[str, str]:
    return {station.name: station.state for station in stations(road(PLAN, past_of(*whats), NOW))}


@dataclass(frozen=True)
class Row:
    """A fact as the ledger's rows are."""

    seq: int
    kind: str = "WindowJudged"
    product: str = P
    about: str = ""
    who: str = "somebody"
    at: str = "1997-06-01T00:00:00+00:00"
    recorded_at: str = "1997-06-01T00:00:00+00:00"
    body: dict[str, Any] = field(default_factory=dict)
    previous: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Shelf:
    """What views read of a ledger, from memory."""

    rows: Sequence[Row] = ()
    pasts: dict[str, KnownPast] = field(default_factory=dict)

    def past(self, product: str) -> KnownPast:
        return self.pasts.get(product, KnownPast([]))

    def products(self) -> list[str]:
        return sorted(self.pasts)

    def head(self) -> Row:
        return self.rows[-1]

    def verify(self) -> Row:
        return self.rows[-1]

    def signed_heads(self) -> list[Any]:
        return []

    def facts(self, after: int = 0, *, product: str | None = None, kinds: Sequence[str] = ()) -> Any:
        return iter([row for row in self.rows if row.seq > after and row.product == product])


def test_on_day_one_the_road_starts_at_the_data_and_says_how_to_go_on() -> None:
    told = product_road(ProductRoad(product=P), past_of(), NOW)
    assert {station.name: station.state for station in told.stations} == {
        "plan": "done", "data": "here", "model": "here", "prove": "ahead", "sign": "ahead",
        "release": "ahead", "deliver": "ahead", "watch": "ahead", "respond": "ahead",
    }  # fmt: skip
    assert told.level == "waiting"
    assert told.next_steps[0].command == f"shipworthy train --baseline -p {P}"
    assert (told.simulated_clock, told.simulated_cohorts) == (True, ["north", "south", "east", "west"])


def test_without_a_plan_there_is_no_road() -> None:
    with pytest.raises(NotFound):
        product_road(ProductRoad(product=P), KnownPast([]), NOW)


def test_a_refused_plan_is_seen_until_one_is_adopted() -> None:
    refusal = PlanRefused(product=P, digest="x", reasons=["time_to_act is too long"])
    assert states(refusal)["plan"] == "here"
    assert states(refusal, ADOPTED)["plan"] == "done"


def test_a_broken_contract_blocks_the_data_and_says_why() -> None:
    check = CheckResult("data.volume", "Enough rows?", "fail", "12 rows came, at least 500 were promised.")
    refusal = SnapshotRefused(product=P, refusal="r", as_of=NOW.isoformat(), intakes=[Intake("purchases", 12, 0)],
                              checks=[check])  # fmt: skip
    told = product_road(ProductRoad(product=P), past_of(refusal), NOW)
    (data,) = (station for station in told.stations if station.name == "data")
    assert (data.state, data.blocked_by) == ("blocked", ["12 rows came, at least 500 were promised."])
    assert told.level == "bad"
    assert "1 Jun 1997" in told.sentence


def test_what_failed_by_itself_waits_for_the_operator_until_it_is_done() -> None:
    failed = AttemptFailed(product=P, attempt="release", concerns="c" * 64 + " all", reason="The disk is full.")
    told = product_road(ProductRoad(product=P), past_of(failed), NOW)
    (respond,) = (station for station in told.stations if station.name == "respond")
    assert (respond.state, respond.text) == ("alarm", "1 thing asked for and not done yet.")
    (step,) = (step for step in told.next_steps if step.page == "response")
    assert step.who == PLAN.people.operator
    assert (
        "Taking the retrained candidate cccccccccccc to the step all failed: The disk is full. Tried 1 time"
        in step.text
    )
    stepped = ReleaseStepped(product=P, candidate="c" * 64, step="all", cohorts=[], replaces="", gate="", role="model")
    assert states(failed, stepped)["respond"] == "ahead"


def test_alarms_and_incidents_are_open_until_they_are_closed() -> None:
    assert (states(ALARM, BUG)["watch"], states(ALARM, BUG)["respond"]) == ("alarm", "alarm")
    answered = AlarmClosed(product=P, alarm="a1", by="retrain")
    closed = IncidentClosed(product=P, incident="i1", root_cause="r", fix="f", check="c")
    after = states(ALARM, BUG, answered, closed)
    assert (after["watch"], after["respond"]) == ("ahead", "done")


def test_an_open_incident_waits_for_whom_it_was_given_to() -> None:
    def asked(*whats: What) -> list[tuple[str, str]]:
        return [(step.who, step.text) for step in product_road(ProductRoad(product=P), past_of(*whats), NOW).next_steps]

    one = "Close the open incident with its cause, fix and check."
    assert ("technology-owner", one) in asked(BUG)
    given = IncidentChanged(product=P, incident="i1", severity="low", owner="data-scientist", remark="")
    told = product_road(ProductRoad(product=P), past_of(BUG, given), NOW)
    assert ("data-scientist", one) in [(step.who, step.text) for step in told.next_steps]
    assert told.stations[-1].blocked_by == ["no list (low), with data-scientist"]
    second = replace(BUG, incident="i2")
    assert ("technology-owner", "Close 2 open incidents, each with its cause, fix and check.") in asked(BUG, second)


def test_what_is_missing_at_a_gate_is_asked_of_each_person_once() -> None:
    made = CandidateMade(
        product=P, candidate="c" * 64, role="model", plan_version=1, sections={}, code="", snapshot="", environment="",
        model="", format="skops", files={}, features=[], trained_on=[], rows=1, author="data-scientist",
    )  # fmt: skip
    check = CheckResult("prove.performance", "Good?", "pass", "Good.")
    proof = CandidateProven(product=P, candidate="c" * 64, verdict="pass", checks=[check], evidence="e", report="r",
                            files={}, snapshot="")  # fmt: skip
    told = product_road(ProductRoad(product=P), past_of(made, proof), NOW).next_steps
    asked = {step.who: step.text for step in told}
    assert asked["privacy-owner"] == "Give the privacy review, then the privacy sign-off."
    assert asked["business-owner"] == "Give the business sign-off."
    assert asked["data-scientist"].startswith("Give a candidate made under the plan in force")
    assert len(told) == len(asked) == 7


def test_who_owns_many_functions_is_told_how_many_signatures_are_asked_of_them() -> None:
    missing = [
        *(Missing(f"the {function} review", "one", "", signature=True) for function in ("privacy", "legal")),
        *(Missing(f"the {function} sign-off", "one", "", signature=True) for function in ("privacy", "legal")),
    ]
    assert [(step.text, step.who) for step in given_by(missing, "builder")] == [
        ("Give 2 reviews and 2 sign-offs.", "one")
    ]


def test_products_shows_only_what_somebody_has_a_part_in() -> None:
    shelf = Shelf(pasts={P: past_of(), "unplanned": KnownPast([])})
    for person, roles, seen in (
        ("legal-owner", (), [P]), ("stranger", (), []), ("root", ("administrator",), [P]),
    ):  # fmt: skip
        found = products(Products(), shelf, Identity(person, frozenset(roles)), NOW)
        assert [state.product for state in found] == seen


def test_the_ledger_is_paged_newest_first_without_gap_or_repetition() -> None:
    shelf = Shelf([Row(seq, "AlarmRaised" if seq % 7 == 0 else "WindowJudged") for seq in range(1, 121)])
    seen: list[int] = []
    before = 0
    while True:
        sheet = ledger_page(LedgerPage(product=P, before=before, count=50), shelf)
        seen += [fact.seq for fact in sheet.facts]
        before = sheet.older
        if not before:
            break
    assert seen == list(range(120, 0, -1))
    alarms = ledger_page(LedgerPage(product=P, kind="AlarmRaised"), shelf)
    assert [fact.seq for fact in alarms.facts] == list(range(119, 0, -7))
    assert alarms.kinds == {"AlarmRaised": 17, "WindowJudged": 103}


@pytest.mark.parametrize("count", [-5, 0, 10_000])
def test_a_page_of_the_ledger_has_a_sane_length(count: int) -> None:
    shelf = Shelf([Row(seq) for seq in range(1, 1001)])
    assert 1 <= len(ledger_page(LedgerPage(product=P, count=count), shelf).facts) <= 500


def test_the_plan_in_force_is_the_newest() -> None:
    newer = PlanAdopted(product=P, version=2, plan=PLAN.values(), digest="e" * 64, sections={})
    sheet = plan_in_force(PlanInForce(product=P), past_of(newer))
    assert (sheet.version, sheet.digest, sheet.adopted_by) == (2, "e" * 64, "somebody")
    assert sheet.plan["need"]["question"] == current_plan(past_of(newer)).need.question


def test_evidence_is_found_by_name_and_exports_only_by_auditors() -> None:
    check = CheckResult("prove.x", "?", "pass", "yes", evidence={"curve of <today>.svg": "3" * 64})
    proven = CandidateProven(product=P, candidate="c", verdict="pass", checks=[check], evidence="1" * 64,
                             report="2" * 64, files={"results.json": "5" * 64}, snapshot="s")  # fmt: skip
    exported = LedgerExported(product="", head=3, digest="d", file="4" * 64)
    past, shelf = past_of(proven), Shelf(pasts={"": KnownPast(recorded([exported]))})
    anybody, auditor = Actor("a", frozenset({"builder"})), Actor("b", frozenset({"auditor"}))

    def name(digit: str, actor: Actor) -> tuple[str, str]:
        found = find_evidence(FindEvidence(product=P, digest=digit * 64), past, shelf, actor)
        return found.name, found.media_type

    assert name("5", anybody) == ("results.json", "application/json")
    with pytest.raises(NotFound):
        name("1", anybody)  # a digest over all files of a proof is no file
    assert name("2", anybody) == ("report.html", "text/html")
    assert name("3", anybody) == ("curve-of--today-.svg", "image/svg+xml")
    assert name("4", auditor) == ("ledger.jsonl.gz", "application/octet-stream")
    with pytest.raises(NotFound):
        name("4", anybody)
    with pytest.raises(NotFound):
        name("9", auditor)


def test_a_failed_delivery_is_in_the_way() -> None:
    failed = DeliveryFailed(product=P, delivery="d", run="r", consumer="sales", sink="crm", rows=200,
                            as_of=NOW.isoformat(), reason="the table is locked")  # fmt: skip
    assert states(failed)["deliver"] == "blocked"
