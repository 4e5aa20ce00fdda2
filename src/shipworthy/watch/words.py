"""What can be asked and what happens while the world is watched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from shipworthy.base.fact import Command, Question, What
from shipworthy.watch.audit_words import AuditDrawn as AuditDrawn
from shipworthy.watch.audit_words import AuditLabelled as AuditLabelled
from shipworthy.watch.audit_words import AuditOutcome as AuditOutcome
from shipworthy.watch.audit_words import AuditTask as AuditTask
from shipworthy.watch.audit_words import AuditTasks as AuditTasks
from shipworthy.watch.audit_words import LabelAudit as LabelAudit

Level = Literal["quiet", "note", "alarm", "not_run"]
# What a verdict rests on: a stated error rate, an estimate under assumptions that nobody can check, or plain counting.
Kind = Literal["guarantee", "estimate", "description"]
Verdict = Literal["", "right", "false"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelsSealed(What):
    """The truth about the answers of one moment arrived and was matched.

    Attributes:
        segment: digest of the Parquet file with answer id and label.
        as_of: the moment the answers were as of.
        matched: answers that now have a label; unlabelled: mature answers without one.
        not_acted: how many of the unlabelled nobody waits for, since only those acted on come to have a truth.
    """

    segment: str
    as_of: str
    matched: int
    unlabelled: int
    snapshot: str
    not_acted: int = 0

    @property
    def about(self) -> str:
        return self.segment


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowJudged(What):
    """A monitor judged one window of a candidate's life.

    Attributes:
        window: the moment whose answers were judged, ISO 8601.
        level: quiet, note (something changed), alarm (it harms beyond the plan's tolerance), not_run.
        numbers: what was counted and measured, for charts: n, promised, real…
        state: what the monitor carries on to the next window.
        parts: by segment or group what was found: rows, now, then, tolerated, evidence.
        text: the finding in plain words.
        guarantee: what the verdict promises and on which condition.
        kind: what it rests on: a `guarantee` keeps a stated error rate, an `estimate` rests on assumptions about the
            world, a `description` only tells what was counted.
    """

    monitor: str
    candidate: str
    window: str
    level: Level
    numbers: dict[str, float]
    state: dict[str, Any]
    text: str
    guarantee: str = ""
    cause: str = ""
    advice: str = ""
    since: str = ""
    kind: Kind = "guarantee"
    parts: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def about(self) -> str:
        return self.candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised(What):
    """Something changed and harms beyond the plan's tolerance.

    Attributes:
        alarm: a digest that names it.
        kind: what the verdict rests on; see `WindowJudged`.
    """

    alarm: str
    monitor: str
    candidate: str
    window: str
    since: str
    text: str
    guarantee: str
    cause: str
    advice: str
    kind: Kind = "guarantee"

    @property
    def about(self) -> str:
        return self.alarm


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmClosed(What):
    """An alarm was answered; its monitor starts anew.

    Attributes:
        by: what or who answered it.
        verdict: whether somebody who looked found it right or false; empty where nobody said.
        reason: what they found.
    """

    alarm: str
    by: str
    verdict: Verdict = ""
    reason: str = ""

    @property
    def about(self) -> str:
        return self.alarm


@dataclass(frozen=True, slots=True)
class Watched:
    """What one look at the world gave.

    Attributes:
        windows: judged by some monitor; trials: what comparisons of two candidates found.
    """

    windows: int
    notes: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    trials: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch(Command[Watched]):
    """Collect labels that have become mature and let every monitor judge every window that is new to it.

    Candidates in shadow, canary and full use are compared with the other one where the truth has come.
    """

    right: ClassVar[str] = "operate"
    durable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchBeside(Command[Watched]):
    """Let the monitors of what lies beside the answers, such as deliveries, judge every window that is over.

    No source is read for it, and no answer. `Watch` does this too.
    """

    right: ClassVar[str] = "operate"
    durable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeTrials(Command[list[str]]):
    """Compare the losses of candidates in shadow, canary and full use with the other one's, where the truth is known.

    Gives what was found, in plain words. Each row is counted once; harm makes going back due.
    """

    right: ClassVar[str] = "operate"
    durable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Silence:
    """Somebody who should have reported and has not.

    Attributes:
        name: who, such as `monitor calibration` or `prediction server HOST/PROCESS`.
        since: when they reported last, ISO 8601.
        within: how long may pass at the most, in words.
        advice: what to do.
        found: what they have not done, where there is more to say than that nothing came.
    """

    name: str
    since: str
    within: str
    advice: str
    found: str = ""

    @property
    def text(self) -> str:
        """The finding in plain words."""
        return self.found or (
            f"The {self.name.removeprefix('the ')} has reported nothing since {self.since[:16].replace('T', ' ')} UTC; "
            f"{self.within} may pass."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSilence(Command[list[str]]):
    """Note who has stopped reporting, as an alarm about each, and who reports again; gives what changed.

    The worker does this by itself with what it sees. Each silence is noted once.

    Attributes:
        silent: everybody who is silent now, by name.
    """

    right: ClassVar[str] = "operate"
    silent: dict[str, Silence]


@dataclass(frozen=True, slots=True)
class MonitorPoint:
    """One judged window for a chart."""

    window: str
    candidate: str
    level: Level
    numbers: dict[str, float]
    text: str
    kind: Kind = "guarantee"
    parts: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MonitorCard:
    """One monitor with its life so far; `tolerates` says its tolerance in words, empty where it has none."""

    monitor: str
    asks: str
    guarantee: str
    tolerance: float | None
    level: Level
    text: str
    points: list[MonitorPoint]
    kind: Kind = "guarantee"
    tolerates: str = ""


@dataclass(frozen=True, slots=True)
class AlarmCard:
    """One alarm for people to read; `answer` is what was said when it was closed."""

    alarm: str
    monitor: str
    candidate: str
    at: str
    since: str
    text: str
    guarantee: str
    cause: str
    advice: str
    open: bool
    kind: Kind = "guarantee"
    answer: str = ""


@dataclass(frozen=True, slots=True)
class WatchState:
    """Every monitor and every alarm of a product.

    Attributes:
        silent: who should have reported by now and has not, seen at this moment and not at the last look.
    """

    monitors: list[MonitorCard]
    alarms: list[AlarmCard]
    silent: list[Silence] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitors(Question[WatchState]):
    """What the monitors see: promised against real, notes and alarms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAlarm(Command[str]):
    """Answer an alarm: was it right or false, and what did you find; gives its name.

    Its monitor gathers evidence anew. The first digits of the alarm's name suffice.
    """

    right: ClassVar[str] = "respond"
    alarm: str
    reason: str
    false: bool = False


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """What one monitor may spend of the false-alarm budget, and what came of it in the last year.

    Attributes:
        part: the chance of a false alarm in a year; declared: the plan names it for this monitor.
        alarms: raised in the last year; notes: findings beyond the tolerance that were no alarm.
        right, false: of the alarms, as people found them; unsaid: alarms about which nobody said.
    """

    monitor: str
    part: float
    declared: bool
    alarms: int
    notes: int
    right: int
    false: int
    unsaid: int


@dataclass(frozen=True, slots=True)
class BudgetState:
    """How the false-alarm budget of a product is shared and spent.

    Attributes:
        budget: false alarms a year that the plan accepts of the whole product.
        given: the parts of all monitors together; what is not given is in reserve.
        since: the last year began then, ISO 8601.
        false: alarms of the last year that people found false.
        left: the budget less these; below 0 more were false than the plan accepts.
        text: all of this in plain words.
    """

    budget: float
    given: float
    since: str
    false: int
    left: float
    text: str
    monitors: list[BudgetLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget(Question[BudgetState]):
    """How many false alarms the plan accepts, how they are shared among the monitors, and how many there were."""
