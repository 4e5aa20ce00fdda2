"""Lists of the past filled in, lists made when data comes in, and what a consumer is owed who came later."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pyarrow.compute as pc
import pytest
from e2e.voyage.shop import PRODUCT
from e2e.voyage.shops import begins
from e2e.voyage.voyage import Voyage

from shipworthy.app.due import due, next_moments
from shipworthy.app.wiring import close_desk, open_desk
from shipworthy.app.words import DoWhatIsDue
from shipworthy.base.errors import NotFound, UserError
from shipworthy.base.fact import Past
from shipworthy.data.words import DataArrived, NoteArrival
from shipworthy.deliver.words import (
    AnswersSealed,
    BackFill,
    DeliveryFailed,
    DeliveryMade,
    RunFinished,
    Runs,
    Score,
)
from shipworthy.plan.rules import current_plan
from shipworthy.plan.words import AdoptPlan, AdvanceClock
from shipworthy.respond.causes import causes
from shipworthy.watch.rules import answered, runs
from shipworthy.watch.words import WindowJudged


def back_fill(voyage: Voyage, consumer: str = "crm", until: str = "1997-07-15", deliver: bool = False) -> BackFill:
    return BackFill(product=PRODUCT, consumer=consumer, start="1997-05-01", until=until, deliver=deliver)


def test_lists_of_the_past_are_made_on_what_was_known_then_and_reach_nobody(voyage: Voyage) -> None:
    voyage.do("night-operator", AdvanceClock(product=PRODUCT, to="1997-07-15"))
    voyage.live_baseline("all")
    told = voyage.do("night-operator", back_fill(voyage))
    assert (told.there, told.not_made) == (0, {})
    assert [run.as_of[:10] for run in told.made] == ["1997-05-01", "1997-06-01", "1997-07-01"]
    for run in told.made:
        assert run.due == run.answered + sum(run.refused.values())
        assert (run.back_fill, run.delivered, run.failed, run.deliveries) == ("log", {}, {}, [])
    assert [run.due for run in told.made] == sorted(run.due for run in told.made)
    store = voyage.desk.store
    for sealed in voyage.facts(AnswersSealed)[-3:]:
        rows = store.files.table(sealed.segment)
        assert set(rows["step"].to_pylist()) == {"back-fill"}
        assert pc.max(rows["as_of"]).as_py().isoformat() == sealed.as_of
        # Nobody is `recent` by a purchase that had not happened.
        assert pc.min(store.files.table(sealed.features)["recency"]).as_py() >= 0
    assert not [what for what in voyage.facts(DeliveryMade) if what.step != "rehearsal"]
    assert not (voyage.shop.root / "out" / "crm.sqlite").exists() or not voyage.facts(DeliveryFailed)
    past, now = store.ledger.past(PRODUCT), voyage.desk.now(PRODUCT)
    assert not answered(past), "monitors judge no back-fill"
    assert not runs(past)
    assert not list(causes(current_plan(past), past, now))
    again = voyage.do("night-operator", back_fill(voyage))
    assert (again.made, again.there) == ([], 3)


@begins("no lists")
def test_what_was_filled_in_for_the_log_is_brought_when_that_is_asked_for_with_a_notice(voyage: Voyage) -> None:
    voyage.do("night-operator", back_fill(voyage, "sales", "1997-06-15"))
    told = voyage.do("night-operator", back_fill(voyage, "sales", "1997-06-15", deliver=True))
    assert [(run.delivered, run.left_out) for run in told.made] == [
        ({"sales-list": 20}, run.answered - 20) for run in told.made
    ]
    lists = [what for what in voyage.facts(DeliveryMade) if what.step == "back-fill"]
    assert [what.as_of[:10] for what in lists] == ["1997-05-01", "1997-06-01"]
    assert all("Back-fill" in what.notice and not what.late for what in lists)
    assert len((voyage.shop.root / "out" / "sales" / "call-list-1997-05-01.csv").read_text().splitlines()) == 21
    assert voyage.do("night-operator", back_fill(voyage, "sales", "1997-06-15", deliver=True)).made == []


@begins("no lists")
def test_a_list_that_cannot_be_made_is_told_and_the_others_are_made(voyage: Voyage) -> None:
    feed = voyage.shop.root / "feed" / "purchases-all.csv"
    lines = feed.read_text().splitlines(keepends=True)
    # Nothing was bought in the 35 days before June: too old to be a list of June.
    feed.write_text("".join(line for line in lines if not "1997-04-20" < line.split(",")[1] < "1997-06-10"))
    told = voyage.do("night-operator", back_fill(voyage, until="1997-06-15"))
    assert [run.as_of[:10] for run in told.made] == ["1997-05-01"]
    [(moment, why)] = told.not_made.items()
    assert moment[:10] == "1997-06-01"
    assert "stopped at the door" in why
    assert [what.as_of[:7] for what in voyage.facts(RunFinished)] == ["1997-05"], "nothing stands in for it"
    feed.write_text("".join(lines))
    assert len(voyage.do("night-operator", back_fill(voyage, until="1997-06-15")).made) == 1


def test_a_slip_in_a_back_fill_is_told(voyage: Voyage) -> None:
    with pytest.raises(UserError, match="Nothing is released"):
        voyage.do("night-operator", back_fill(voyage, until="1997-04-01"))
    voyage.do("night-operator", AdvanceClock(product=PRODUCT, to="1997-06-15"))
    voyage.live_baseline("all")
    for start, until, consumer, says in (
        ("1997-06-01", "1997-05-01", "crm", "lies after"),
        ("1997-05-02", "1997-05-30", "crm", "every 1mo from 1997-05-01"),
        ("1997-05-01", "1997-09-01", "crm", "lies after now"),
        ("1997-05-01", "1997-06-01", "shop", "gets no lists"),
    ):
        with pytest.raises(UserError, match=says):
            voyage.do("night-operator", BackFill(product=PRODUCT, consumer=consumer, start=start, until=until))
    with pytest.raises(NotFound, match="nobody"):
        voyage.do(
            "night-operator", BackFill(product=PRODUCT, consumer="nobody", start="1997-05-01", until="1997-06-01")
        )
    text = (voyage.shop.root / "product.yaml").read_text()
    text = text.replace("path: out/sales/call-list-{as_of}.csv", "path: out/sales/newest.csv")
    voyage.do("administrator", AdoptPlan(product=PRODUCT, text=text))
    with pytest.raises(UserError, match="take the place of the newest"):
        voyage.do("night-operator", back_fill(voyage, "sales", "1997-06-15", deliver=True))


def test_who_comes_into_the_plan_later_is_owed_nothing_from_before(voyage: Voyage) -> None:
    plan = (voyage.shop.root / "product.yaml").read_text()
    crm = plan[plan.index("  crm:\n") : plan.index("  shop:\n")]
    without = plan.replace(crm, "").replace("    crm: file:out/messages\n", "")
    voyage.do("administrator", AdoptPlan(product=PRODUCT, text=without))
    voyage.live_baseline("all")
    voyage.advance("1997-06-10")
    voyage.do("administrator", AdoptPlan(product=PRODUCT, text=plan))
    assert {run.consumer for run in voyage.ask(Runs(product=PRODUCT))} == {"sales"}
    voyage.do("night-operator", DoWhatIsDue(product=PRODUCT))
    with pytest.raises(UserError, match="came into the plan after"):
        voyage.do("night-operator", Score(product=PRODUCT, consumer="crm"))
    baseline = voyage.made("baseline")
    voyage.release(baseline, "rehearsal")
    for function in ("business", "technology"):
        voyage.sign(baseline, function)
    voyage.release(baseline, "cohort", "north")
    voyage.release(baseline, "all")
    past = voyage.desk.store.ledger.past(PRODUCT)
    assert not [one for one in due(current_plan(past), past, voyage.desk.now(PRODUCT)) if isinstance(one, Score)]
    voyage.advance("1997-07-01")
    made = [(run.consumer, run.as_of[:10]) for run in voyage.ask(Runs(product=PRODUCT))]
    assert sorted(made) == [("crm", "1997-07-01"), *(("sales", f"1997-0{month}-01") for month in (5, 6, 7))]


BY_ARRIVAL = """    when: arrival
    arrival_of: [purchases]
    arrives_every: 2d
    deadline: 12h
    time_to_act: 30d
