"""The hot path of real-time answers: questions to rows of the prediction log, by what the release pointer names."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import orjson

from shipworthy.base.errors import Mistake, NotFound, UserError
from shipworthy.base.times import Length
from shipworthy.deliver.inputs import Inputs, Value
from shipworthy.deliver.noticing import (
    SILENT,
    Notice,
    Why,
    all_the_same,
    in_place,
    not_able,
    not_as_agreed,
    not_now,
    reason,
    stands_in,
)
from shipworthy.deliver.ready import Question, Ready
from shipworthy.deliver.replies import Reply
from shipworthy.deliver.run import SHADOW
from shipworthy.model.exploring import EXPLORED
from shipworthy.model.rules import cohort_of
from shipworthy.plan.schema import Plan
from shipworthy.release.pointer import Pointer
from shipworthy.release.rules import in_canary
from shipworthy.release.words import CANARY

Kept = Callable[[Mapping[str, Value]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Pinned:
    """The snapshot whose features answer in real time, and the moment as of which they are."""

    snapshot: str
    as_of: datetime


@dataclass(frozen=True)
class Serving:
    """Everything that real-time answers of one product come from, as of one release pointer.

    Attributes:
        stand_in: the baseline that answers where a model breaks; empty where none may.
        challenger: who answers silently beside the champion; empty where nobody does.
        inputs: the contract of a question, by consumer.
        kept: what the log keeps of given inputs, by their names.
        aside: candidates that may not answer for now, and why.
    """

    plan: Plan
    pointer: Pointer
    pinned: Pinned
    ready: Mapping[str, Ready]
    stand_in: str
    challenger: str = ""
    inputs: Mapping[str, Inputs] = field(default_factory=dict)
    kept: Kept = dict
    aside: Mapping[str, str] = field(default_factory=dict)

    def emptied(self) -> Serving:
        """The same with nobody who may answer: every question is refused with the reason."""
        nobody = replace(self.pointer, champion={}, canary="", canary_share=0.0, baseline="", digest="")
        return replace(self, pointer=nobody, stand_in="", challenger="")

    def answer(self, entity: str, consumer: str, now: datetime) -> Reply:
        """The answer for one entity by its stored features.

        Raises:
            NotFound: the pinned snapshot does not know the entity, or nobody answers its cohort.
            UserError: the model gives it no score, and the plan lets nothing stand in.
        """
        [answered] = self.answers([Question(entity, consumer)], now)
        if isinstance(answered, Exception):
            raise answered
        return answered

    def answers(self, asked: Sequence[Question], now: datetime) -> list[Reply | Exception]:
        """The answers to several callers at once, each in the place of its question; or why there is none."""
        told: list[Reply | Exception] = [_NOBODY] * len(asked)
        by_champion: dict[tuple[str, Notice], list[int]] = {}
        for place, question in enumerate(asked):
            try:
                by_champion.setdefault(self._answerer(question, now), []).append(place)
            except UserError as error:
                told[place] = error
        for (champion, notice), places in by_champion.items():
            mine = asked if len(places) == len(asked) else [asked[place] for place in places]
            found = self._together(self.ready[champion], mine, now, notice)
            for place, answered in zip(places, found, strict=True):
                told[place] = answered
        return told

    def shadowed(self, asked: Sequence[Question], now: datetime) -> list[dict[str, Any]]:
        """Rows of the challenger in shadow for the same questions: for the log, never for a caller."""
        ready = self.ready.get(self.challenger)
        if ready is None:
            return []
        known = [one for one in asked if one.values is not None or one.entity in ready.places]
        return [row | {"step": SHADOW} for row in self._rows(ready, known, now)] if known else []

    def question_in_doubt(self, consumer: str, asked: Any, trace: str = "") -> Question:
        """A question that is not as agreed, with those of its inputs that are: what a simple rule may still look at."""
        inputs = self.inputs[consumer]
        named = asked.get(self.plan.need.entity) if isinstance(asked, dict) else None
        entity = str(named) if isinstance(named, str | int) and not isinstance(named, bool) else ""
        values = inputs.without_wrong(asked) if inputs.known else None
        return Question(entity, consumer, values, trace=trace)

    def invalid(self, question: Question, why: Exception, now: datetime) -> Reply | None:
        """The baseline's answer to a question that is not as agreed, where the plan lets it answer; None otherwise."""
        if not question.entity or question.consumer in self.pointer.paused:
            return None
        if self.plan.consumers[question.consumer].if_invalid != "baseline":
            return None
        found = self._by_baseline(question, not_as_agreed(why), now)
        return None if found is None else replace(found, agreed=False)

    def stood_in(self, asked: Sequence[Question], why: str, now: datetime) -> list[Reply | None]:
        """The signed baseline's answers where it may stand in; None where it may not or cannot."""
        baseline = self.ready.get(self.stand_in)
        named = [self.meant_for(question) for question in asked]
        notices = [stands_in(name, Why(why, why)) for name in named]
        if baseline is not None and all(named) and all(map(self._may_stand_in, asked)):
            with contextlib.suppress(Exception):  # where it breaks on all of them together, each is tried alone
                return list(self._replies(baseline, asked, now, notices))
        return [self._by_baseline(one, notice, now) for one, notice in zip(asked, notices, strict=True)]

    def meant_for(self, question: Question) -> str:
        return self.named(question, self.cohort(question))

    def named(self, question: Question, cohort: str) -> str:
        """Who is to answer a question about somebody of a cohort; empty where nobody is."""
        pointer, plan = self.pointer, self.plan
        if (
            pointer.canary
            and cohort in plan.release.cohorts.names
            and in_canary(question.entity, plan.product, pointer.canary_share)
        ):
            return pointer.canary
        return pointer.champion.get(cohort, "")

    def _may_stand_in(self, question: Question) -> bool:
        if question.consumer in self.pointer.paused:
            return False
        return self.plan.consumers[question.consumer].if_stopped == "baseline"

    @cached_property
    def quick(self) -> bool:
        """Whether everybody who answers people does so in microseconds, without a thread of its own."""
        return all(
            self.ready[name].answerer.compiled
            for name in {*self.pointer.champion.values(), self.pointer.canary}
            if name
        )

    def _answerer(self, question: Question, now: datetime) -> tuple[str, Notice]:
        """Who answers a question, and what is to be said beside the answer.

        Raises:
            UserError: nobody may.
        """
        if question.consumer in self.pointer.paused:
            found = f"Answers to {question.consumer} are paused: {self.pointer.paused[question.consumer]}"
            fix = "Wait until they are resumed; the owners are told."
            raise UserError(
                Mistake("serve.paused", question.consumer, found, "An answer was held back on purpose.", fix)
            )
        cohort = self.cohort(question)
        if not cohort and question.values is None:
            name = self.plan.need.entity
            fix = f"Check {name}, or wait for the next snapshot."
            found = f"The snapshot as of {self.pinned.as_of:%Y-%m-%d} has no such {name} that can be answered."
            raise NotFound(Mistake("serve.unknown_entity", name, found, fix=fix))
        champion = self.named(question, cohort)
        if not champion:
            found = f"Nothing is released for cohort {cohort or 'none'} yet."
            raise NotFound(Mistake("serve.not_released", cohort, found, fix="Release a candidate to this cohort."))
        if champion in self.aside:
            found = f"The model {champion[:12]} was put aside: {self.aside[champion]}."
            fix = "Release another candidate."
            why = Mistake("serve.aside", "release", found, _LOOKS_ALIKE, fix)
            return self._instead(question, champion, why, self.aside[champion])
        within = self._within.get(question.consumer)
        if question.values is None and within is not None and now > within:
            day = f"{self.pinned.as_of:%Y-%m-%d %H:%M}"
            found = f"The stored inputs are of {day}, older than this consumer may be answered by."
            fix = "Make the next list, or take a snapshot."
            why = Mistake("serve.stale", "features", found, _LOOKS_ALIKE, fix)
            old = f"the stored inputs of {self.pinned.as_of:%Y-%m-%d} are too old for it"
            return self._instead(question, champion, why, old)
        return champion, self._in_place.get(cohort, SILENT) if self._in_place else SILENT

    def _instead(self, question: Question, champion: str, why: Mistake, in_short: str) -> tuple[str, Notice]:
        """The baseline, where the consumer's plan lets it stand in for a champion that may not answer now."""
        if self.plan.consumers[question.consumer].if_stopped != "baseline" or self.stand_in not in self.ready:
            raise UserError(why)
        if self.stand_in == champion:
            said = self._in_place.get(self.cohort(question), SILENT)
            return champion, all_the_same(why.found, said)
        return self.stand_in, not_now(champion, in_short)

    @cached_property
    def _in_place(self) -> dict[str, Notice]:
        """What is said, by cohort, where the baseline is who is released now, but in place of a model."""
        return {cohort: in_place(why) for cohort, why in self.pointer.instead.items()}

    @cached_property
    def seconds(self) -> dict[str, float]:
        """Within how many seconds each consumer must have its answer."""
        longest = Length(seconds=60)
        return {name: (one.latency or longest).days * 86_400 for name, one in self.plan.consumers.items()}

    @cached_property
    def _within(self) -> dict[str, datetime]:
        declared = {name: one.features_within for name, one in self.plan.consumers.items()}
        return {name: length.after(self.pinned.as_of) for name, length in declared.items() if length}

    def cohort(self, question: Question) -> str:
        """The cohort of whom a question is about; empty where none has it."""
        cohorts, values = self.plan.release.cohorts, question.values
        if self._one_cohort and (values is not None or self.knows(question.entity)):
            return self._one_cohort
        if values is None:
            return next((one.cohorts[question.entity] for one in self._all if question.entity in one.cohorts), "")
        column = [values.get(cohorts.column or "")] if cohorts.by == "column" else None
        return cohort_of([question.entity], cohorts, self.plan.product, column)[0]

    def knows(self, entity: str) -> bool:
        """Whether there are stored inputs of an entity."""
        return any(entity in one.cohorts for one in self._all)

    @cached_property
    def _one_cohort(self) -> str:
        cohorts = self.plan.release.cohorts
        return cohorts.names[0] if len(cohorts.names) == 1 and cohorts.by == "hash" else ""

    @cached_property
    def _all(self) -> list[Ready]:
        return list(self.ready.values())

    def _together(
        self, ready: Ready, asked: Sequence[Question], now: datetime, notice: Notice
    ) -> list[Reply | Exception]:
        """Answers by one candidate; where it breaks on all of them together, each is tried alone."""
        try:
            return list(self._replies(ready, asked, now, [notice] * len(asked)))
        except Exception as error:
            if len(asked) == 1:
                return [self._by_another(asked[0], reason(error), now, ready) or error]
            return [self._together(ready, [one], now, notice)[0] for one in asked]

    def _by_baseline(
        self, question: Question, notice: Notice, now: datetime, instead_of: Ready | None = None
    ) -> Reply | None:
        # A model that breaks in use gives way to the signed baseline, where the consumer's plan declares so.
        baseline, champion = self.ready.get(self.stand_in), self.meant_for(question)
        if not champion or not self._may_stand_in(question) or baseline is None or baseline is instead_of:
            return None
        try:
            return self._replies(baseline, [question], now, [notice])[0]
        except Exception:
            return None

    def _by_another(self, question: Question, why: Why, now: datetime, broken: Ready) -> Reply | None:
        """Who answers where one breaks: for a canary the champion, then the baseline."""
        name, cohort = broken.answerer.made.candidate, self.cohort(question)
        champion = self.ready.get(self.pointer.champion.get(cohort, ""))
        if name == self.pointer.canary and champion is not None and champion is not broken:
            with contextlib.suppress(Exception):
                notice = not_able("The canary", name, why, "the champion did")
                return self._replies(champion, [question], now, [notice])[0]
        return self._by_baseline(question, stands_in(self.meant_for(question), why), now, instead_of=broken)

    def _replies(
        self, ready: Ready, asked: Sequence[Question], now: datetime, notices: Sequence[Notice]
    ) -> list[Reply]:
        rows = self._rows(ready, asked, now)
        ends = ready.ends([row["score"] for row in rows])
        classes = ready.answerer.classes
        found = []
        for place, (row, notice) in enumerate(zip(rows, notices, strict=True)):
            if notice.kept:
                row["notice"] = notice.kept
            low, high = ends[place] if ends else (None, None)
            values = self.needed(asked[place], ready) if self._needs else {}
            found.append(Reply(row, notice.told, low, high, classes, stood_in=notice.stood_in, values=values))
        return found

    def _rows(self, ready: Ready, asked: Sequence[Question], now: datetime) -> list[dict[str, Any]]:
        said = ready.scored(asked, self.plan.proof.reasons)
        time, as_of, candidate = now.isoformat(), ready.as_of.isoformat(), ready.answerer.made.candidate
        rows = []
        named = said.names or [""] * len(asked)
        for place, (question, score, why, person) in enumerate(
            zip(asked, said.scores, said.reasons, said.why, strict=True)
        ):
            given, cohort = question.values, self.cohort(question)
            decision, chance, drawn = ready.decision(question, score, person, now, named[place])
            row = {
                "answer_id": question.answer_id or f"{next(_NUMBERS):020x}",
                "time": time,
                "as_of": time,
                "entity": question.entity,
                "candidate": candidate,
                "inputs": "",
                "inputs_ref": "",
                "score": score,
                "decision": decision,
                "reasons": [EXPLORED, *why] if drawn else why,
                "consumer": question.consumer,
                "step": self._step(candidate, cohort),
                "cohort": cohort,
            }
            if given is None:
                row["as_of"], row["inputs_ref"] = as_of, ready.features_ref
            else:
                row["inputs"] = orjson.dumps(self.kept(given)).decode()
            if said.likely:
                row["class"], row["likely"] = named[place], said.likely[place]
            if chance is not None:
                row["propensity"] = chance
            if question.trace:
                row["trace"] = question.trace
            rows.append(row)
        return rows

    def needed(self, question: Question, ready: Ready) -> dict[str, Value]:
        """The values of inputs that go with an answer to its consumer."""
        names = self._needs.get(question.consumer, ())
        if question.values is not None:
            return {name: question.values.get(name) for name in names}
        return {name: ready.value(question.entity, name) for name in names}

    @cached_property
    def _needs(self) -> dict[str, list[str]]:
        return {name: one.needs_values for name, one in self.plan.consumers.items() if one.needs_values}

    def _step(self, candidate: str, cohort: str) -> str:
        if candidate == self.pointer.canary and self.pointer.champion.get(cohort) != candidate:
            return CANARY
        return self._steps.get(cohort, "cohort")

    @cached_property
    def _steps(self) -> dict[str, str]:
        champion, names = self.pointer.champion, self.plan.release.cohorts.names
        return {
            cohort: "all" if all(champion.get(name) == one for name in names) else "cohort"
            for cohort, one in champion.items()
        }


_LOOKS_ALIKE = "An answer that rests on it would look like any other."
_NOBODY = NotFound(Mistake("serve.not_released", "cohort", "Nobody answered.", fix="Release a candidate."))
_NUMBERS = itertools.count(int.from_bytes(os.urandom(6), "big") << 24)
