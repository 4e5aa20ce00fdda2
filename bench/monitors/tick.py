"""What it costs the worker to find that nothing is due, which it does every few seconds, as history grows.

Run `python bench/monitors/tick.py [days …]` (30 365 1095). The product of `look.py` answers a list every day, which is
brought, confirmed and used; its plan has declared ages, prices, and a trigger for everything that happens, so that
every rule is asked. Each day an alarm is raised and answered, an audit sample drawn and labelled, and a challenger
compared. Some days are lived through; the facts of the last one are copied for each later day, with moments
and contents of their own. Then everything that triggers would say is put on record, and what is left is timed: a look
at what is due, and one at who is silent, each on a past that was not read before. Prints one JSON line for each length
of history, with seconds of the processor; the page of incidents is timed beside it.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from look import PLAN, PRODUCT, Product

from shipworthy.app.due import due
from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Past, Recorded, What, body_of, what_of
from shipworthy.deliver.words import DeliveryAcknowledged, DeliveryMade
from shipworthy.model.words import CandidateMade
from shipworthy.plan.rules import current_plan
from shipworthy.release.words import TrialJudged
from shipworthy.respond.incidents import incident_for
from shipworthy.respond.rules import situations
from shipworthy.respond.views import incidents
from shipworthy.respond.words import Incidents, TriggerFired
from shipworthy.watch.folds import COUNTED_TO
from shipworthy.watch.silence import silences
from shipworthy.watch.words import AlarmClosed, AlarmRaised, AuditDrawn, AuditLabelled, LabelsSealed, WindowJudged

DAYS, LIVED, TIMES, HOUR = (30, 365, 1_095), 12, 3, timedelta(hours=1)
HAPPENINGS = ("alarm", "refusal", "breach", "late", "partial", "failed", "unacknowledged", "unused", "new-data", "note")
TRIGGERS = "".join(f"    - {{name: of-{on}, on: {on}, do: [notify], to: [technology]}}\n" for on in HAPPENINGS)
ASKED = {
    "start: 2025-03-01": "start: 2025-03-10",
    "    time_to_act: 1d\n": "    time_to_act: 1d\n    acknowledge_within: 1d\n    use_at_least: 50%\n",
    "      time: date\n": "      time: date\n      freshness: 2d\n",
    "release: {": f"""watch: {{cost: {{per_answer: 0.01, at_most: 1000}}}}
respond:
  routes: {{technology: "file:out/messages"}}
  triggers:
{TRIGGERS}    - {{name: of-silence, on: silent, after: 45d, do: [notify], to: [technology]}}
  retraining: {{evaluated_within: 3mo}}
