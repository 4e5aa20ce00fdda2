"""A plan that is changed after the signatures: people get what was signed until a candidate is signed anew."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from e2e.voyage.shop import OWNERS, PRODUCT
from e2e.voyage.shops import Shops
from e2e.voyage.voyage import REVIEWED, Voyage

from shipworthy.app.wiring import close_desk
from shipworthy.base.errors import GateShut, NotAllowed, UserError
from shipworthy.deliver.loading import load_serving
from shipworthy.deliver.words import Deliveries, Score
from shipworthy.plan.words import AdoptPlan
from shipworthy.release.words import Releases, RollBack
from shipworthy.respond.words import Incidents
from shipworthy.sign.words import Gate, RevokeSignOff, SignOffGiven

PARTNER = """  partner:
    who: A firm that buys lists
    person: partner-lead
    mode: list
    columns: [customer_id, score]
    sinks: [partner]
    every: 1mo
    start: 1997-05-01
    deadline: 12h
    time_to_act: 1d
    if_stopped: baseline
    guide: guides/crm.md
  shop:
"""
PARTNERS_SINK = """sinks:
  partner:
    kind: csv
    path: out/partner/{as_of}.csv
    rehearsal: out/rehearsal/partner-{as_of}.csv
"""


class Answering(Voyage):
    """A shop whose baseline answers everybody."""

    baseline = ""


@pytest.fixture(scope="module")
def voyage(shops: Shops, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    voyage = Answering.left_in(shops.copied("baseline", tmp_path_factory.mktemp("shop")))
    voyage.baseline = voyage.newest()
    yield voyage
    close_desk(voyage.desk)


def planned(voyage: Voyage, *changes: tuple[str, str], who: str = "product-manager") -> None:
    """Adopt the plan on disk with some texts in place of others; the file stays as it is."""
    text = (voyage.shop.root / "product.yaml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    voyage.do(who, AdoptPlan(product=PRODUCT, text=text))


def lines(voyage: Voyage, day: str) -> list[str]:
    """What sales got for a day, without the head of the list."""
    return (voyage.shop.root / "out" / "sales" / f"call-list-{day}.csv").read_text().splitlines()[1:]


def test_another_decision_rule_is_for_the_next_candidate(voyage: Answering) -> None:
    planned(voyage, ("top: 20", "top: 60"), ("rank, customer_id, score", "customer_id, score"))
    voyage.advance("1997-05-01")
    assert len(lines(voyage, "1997-05-01")) == 20
    assert lines(voyage, "1997-05-01")[0].startswith("1,"), "the columns are those that were signed too"
    served = next(iter(load_serving(voyage.desk.store, PRODUCT).ready.values())).decisions
    assert list(served.values()).count("call") == 20
    with pytest.raises(GateShut, match="decision"):
        voyage.release(voyage.baseline, "rehearsal")


def test_who_came_into_the_plan_later_gets_nothing_until_it_is_signed(voyage: Answering) -> None:
    planned(voyage, ("  shop:\n", PARTNER), ("sinks:\n", PARTNERS_SINK))
    done = voyage.advance("1997-06-01")
    assert len(lines(voyage, "1997-06-01")) == 20
    assert not any("partner" in line for line in done)
    assert not (voyage.shop.root / "out" / "partner").exists()
    with pytest.raises(GateShut, match="after what answers now was proven and signed"):
        voyage.do("night-operator", Score(product=PRODUCT, consumer="partner"))
    assert not [card for card in voyage.ask(Deliveries(product=PRODUCT)) if card.consumer == "partner"]
    assert not voyage.ask(Incidents(product=PRODUCT))


def test_a_trial_that_is_struck_out_after_the_signatures_voids_them(voyage: Answering) -> None:
    planned(voyage)
    voyage.advance("1997-07-01")
    fresh = voyage.made("model")
    for function in REVIEWED:
        voyage.review(fresh, function)
    for function in OWNERS:
        voyage.sign(fresh, function)
    planned(voyage, ("steps: [rehearsal, shadow, cohort, all]", "steps: [rehearsal, cohort, all]"))
    with pytest.raises(GateShut, match="void: the plan or its owner has changed since"):
        voyage.release(fresh, "cohort", "north")
    planned(voyage, ("shadow_lists: 1", "shadow_lists: 0"))
    assert not voyage.ask(Gate(product=PRODUCT, candidate=fresh)).open
    planned(voyage, ("shadow_lists: 1", "shadow_lists: 2"))
    assert voyage.ask(Gate(product=PRODUCT, candidate=fresh)).open


def test_a_new_cohort_or_guide_voids_nothing(voyage: Answering) -> None:
    fresh = voyage.facts(SignOffGiven)[-1].candidate
    planned(voyage, ("names: [north,", "names: [abroad, north,"), ("guides/sales.md", "guides/sales-2.md"))
    assert voyage.ask(Gate(product=PRODUCT, candidate=fresh)).open


def test_nobody_goes_back_to_what_an_owner_has_taken_back(voyage: Answering) -> None:
    planned(voyage)
    fresh = voyage.facts(SignOffGiven)[-1].candidate
    for step, cohort in (("rehearsal", ""), ("shadow", ""), ("cohort", "north")):
        voyage.release(fresh, step, cohort)
    gone = RevokeSignOff(product=PRODUCT, candidate=voyage.baseline, function="business", reason="It annoys people.")
    voyage.do("business-owner", gone)
    with pytest.raises(UserError, match="whose signatures stand"):
        voyage.do("product-manager", RollBack(product=PRODUCT, reason="rehearsing", candidate=fresh))
    assert set(voyage.ask(Releases(product=PRODUCT)).champion.values()) == {fresh, voyage.baseline}


@pytest.mark.parametrize(
    "change",
    [
        ("privacy: privacy-owner", "privacy: product-manager"),
        ("operator: night-operator", "operator: product-manager"),
        ("auditors: [auditor]", "auditors: [auditor, product-manager]"),
    ],
)
def test_a_product_manager_gives_nobody_a_role(voyage: Answering, change: tuple[str, str]) -> None:
    with pytest.raises(NotAllowed, match="is no administrator"):
        planned(voyage, change)
    with pytest.raises(NotAllowed):
        planned(voyage, who="data-scientist")
