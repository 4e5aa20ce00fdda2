"""Facts of one small product, for tests of what is counted from facts alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shipworthy.base.check import CheckResult
from shipworthy.base.fact import KnownPast, Recorded, What
from shipworthy.data.words import Intake, SnapshotRefused, SnapshotTaken
from shipworthy.deliver.rules import delivery_name, run_name
from shipworthy.deliver.words import AnswersSealed, DeliveryMade, RunFinished, ServiceCounted
from shipworthy.model.words import CandidateMade
from shipworthy.plan.rules import answer_sections
from shipworthy.plan.schema import Plan
from shipworthy.plan.words import PlanAdopted
from shipworthy.release.words import ReleaseStepped
from shipworthy.watch.counted import judged_counts
from shipworthy.watch.words import AlarmClosed, AlarmRaised, WindowJudged

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
START = datetime(2026, 3, 2, tzinfo=UTC)
OWNERS = ("business", "technology", "privacy", "legal", "compliance", "validation")


def plan(
    watch: Mapping[str, Any] | None = None,
    consumers: Mapping[str, Any] | None = None,
    contract: Mapping[str, Any] | None = None,
    **more: Any,
) -> Plan:
    """A plan with a weekly list and answers in real time."""
    who = {"who": "The sales team", "person": "lead", "time_to_act": "3d"}
    weekly = {**who, "mode": "list", "sinks": ["out"], "every": "1w", "start": "2026-03-02", "deadline": "12h"}
    own: dict[str, Any] = {"columns": {"customer_id": {"type": "text"}, "day": {"type": "date"}}, "time": "day"}
    source = {"kind": "csv", "path": "rows.csv", "contract": {**own, **(contract or {})}}
    return Plan.model_validate(
        {
            "product": "p",
            "need": {
                "question": "Who will buy in a week?",
                "decision": "Sales calls those who will.",
                "entity": "customer_id",
                "horizon": "1w",
            },
            "people": {
                "product_manager": "pm",
                "builders": ["ds"],
                "operator": "op",
                "owners": {function: f"{function}-owner" for function in OWNERS},
            },
            "consumers": {
                "sales": {**weekly, "acknowledge_within": "2d", "use_at_least": 0.5},
                "web": {**who, "mode": "realtime", "latency": "100ms"},
                **(consumers or {}),
            },
            "sources": {"rows": source},
            "sinks": {"out": {"kind": "csv", "path": "out.csv", "rehearsal": "rehearsal.csv"}},
            "data": {"pipeline": "pipeline.py"},
            "model": {"baseline": {"kind": "constant"}},
            "decision": {"top": 2},
            "watch": dict(watch or {}),
            **more,
        }
    )


class Life:
    """Facts of one product, in the order in which they happened."""

    def __init__(self, of: Plan | None = None) -> None:
        self.plan = of or plan()
        self.facts: list[Recorded[Any]] = []
        adopted = PlanAdopted(product="p", version=1, plan=self.plan.values(), digest="d", sections={})
        self.add(adopted, at=START - DAY)

    @property
    def past(self) -> KnownPast:
        return KnownPast(self.facts)

    def add(self, *whats: What, at: datetime = START) -> Life:
        for what in whats:
            number = len(self.facts) + 1
            self.facts.append(Recorded(number, "operator", at, at, what, "", f"{number:064}"))
        return self

    def release(self, candidate: str = "a", step: str = "all", at: datetime = START - HOUR, replaces: str = "") -> Life:
        reached = ["everyone"] if step in ("all", "cohort") else []
        made = CandidateMade(
            product="p",
            candidate=candidate,
            role="model",
            plan_version=1,
            sections=answer_sections(self.plan),
            code="",
            snapshot="",
            environment="",
            model="",
            format="",
            files={},
            features=[],
            trained_on=[],
            rows=10,
            author="ds",
        )
        return self.add(
            made,
            ReleaseStepped(
                product="p", candidate=candidate, step=step, cohorts=reached, replaces=replaces, gate="g", role="model"
            ),
            at=at,
        )

    def read(
        self, at: datetime, newest: str = "", bad: str = "", content: str = "", aside: int = 0, rows: int = 100
    ) -> Life:
        """A source was read; `bad` is why it was stopped."""
        intake = Intake(
            "rows",
            rows,
            rows - aside,
            quarantined={"no date": aside} if aside else {},
            content=content or at.isoformat(),
            newest=newest,
        )
        check = CheckResult(check="data.volume", asked="Enough?", verdict="pass", found="fine", where="rows")
        check = replace(check, verdict="fail", found=bad) if bad else check
        if bad:
            return self.add(
                SnapshotRefused(
                    product="p", refusal=f"r{len(self.facts)}", as_of=at.isoformat(), intakes=[intake], checks=[check]
                ),
                at=at,
            )
        name = f"s{len(self.facts)}"
        return self.add(
            SnapshotTaken(product="p", snapshot=name, as_of=at.isoformat(), intakes=[intake], checks=[check]), at=at
        )

    def answer(self, moment: datetime, rows: int = 10, at: datetime | None = None) -> Life:
        """Answers of a list were sealed."""
        return self.add(
            AnswersSealed(
                product="p",
                segment=f"answers-{moment.isoformat()}",
                rows=rows,
                run=run_name("p", "sales", moment),
                as_of=moment.isoformat(),
                candidates={"a": rows},
                steps={"all": rows},
                mean_score={},
                snapshot="s",
                features="f",
            ),
            at=at or moment,
        )

    def finish(self, moment: datetime, stood_in: str = "", answered: int = 10, at: datetime | None = None) -> Life:
        """A run came to its end."""
        return self.add(
            RunFinished(
                product="p",
                run=run_name("p", "sales", moment),
                consumer="sales",
                as_of=moment.isoformat(),
                due=answered,
                answered=answered,
                refused={},
                delivered={"out": answered},
                failed={},
                snapshot="s",
                stood_in=stood_in,
            ),
            at=at or moment,
        )

    def deliver(self, moment: datetime, at: datetime, rows: int = 10) -> str:
        """A list was brought; gives the delivery's name."""
        run = run_name("p", "sales", moment)
        made = DeliveryMade(
            product="p",
            delivery=delivery_name(run, "out"),
            run=run,
            consumer="sales",
            sink="out",
            candidate="a",
            step="live",
            rows=rows,
            content="c",
            where="out.csv",
            as_of=moment.isoformat(),
            due_by=(moment + 12 * HOUR).isoformat(),
            late=False,
            checks=[],
        )
        self.add(made, at=at)
        return made.delivery

    def serve(self, at: datetime, answered: int = 1000, **more: Any) -> Life:
        """A stretch of the prediction server was sealed."""
        refused = more.pop("refused", {})
        return self.add(
            ServiceCounted(
                product="p",
                consumer="web",
                run=f"serve/p/{len(self.facts)}",
                within_ms=100.0,
                asked=answered + sum(refused.values()),
                answered=answered,
                late=more.pop("late", 0),
                stood_in=more.pop("stood_in", 0),
                refused=refused,
                candidates=more.pop("candidates", {}),
            ),
            at=at,
        )

    def look(self, now: datetime, monitor: str) -> list[WindowJudged]:
        """Judge what is over, put it on record, and give what one monitor found."""
        found = judged_counts(self.plan, self.past, now, InFacts())
        self.add(*found, at=now)
        return [what for what in found if what.monitor == monitor]

    def alarm(self, what: WindowJudged, at: datetime) -> Life:
        """An alarm was raised and answered."""
        raised = AlarmRaised(
            product="p",
            alarm=f"alarm {len(self.facts)}",
            monitor=what.monitor,
            candidate=what.candidate,
            window=what.window,
            since=what.since,
            text=what.text,
            guarantee="",
            cause="",
            advice="",
        )
        return self.add(raised, AlarmClosed(product="p", alarm=raised.alarm, by="operator"), at=at)


class InFacts:
    """States that stay in their facts."""

    def kept(self, state: dict[str, Any]) -> dict[str, Any]:
        return state

    def opened(self, kept: dict[str, Any]) -> dict[str, Any]:
        return kept