release: {{""",
}
MOMENT, DIGEST = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\b[0-9a-f]{64}\b")


class Grown(Product):
    """A product of which some days are lived through, and the others copied."""

    def live(self) -> None:
        """Days with a list that is confirmed and used, and a look."""
        plan = PLAN
        for old, new in ASKED.items():
            plan = plan.replace(old, new)
        self.begin(LIVED + 10, plan)
        self.now += timedelta(days=8)
        for _ in range(LIVED):
            self.now += timedelta(days=1)
            self.visits(LIVED + 10)  # other rows each day, or nothing new would have been read
            self.answer()
            made = self.past.of(DeliveryMade)[-1].what
            self.put([DeliveryAcknowledged(product=PRODUCT, delivery=made.delivery, used=made.rows)])
            self.look()
            self.put(self.beside(made.as_of))

    def beside(self, window: str) -> list[Any]:
        """What else a day may leave on record: an alarm that is answered, a sample that is labelled, a comparison."""
        mine: dict[str, Any] = {
            "product": PRODUCT,
            "candidate": self.past.of(CandidateMade)[-1].what.candidate,
            "window": window,
        }
        alarm, sample = digest_of(["alarm", window]), digest_of(["sample", window])
        words: dict[str, Any] = {
            "monitor": "calibration",
            "since": window,
            "text": "",
            "guarantee": "",
            "cause": "",
            "advice": "",
        }
        return [
            AlarmRaised(alarm=alarm, **words, **mine),
            AlarmClosed(product=PRODUCT, alarm=alarm, by="business-owner", verdict="right", reason="They came less."),
            AuditDrawn(sample=sample, rows=50, answers=1_500, **mine),
            AuditLabelled(product=PRODUCT, sample=sample, segment=sample, told=50, unsure=0, left=0),
            TrialJudged(
                against=digest_of("before"),
                step="proposed",
                verdict="hold",
                harm=False,
                text="Nothing is shown yet.",
                guarantee="",
                numbers={"rows": 1_500.0},
                state={"harm": [0.0] * 7, "not_worse": [0.0] * 7},
                **mine,
            ),
        ]

    @property
    def past(self) -> Past:
        """What happened so far, not read before."""
        return self.store.ledger.past(PRODUCT)

    def put(self, facts: list[Any]) -> list[Recorded[Any]]:
        """Facts on record as of now."""
        return self.store.ledger.append(lambda past: facts, product=PRODUCT, who="operator", at=self.now)

    def copy(self, days: int) -> None:
        """The facts of the last day that was lived once more for each of so many days."""
        lived = self.past.of(DeliveryMade)[LIVED - 1].at
        known = self.past.of(*_kinds(What))
        day, newest = [fact for fact in known if fact.at == lived], known[-1].seq
        lasting = {fact.what.candidate for fact in self.past.of(CandidateMade)}
        for _ in range(days):
            self.now += timedelta(days=1)
            later, number = newest + 1 - day[0].seq, (self.now - lived).days
            newest = self.put([_moved(fact, number, later, lasting) for fact in day])[-1].seq

    def say(self) -> None:
        """All that triggers would say is on record, so that nothing is due; an alarm of long ago is an incident."""
        plan, judged = current_plan(self.past), self.past.of(WindowJudged)[0].what
        words = {name: getattr(judged, name) for name in ("monitor", "candidate", "window", "text")}
        raised = AlarmRaised(
            product=PRODUCT, alarm="old", since=judged.window, guarantee="", cause="", advice="", **words
        )
        self.put([raised])
        self.put([incident_for(plan, self.past, "The first list was odd", "old", "high")])
        past = self.past
        said = [(one.trigger.name, one.cause.name, action.name) for one, action in situations(plan, past, self.now)]
        self.put(
            [
                TriggerFired(product=PRODUCT, trigger=trigger, cause=cause, action=action, outcome="told")
                for trigger, cause, action in said
            ]
        )

    def tick(self) -> list[str]:
        """What is due and who is silent."""
        past = self.past
        plan = current_plan(past)
        wanted = [type(command).__name__ for command in due(plan, past, self.now)]
        past = self.past
        return wanted + [one.name for one in silences(plan, past, [], self.now, self.now)]

    def page(self) -> Any:
        """The page of incidents."""
        return incidents(Incidents(product=PRODUCT), self.past, self.now)


def _kinds(of: type[What]) -> list[type[What]]:
    return [kind for one in of.__subclasses__() for kind in (one, *_kinds(one))]


def _moved(fact: Recorded[Any], days: int, facts: int, lasting: set[str]) -> What:
    """A fact of so many days and facts later: its moments are later, its contents others."""
    text = json.dumps(body_of(fact.what))
    text = MOMENT.sub(lambda found: f"{date.fromisoformat(found[0]) + timedelta(days=days)}", text)
    text = DIGEST.sub(lambda found: found[0] if found[0] in lasting else digest_of([found[0], days]), text)
    body = json.loads(text)
    if COUNTED_TO in body.get("numbers", {}):
        body["numbers"][COUNTED_TO] += facts
    kind: type[What] = type(fact.what)
    return what_of(kind, body)


def _seconds(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def grown(folder: Path, days: int) -> dict[str, Any]:
    """Ticks at the end of a history."""
    product = Grown(folder)
    product.live()
    product.copy(days - LIVED - 1)
    product.say()
    product.tick()
    product.copy(1)  # what is kept between looks does not hold the newest day
    product.say()
    first = product.tick()
    return {
        "days": days,
        "labels": len(product.past.of(LabelsSealed)),
        "due": first,
        "tick, seconds": round(statistics.median(_seconds(product.tick) for _ in range(TIMES)), 3),
        "page of incidents, seconds": round(statistics.median(_seconds(product.page) for _ in range(TIMES)), 3),
    }


def main() -> None:
    """Each length of history in a process of its own."""
    if sys.argv[1:2] == ["one"]:
        print(json.dumps(grown(Path(sys.argv[2]), int(sys.argv[3]))))
        return
    for days in [int(one) for one in sys.argv[1:]] or DAYS:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, __file__, "one", folder, str(days)], check=True, env=dict(os.environ))


if __name__ == "__main__":
    main()