"""


def by_arrival(voyage: Voyage) -> None:
    plan = (voyage.shop.root / "product.yaml").read_text()
    old = "    every: 1mo\n    start: 1997-05-01\n    deadline: 12h\n    time_to_act: 30d\n"
    assert old in plan
    voyage.do("administrator", AdoptPlan(product=PRODUCT, text=plan.replace(old, BY_ARRIVAL, 1)))


def test_new_data_makes_one_list_and_half_a_file_makes_none(voyage: Voyage) -> None:
    feed, out = voyage.shop.root / "feed", voyage.shop.root / "out" / "sales"
    whole = (feed / "purchases-all.csv").read_text().splitlines(keepends=True)
    by_arrival(voyage)
    voyage.do("night-operator", AdvanceClock(product=PRODUCT, to="1997-06-15T09:00"))
    voyage.live_baseline("all")
    clock = [datetime.now(UTC)]
    desk = open_desk(voyage.shop.found, clock=lambda: clock[0])

    def look(minutes: float) -> list[str]:
        clock[0] = datetime.now(UTC) + timedelta(minutes=minutes)
        voyage.desk, before = desk, voyage.desk
        done = [line for line in voyage.do("night-operator", DoWhatIsDue(product=PRODUCT)) if "score sales" in line]
        voyage.desk = before
        return done

    def made() -> list[str]:
        return sorted(file.name for file in out.glob("*.csv"))

    os.utime(feed / "purchases-all.csv")
    assert not look(0), "what was written just now may not be whole"
    assert len(look(0.5)) == 1, "unchanged for half a minute: it is"
    assert made() == ["call-list-1997-06-15T090000.csv"]
    assert not look(1), "one list for one arrival"
    voyage.do("night-operator", AdvanceClock(product=PRODUCT, to="1997-06-15T15:00"))
    second = feed / "purchases-more.csv"
    second.write_text("".join([whole[0], *whole[1:3]]).rstrip("\n")[:-2])
    assert not look(0)
    assert not look(2), "its last line has no end"
    second.write_text("".join([whole[0], *whole[1:3]]))
    os.utime(second)
    assert not look(0)
    assert len(look(0.5)) == 1
    assert made() == ["call-list-1997-06-15T090000.csv", "call-list-1997-06-15T150000.csv"]
    arrivals = voyage.facts(DataArrived)
    assert [sorted(what.sources) for what in arrivals] == [["purchases"], ["purchases"]]
    sales = [what for what in voyage.facts(DeliveryMade) if what.consumer == "sales" and what.step != "rehearsal"]
    assert [(what.as_of[:16], what.due_by[:16]) for what in sales] == [
        ("1997-06-15T09:00", "1997-06-15T21:00"),
        ("1997-06-15T15:00", "1997-06-16T03:00"),
    ]
    close_desk(desk)


def test_a_system_may_say_that_its_data_is_there(voyage: Voyage) -> None:
    by_arrival(voyage)
    voyage.do("night-operator", AdvanceClock(product=PRODUCT, to="1997-06-15T09:00"))
    voyage.live_baseline("all")
    note = NoteArrival(product=PRODUCT, sources={"purchases": "delivery 17"})
    assert voyage.do("night-operator", note)
    assert not voyage.do("night-operator", note), "the same delivery again is no arrival"
    [arrival] = voyage.facts(DataArrived)
    assert "17" not in arrival.sources["purchases"] or len(arrival.sources["purchases"]) == 64
    past = voyage.desk.store.ledger.past(PRODUCT)
    wanted = [one for one in due(current_plan(past), past, voyage.desk.now(PRODUCT)) if isinstance(one, Score)]
    assert ("sales", "1997-06-15T09:00:00+00:00") in [(one.consumer, one.as_of) for one in wanted]
    late = datetime(1997, 6, 15, 22, tzinfo=UTC)
    assert any(cause.on == "late" and cause.of == "sales" for cause in causes(current_plan(past), past, late))
    missing = [arrival_late(past, datetime(1997, 6, day, 9, 1, tzinfo=UTC)) for day in (16, 17, 25)]
    assert missing == [
        [],
        ["arrival for sales by 1997-06-17T09:00:00+00:00"],
        ["arrival for sales by 1997-06-17T09:00:00+00:00"],
    ]
    assert datetime(1997, 6, 17, 9, 0, 0, 1, tzinfo=UTC) in next_moments(
        current_plan(past), past, voyage.desk.now(PRODUCT), datetime(1997, 7, 1, tzinfo=UTC)
    )
    with pytest.raises(NotFound, match="elsewhere"):
        voyage.do("night-operator", NoteArrival(product=PRODUCT, sources={"elsewhere": "x"}))
    with pytest.raises(UserError, match="No source with a state"):
        voyage.do("night-operator", NoteArrival(product=PRODUCT, sources={}))


def test_a_late_label_is_told_from_one_that_nobody_asked_for_in_time(voyage: Voyage) -> None:
    plan = (voyage.shop.root / "product.yaml").read_text().replace("horizon: 3mo", "horizon: 40d")
    plan = plan.replace("  monitors:\n", "  monitors:\n    label-lateness: {tolerance: 0.05}\n")
    voyage.do("administrator", AdoptPlan(product=PRODUCT, text=plan))
    voyage.live_baseline("all")
    for moment in ("1997-05-02T10:00", "1997-05-22T10:00"):  # no moment of the schedule, nor a horizon after one
        voyage.advance(moment)
        voyage.do("night-operator", Score(product=PRODUCT, consumer="crm"))

    lines: list[str] = []

    def judged_until(day: str) -> list[tuple[str, str, float]]:
        before = len(voyage.facts(WindowJudged))
        lines.extend(voyage.advance(day))
        found = [what for what in voyage.facts(WindowJudged)[before:] if what.monitor == "label-lateness"]
        return [(what.window[:10], what.level, what.numbers["fell_short"]) for what in found]

    assert judged_until("1997-06-16") == [("1997-06-10", "quiet", 0), ("1997-06-11", "quiet", 0)]
    feed = voyage.shop.root / "feed" / "purchases-all.csv"
    rows = feed.read_text().splitlines(keepends=True)
    feed.write_text("".join([rows[0], *(row for row in rows[1:] if row.split(",")[1] < "1997-05-20")]))
    assert judged_until("1997-07-04") == [("1997-07-02", "alarm", 200)]
    [said] = [line for line in lines if line.startswith("1997-07-04  watch: ")]
    assert "5.0% tolerated; notes of contract-breaches (see monitors)." in said, "several findings are one sentence"
    assert not [line for line in lines if ".;" in line or ".." in line]


def arrival_late(past: Past, now: datetime) -> list[str]:
    """Which feeds that never came set off a trigger."""
    found = [cause for cause in causes(current_plan(past), past, now) if cause.name.startswith("arrival for")]
    assert all(cause.on == "late" and "no new data of purchases" in cause.text for cause in found)
    return [cause.name for cause in found]
