"""Every action: what it does, when it may not, and what stays of it in the ledger."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta

import pytest
from unit.respond.happenings import BEFORE, alarm, close_alarm, fire, live, refusal, release, run, to_do, triggers
from unit.sign.history import BASELINE, CHALLENGER, MODEL, NOW, PRODUCT, History

from shipworthy.app.due import stops
from shipworthy.base.check import CheckResult
from shipworthy.base.digest import canonical
from shipworthy.base.errors import NotFound
from shipworthy.base.fact import body_of, what_of
from shipworthy.base.kinds import kind, kinds
from shipworthy.data.words import SnapshotTaken
from shipworthy.model.rules import mature_moments
from shipworthy.release.rules import rollback_target
from shipworthy.respond.action import Action, Cause, Situation
from shipworthy.respond.asked import retraining_due
from shipworthy.respond.opening import open_incident
from shipworthy.respond.rules import situations, take_up, taken, weighed
from shipworthy.respond.views import responses
from shipworthy.respond.words import (
    IncidentClosed,
    IncidentOpened,
    MessageFailed,
    OpenIncident,
    PeopleTold,
    Responses,
    TakeUp,
    TriggerFired,
)
from shipworthy.watch.words import Level, WindowJudged

FOLDER = "respond/actions"


def opened(history: History) -> list[IncidentOpened]:
    return [fact.what for fact in history.past.of(IncidentOpened)]


def accepted_again(history: History) -> None:
    taken = SnapshotTaken(product=PRODUCT, snapshot="new", as_of=history.now.isoformat(), intakes=[], checks=[])
    history.write(taken, "operator")


@pytest.mark.parametrize("name", kinds(FOLDER))
def test_every_action_is_decided_on_the_past_alone_and_leaves_facts_that_can_be_kept(name: str) -> None:
    action = kind(FOLDER, name, Action)
    assert action.name == name
    assert action.does
    history = live(f"{{name: mine, on: alarm, do: [{name}]}}")
    history.make(BASELINE, role="baseline")
    release(history, BASELINE, role="baseline")
    release(history, MODEL, replaces=BASELINE)
    alarm(history)
    (situation, found), *others = situations(history.plan, history.past, history.now)
    assert (found.name, others) == (name, [])
    outcome, facts = action.act(situation)
    assert outcome
    assert action.act(situation) == (outcome, facts)
    assert action.blocked(situation) == ""
    for fact in facts:
        assert what_of(type(fact), body_of(fact)) == fact
        assert canonical(body_of(fact))


def test_an_unknown_action_is_told_with_those_there_are() -> None:
    with pytest.raises(NotFound, match="fallback, incident, notify, pause, retrain, rollback"):
        kind(FOLDER, "shout", Action)


def test_those_concerned_are_told_and_nobody_else() -> None:
    history = live(
        "{name: mine, on: alarm, do: [notify]}",
        change=("    service: file:messages", "    service: file:messages\n    legal: https://legal.example/${HOOK}"),
    )
    alarm(history)
    fire(history)
    messages = [fact.what for fact in history.past.of(PeopleTold)]
    assert [one.to for one in messages] == ["legal", "service", "technology"]
    assert [one.route for one in messages] == ["https", "file", "file"]
    assert all("27 %" in one.subject for one in messages)


def test_a_reminder_is_a_message_of_its_own() -> None:
    history = live("{name: mine, on: alarm, do: [notify], again_after: 1d}")
    alarm(history)
    fire(history, days=2)
    fire(history)
    names = [fact.what.message for fact in history.past.of(PeopleTold)]
    assert len(names) == 4
    assert len(set(names)) == 4


def act_with_a_dead_route(history: History, dead: str) -> list[str]:
    """Let everything be done as the flow does it while one route leads nowhere; gives the actions."""
    done = []
    for situation, action in list(situations(history.plan, history.past, history.now)):
        outcome, facts = taken(situation, action)
        for fact in facts:
            if isinstance(fact, PeopleTold) and fact.to == dead:
                history.write(MessageFailed(reason="ConnectError", **body_of(fact)))
            else:
                history.write(fact)
        done.append(action.name)
        if action.name != "resend":
            cause, name = situation.cause.name, situation.trigger.name
            history.write(TriggerFired(product=PRODUCT, trigger=name, cause=cause, action=action.name, outcome=outcome))
    return done


def told(history: History) -> list[str]:
    return [fact.what.to for fact in history.past.of(PeopleTold)]


def test_who_was_reached_is_not_told_twice_and_a_dead_route_is_left_alone_for_a_while() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    alarm(history)
    assert act_with_a_dead_route(history, "technology") == ["notify"]
    assert told(history) == ["service"]
    assert to_do(history) == []
    history.now += timedelta(hours=1)
    ((situation, action),) = situations(history.plan, history.past, history.now)
    (fact,) = action.act(situation)[1]
    (failed,) = history.past.of(MessageFailed)
    assert isinstance(fact, PeopleTold)
    assert (fact.to, fact.message, fact.subject) == ("technology", failed.what.message, failed.what.subject)
    assert act_with_a_dead_route(history, "") == ["resend"]
    assert to_do(history) == []


def test_of_a_ledger_of_before_messages_were_owed_whoever_was_not_reached_is_told_once_more() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    alarm(history)
    ((situation, action),) = situations(history.plan, history.past, history.now)
    service, technology = (body_of(fact) for fact in action.act(situation)[1])
    kept = ("product", "message", "to", "subject", "route")
    history.write(PeopleTold(**{name: service[name] for name in kept}))
    history.write(MessageFailed(reason="ConnectError", **{name: technology[name] for name in kept}))
    assert fire(history) == ["notify"]
    assert told(history) == ["service", "technology"]
    assert to_do(history) == []


def test_a_failure_dated_ahead_keeps_no_message_back() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    alarm(history)
    history.now += timedelta(days=365)
    act_with_a_dead_route(history, "technology")
    history.now -= timedelta(days=365)
    assert to_do(history) == [("mine", "resend")]


def test_a_dead_route_keeps_nobody_from_being_reminded_nor_the_next_ones_from_being_told() -> None:
    history = live(
        "{name: mine, on: alarm, do: [notify], again_after: 1d, to: [technology, service], "
        "escalate: [{after: 4h, to: [service]}, {after: 6h, to: [technology]}]}"
    )
    alarm(history)
    done = []
    for _ in range(26):
        done += [action for action in act_with_a_dead_route(history, "technology") if action != "resend"]
        history.now += timedelta(hours=1)
    assert done == ["notify", "escalate", "escalate", "notify"]
    assert told(history) == ["service", "service", "service"]
    state = responses(Responses(product=PRODUCT), history.past, history.now)
    assert [(one.trigger, one.waits) for one in state.happenings] == [("mine", True)]
    assert any(one.reason == "ConnectError" and one.tries > 3 for one in state.messages)
    history.now += timedelta(hours=1)
    act_with_a_dead_route(history, "")
    assert told(history)[3:] == ["technology"], "only the newest of what was not sent is sent after all"
    assert not [one for one in responses(Responses(product=PRODUCT), history.past, history.now).messages if one.reason]


def test_a_message_is_tried_later_and_later_then_given_up_and_the_next_one_about_it_goes_out() -> None:
    history = live("{name: mine, on: alarm, do: [notify], to: [technology], again_after: 5d}")
    alarm(history)
    act_with_a_dead_route(history, "technology")
    for moment in stops(lambda: history.past, NOW, NOW + timedelta(days=4)):
        history.now = moment
        act_with_a_dead_route(history, "technology")
    failed = [(fact.at - NOW) // timedelta(hours=1) for fact in history.past.of(MessageFailed)]
    assert failed == [0, 1, 3, 7, 15, 31, 55, 79]
    state = responses(Responses(product=PRODUCT), history.past, history.now)
    assert "mine: resend: the message to technology is not tried any more; the next one about this is" in (
        state.held_back
    )
    assert [one.reason for one in state.messages] == [
        "ConnectError. It is not tried any more; the next one about this is."
    ]
    history.now = NOW + timedelta(days=5)
    assert act_with_a_dead_route(history, "") == ["notify"]
    assert told(history) == ["technology"]


def test_that_nobody_has_answered_is_not_told_any_more_once_somebody_has() -> None:
    history = live("{name: mine, on: alarm, do: [notify], to: [service], escalate: [{after: 4h, to: [technology]}]}")
    alarm(history)
    fire(history, hours=4)
    assert act_with_a_dead_route(history, "technology") == ["escalate"]
    history.do(take_up, TakeUp(product=PRODUCT, cause="alarm-1", remark="I look."), "night-operator")
    history.now += timedelta(hours=2)
    assert to_do(history) == []


def test_an_incident_is_opened_once_with_its_owner_and_the_runs_since() -> None:
    history = live("{name: bad-feed, on: refusal, do: [incident]}")
    run(history, "long ago", stood_in="baseline")
    refusal(history)
    run(history, "fine")
    run(history, "stood in", stood_in="baseline")
    run(history, "failed", failed=3)
    assert fire(history) == ["incident"]
    (incident,) = opened(history)
    assert incident.affected == ["stood in", "failed"]
    assert incident.owner == "technology-owner"
    assert "median" in incident.title


def test_trouble_that_lasts_beyond_a_closed_incident_opens_another() -> None:
    history = live("{name: mine, on: alarm, do: [incident], again_after: 1d}")
    alarm(history)
    fire(history, days=2)
    fire(history, days=2)
    assert len(opened(history)) == 1
    first = opened(history)[0].about
    history.write(
        IncidentClosed(product=PRODUCT, incident=first, root_cause="a", fix="b", check="c"), "technology-owner"
    )
    fire(history)
    assert len({one.about for one in opened(history)}) == 2


def test_nothing_is_learnt_while_an_incident_about_data_is_open() -> None:
    history = live("{name: stale, on: alarm, do: [retrain]}", "{name: bad-feed, on: refusal, do: [incident]}")
    alarm(history)
    fire(history)
    assert retraining_due(history.past)
    refusal(history)
    fire(history)
    assert retraining_due(history.past) is None
    alarm(history, "alarm-2")
    assert to_do(history) == []
    first = opened(history)[0].about
    history.write(
        IncidentClosed(product=PRODUCT, incident=first, root_cause="a", fix="b", check="c"), "technology-owner"
    )
    accepted_again(history)
    assert to_do(history) == [("stale", "retrain")]
    assert retraining_due(history.past)


def test_nothing_is_learnt_after_an_incident_about_data_before_data_is_accepted_again() -> None:
    history = live("{name: mine, on: alarm, do: [retrain]}", "{name: feed, on: refusal, do: [incident]}")
    refusal(history)
    fire(history)
    (incident,) = opened(history)
    closed = IncidentClosed(
        product=PRODUCT,
        incident=incident.incident,
        root_cause="The feed broke.",
        fix="It was repaired.",
        check="freshness",
    )
    history.write(closed, "technology-owner")
    alarm(history)
    assert ("mine", "retrain") not in to_do(history)
    accepted_again(history)
    assert ("mine", "retrain") in to_do(history)


@pytest.mark.parametrize("source", ["visits", "*"])
def test_an_incident_opened_by_hand_about_data_holds_learning_back(source: str) -> None:
    history = live("{name: mine, on: alarm, do: [retrain]}")
    alarm(history)
    assert to_do(history) == [("mine", "retrain")]
    title = "The feed of visits is in cents since Monday"
    history.do(open_incident, OpenIncident(product=PRODUCT, title=title, source=source), "night-operator")
    assert to_do(history) == []


def test_a_warning_about_a_source_that_became_an_incident_holds_learning_back() -> None:
    history = live("{name: mine, on: alarm, do: [retrain]}", "{name: odd, on: breach, do: [incident]}")
    check = CheckResult("data.fresh", "Is it fresh?", "warn", "It is old.", where="sources.visits")
    history.write(SnapshotTaken(product=PRODUCT, snapshot="one", as_of="2026-02-01", intakes=[], checks=[check]))
    fire(history)
    assert [one.source for one in opened(history)] == ["visits"]
    alarm(history)
    assert ("mine", "retrain") not in to_do(history)


def test_nothing_is_learnt_from_a_time_whose_data_stays_wrong() -> None:
    """Learnt would be what came true of the mature moments, each until a horizon later."""
    history = live("{name: mine, on: alarm, do: [retrain]}", learnt="2025-04-01")
    moments = mature_moments(history.plan, history.now)
    alarm(history)
    opening = OpenIncident(product=PRODUCT, title="A week of visits is lost", source="visits")
    incident = history.do(open_incident, opening, "night-operator")
    assert to_do(history) == []

    def closed(first: datetime, last: datetime) -> History:
        other = copy.deepcopy(history)
        told = IncidentClosed(
            product=PRODUCT, incident=incident, root_cause="a", fix="b", check="", no_check_because="c",
            wrong_from=first.isoformat(), wrong_until=last.isoformat(),
        )  # fmt: skip
        other.write(told, "technology-owner")
        accepted_again(other)
        return other

    end = history.plan.need.horizon.after(moments[-1])
    assert to_do(closed(end, end + timedelta(days=7))) == [("mine", "retrain")]
    assert to_do(closed(moments[0] - timedelta(days=7), moments[0])) == [("mine", "retrain")]
    touched = closed(end - timedelta(days=1), end + timedelta(days=7))
    assert to_do(touched) == []
    held = [why for _, _, why in weighed(touched.plan, touched.past, touched.now) if why]
    assert f"stays wrong since incident {incident}" in held[0]


def test_nothing_is_learnt_while_an_alarm_points_to_a_feed() -> None:
    history = live("{name: mine, on: alarm, of: calibration, do: [retrain]}")
    alarm(history, "alarm-feed", monitor="volume")
    alarm(history)
    assert to_do(history) == []
    close_alarm(history, "alarm-feed")
    assert to_do(history) == [("mine", "retrain")]


def test_nothing_is_learnt_from_labels_that_the_product_s_own_action_chose() -> None:
    change = ("respond:\n", "respond:\n  retraining: {labels_only_when_acted: true}\n")
    history = live("{name: mine, on: alarm, do: [retrain]}", change=change)
    alarm(history)
    assert to_do(history) == []
    history.adopt(
        triggers("{name: mine, on: alarm, do: [retrain]}"),
        ("start: 2026-03-02", "start: 2031-03-03"),
        change,
        ("  top: 50\n", "  top: 50\n  explore: {share: 2%, seed: spring}\n"),
    )
    assert to_do(history) == [("mine", "retrain")]


def test_nothing_is_learnt_anew_before_a_new_truth_is_known() -> None:
    """The horizon is two months: on 1 March the newest moment whose truth is known is 1 January."""
    history = live("{name: stale, on: alarm, do: [retrain]}", learnt="2026-01-01T00:00:00+00:00")
    alarm(history)
    assert to_do(history) == []
    history.now = datetime(2026, 4, 1, tzinfo=UTC)
    assert to_do(history) == [("stale", "retrain")]


def test_nothing_is_learnt_from_moments_whose_truth_the_feed_has_not_reached() -> None:
    history = live("{name: stale, on: alarm, do: [retrain]}", learnt="2025-12-01T00:00:00+00:00")
    alarm(history)
    assert to_do(history) == [("stale", "retrain")]

    def judged(level: Level, **numbers: float) -> None:
        window = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
        history.now += timedelta(hours=1)
        found = WindowJudged(
            product=PRODUCT, monitor="performance", candidate=MODEL, window=window, level=level, numbers=numbers,
            state={}, text="found",
        )  # fmt: skip
        history.write(found, "operator")

    judged("not_run", waiting=1.0, behind=1.0)
    assert to_do(history) == []
    judged("quiet")
    assert to_do(history) == [("stale", "retrain")]


def test_an_alarm_about_a_challenger_takes_nobody_s_answers_back() -> None:
    history = live("{name: stale, on: alarm, do: [rollback]}")
    history.make(CHALLENGER)
    release(history, CHALLENGER, "shadow")
    alarm(history, candidate=CHALLENGER)
    assert to_do(history) == [("stale", "rollback")]
    assert rollback_target(history.past, CHALLENGER) == (CHALLENGER, ""), "it is only taken out of its shadow"
    alarm(history, "alarm-2", candidate=MODEL)
    assert rollback_target(history.past, MODEL) == (MODEL, BEFORE)


def test_where_nothing_came_before_there_is_no_way_back() -> None:
    history = live("{name: stale, on: alarm, do: [rollback]}")
    history.facts = [fact for fact in history.facts if getattr(fact.what, "replaces", "") != BEFORE]
    alarm(history, candidate=BEFORE)
    assert to_do(history) == []


@pytest.mark.parametrize("name", ["fallback", "retrain", "rollback"])
@pytest.mark.parametrize("of", ["", "of: delivery, "])
def test_an_alarm_about_no_candidate_changes_nobody_unless_the_trigger_names_its_monitor(name: str, of: str) -> None:
    history = live(f"{{name: mine, on: alarm, {of}do: [{name}]}}")
    history.make(BASELINE, role="baseline")
    release(history, BASELINE, role="baseline")
    release(history, MODEL, replaces=BASELINE)
    cause = Cause("alarm", "alarm-1", "delivery", "the list was late")
    asked = Situation(history.plan, history.past, history.now, history.plan.respond.triggers[0], cause)
    assert ("about no candidate" in kind(FOLDER, name, Action).blocked(asked)) == (not of)
