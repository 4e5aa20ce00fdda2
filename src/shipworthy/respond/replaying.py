"""What triggers would have done over a past time: the same rules, moment by moment, on what was known then. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Fold, KnownPast, Past, Recorded, S, What
from shipworthy.data.words import DataArrived, SnapshotRefused, SnapshotTaken
from shipworthy.deliver.words import DeliveryAcknowledged, DeliveryFailed, DeliveryMade, RunFinished
from shipworthy.model.words import CandidateMade
from shipworthy.plan.schema import Plan
from shipworthy.plan.words import ClockAdvanced, PlanAdopted
from shipworthy.release.words import (
    CameBack,
    DeliveriesPaused,
    DeliveriesResumed,
    FellBack,
    ReleaseStepped,
    RolledBack,
    TrialFinished,
    TrialJudged,
)
from shipworthy.respond.rules import answer_moments, following_moments, weighed
from shipworthy.respond.words import (
    AttemptFailed,
    CauseTakenUp,
    IncidentChanged,
    IncidentClosed,
    IncidentOpened,
    MessageFailed,
    PeopleTold,
    Preview,
    TriggerFired,
    WouldHave,
)
from shipworthy.sign.words import SignOffGiven, SignOffRevoked
from shipworthy.watch.words import AlarmClosed, AlarmRaised, WindowJudged

MOST_MOMENTS = 1000
"""So many moments are looked at as they are; of more, those of an hour, then of a day, are taken together."""
_GRAINS = (timedelta(0), timedelta(hours=1), timedelta(days=1))

_REALLY = (TriggerFired, PeopleTold, MessageFailed)
_HAPPENED: tuple[type[What], ...] = (
    SnapshotTaken, SnapshotRefused, CandidateMade, DeliveryMade, DeliveryFailed, DeliveryAcknowledged, RunFinished,
    AlarmRaised, AlarmClosed, WindowJudged, ReleaseStepped, RolledBack, TrialFinished, SignOffGiven, SignOffRevoked,
    IncidentOpened, IncidentClosed, PlanAdopted, ClockAdvanced, CauseTakenUp, IncidentChanged, AttemptFailed, FellBack,
    CameBack, DeliveriesPaused, DeliveriesResumed, TrialJudged, DataArrived,
)  # fmt: skip


@dataclass
class Replayed:
    """A past as it was known after one of its facts, in which other triggers acted.

    Attributes:
        real: the whole past; upto: the number of the newest fact that is known.
        acted: what the triggers that are tried did, in place of what really was done.
    """

    real: Past
    upto: int = 0
    acted: list[Recorded[Any]] = field(default_factory=list)
    _by_trigger: set[tuple[str, str]] = field(default_factory=set)
    _kept: dict[Any, list[Recorded[Any]]] = field(default_factory=dict)
    _folded: dict[str, tuple[int, int, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fired = self.real.of(TriggerFired)
        self._by_trigger = {("incident", fact.what.cause) for fact in fired if fact.what.action == "incident"}

    def of(
        self, *kinds: type[Any], about: str | None = None, after: int = 0, upto: int | None = None
    ) -> Sequence[Recorded[Any]]:
        """The facts of some kinds that are known, and those of the triggers that are tried."""
        known = self._known(kinds)
        made = [fact for fact in self.acted if isinstance(fact.what, kinds)]
        facts = sorted([*known, *made], key=lambda fact: (fact.at, fact.seq)) if made else known
        if about is None and not after and upto is None:
            return facts
        return KnownPast(facts).of(*kinds, about=about, after=after, upto=upto)

    def fold(self, fold: Fold[S], /) -> S:
        """The state that the facts of `of` lead to, from the one before and the facts since."""
        upto, made, state = self._folded.get(fold.name, (0, 0, fold.start()))
        new = self._known(fold.kinds, upto)
        new += [fact for fact in self.acted[made:] if isinstance(fact.what, fold.kinds)]
        for fact in sorted(new, key=lambda fact: (fact.at, fact.seq)):
            state = fold.step(state, fact)
        self._folded[fold.name] = self.upto, len(self.acted), state
        found: S = state
        return found

    def _known(self, kinds: tuple[type[Any], ...], after: int = 0) -> list[Recorded[Any]]:
        """The facts of some kinds that are known, less what really was done."""
        if kinds not in self._kept:
            self._kept[kinds] = [fact for fact in self.real.of(*kinds) if not self._really_done(fact.what)]
        known = self._kept[kinds]
        first, last = (bisect_right(known, seq, key=lambda fact: fact.seq) for seq in (after, self.upto))
        return known[first:last]

    def write(self, what: What, at: datetime) -> None:
        """Take down what a trigger would have done."""
        digest = digest_of(["what if", len(self.acted), what.about])
        self.acted.append(Recorded(self.upto, "what-if", at, at, what, "", digest))

    def _really_done(self, what: What) -> bool:
        if isinstance(what, IncidentOpened):
            return ("incident", what.cause) in self._by_trigger
        return isinstance(what, _REALLY)


def preview(plan: Plan, past: Past, since: datetime, until: datetime) -> Preview:
    """What the triggers of a plan would have done between two moments.

    What really was done by triggers is left out of the past; what followed from it, such as a model that was trained,
    stays: nobody can know how the world would have gone on without it.
    """
    replayed = Replayed(past)
    lines: list[WouldHave] = []
    held: set[tuple[str, str, str, str]] = set()
    looked_at = 0
    for moment in _walked(plan, replayed, since, until):
        looked_at += 1
        for situation, action, why in list(weighed(plan, replayed, moment, {})):
            cause, trigger = situation.cause, situation.trigger.name
            if not cause.lasting and (cause.at or moment) < since:
                continue
            short = why.split(" until ")[0].split(":")[0]
            if why:
                if (trigger, cause.name, action.name, short) not in held:
                    held.add((trigger, cause.name, action.name, short))
                    lines.append(_line(moment, trigger, cause.name, cause.text, action.name, "", why))
                continue
            outcome, facts = action.act(situation)
            for fact in facts:
                replayed.write(fact, moment)
            replayed.write(
                TriggerFired(
                    product=plan.product, trigger=trigger, cause=cause.name, action=action.name, outcome=outcome,
                    candidate=cause.candidate, of=cause.of, dry=situation.trigger.dry,
                ),
                moment,
            )  # fmt: skip
            said = f"dry, nothing is done: {outcome}" if situation.trigger.dry else outcome
            lines.append(_line(moment, trigger, cause.name, cause.text, action.name, said))
    really = [fact.what for fact in past.of(TriggerFired) if since <= fact.at <= until]
    return Preview(
        since=since.isoformat(),
        until=until.isoformat(),
        counts=_counted([f"{one.trigger}: {one.action}" for one in lines if not one.why_not]),
        held_back=_counted([one.why_not.split(" until ")[0].split(":")[0] for one in lines if one.why_not]),
        really=_counted([f"{one.trigger}: {one.action}" for one in really]),
        looked_at=looked_at,
        lines=lines,
    )


def _walked(plan: Plan, replayed: Replayed, since: datetime, until: datetime) -> Iterator[datetime]:
    """Moment by moment, with what was known then: what happened, and what follows from what was done on the way."""
    ahead = _moments(plan, replayed.real, since, until)[::-1]
    looked_at = 0
    while ahead:
        moment, replayed.upto = ahead.pop()
        yield moment
        looked_at += 1
        grain = _GRAINS[min(looked_at // MOST_MOMENTS, len(_GRAINS) - 1)]
        soon = min(following_moments(plan, replayed, moment, until), default=until)
        soon = max(soon, moment + grain)
        if ahead and soon < ahead[-1][0]:
            ahead.append((soon, replayed.upto))


def _line(at: datetime, trigger: str, cause: str, text: str, action: str, done: str, why_not: str = "") -> WouldHave:
    return WouldHave(at.isoformat(), trigger, cause, text, action, done, why_not)


def _counted(names: list[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _moments(plan: Plan, past: Past, since: datetime, until: datetime) -> list[tuple[datetime, int]]:
    """The moments at which something happened or the clock alone sets something off, each with the newest fact."""
    found: dict[datetime, int] = {}
    before = 0
    for kind in _HAPPENED:
        for fact in past.of(kind):
            if fact.at < since:
                before = max(before, fact.seq)
            elif fact.at <= until:
                found[fact.at] = max(found.get(fact.at, 0), fact.seq)
    for moment in answer_moments(plan, past, since, until):
        found.setdefault(moment, 0)
    found.setdefault(until, 0)
    told, newest = [], before
    for moment in sorted(found):
        newest = max(newest, found[moment])
        told.append((moment, newest))
    for cut in ({"minute": 0, "second": 0, "microsecond": 0}, {"hour": 0, "minute": 0, "second": 0, "microsecond": 0}):
        if len(told) <= MOST_MOMENTS:
            break
        told = list({moment.replace(**cut): (moment, seq) for moment, seq in told}.values())  # type: ignore[arg-type]
    return told
