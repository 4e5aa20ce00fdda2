"""How it came to who answers whom: the steps of all candidates, taken one after the other. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shipworthy.base.fact import Recorded, What
from shipworthy.release.words import CANARY, FOR_PEOPLE, CameBack, FellBack, ReleaseStepped, RolledBack, Standing

STEPS = (ReleaseStepped, RolledBack, FellBack, CameBack)
"""The facts from which it follows who answers whom."""


@dataclass(slots=True)
class Course:
    """Who answers whom after the steps so far; see `Standing` for what is not said here.

    Attributes:
        taken: why a baseline answers a cohort whose model was taken back; empty where a step followed.
        baselines: every baseline that was ever released.
        fell_back: why the baseline last took over.
    """

    champion: dict[str, str] = field(default_factory=dict)
    challenger: str = ""
    challenger_step: str = ""
    baseline: str = ""
    since: str = ""
    canary: str = ""
    share: float = 0.0
    held: dict[str, str] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    baselines: set[str] = field(default_factory=set)
    fell_back: str = ""
    history: list[str] = field(default_factory=list)

    def take(self, fact: Recorded[What]) -> None:
        """Take the next step."""
        what = fact.what
        assert isinstance(what, STEPS)
        if isinstance(what, FellBack):
            told = self._fall_back(what)
        elif isinstance(what, CameBack):
            told = self._come_back(what)
        elif isinstance(what, RolledBack):
            told = self._roll_back(what)
        else:
            told = self._step(what, fact.at.isoformat())
        self.history.append(f"{fact.at:%Y-%m-%d}: {told}")

    def standing(self, paused: Mapping[str, str]) -> Standing:
        """Who answers whom now.

        Args:
            paused: the consumers to whom nothing goes, each with the reason.
        """
        fallen = bool(self.held)  # the canary answers nobody either, and goes on after the way back
        fell_back, waiting = (self.fell_back, self.canary) if fallen else ("", "")
        instead = {cohort: why for cohort, why in self.taken.items() if why and cohort in self.champion}
        instead |= {cohort: fell_back for cohort, name in self.held.items() if waiting or name not in self.baselines}
        return Standing(
            champion=self.champion,
            challenger=self.challenger,
            challenger_step=self.challenger_step,
            baseline=self.baseline,
            since=self.since,
            history=self.history,
            canary="" if fallen else self.canary,
            canary_share=0.0 if fallen else self.share,
            held=self.held,
            paused=dict(paused),
            waiting=waiting,
            fell_back=fell_back,
            instead=instead,
        )

    def _fall_back(self, what: FellBack) -> str:
        self.held = {**self.champion, **self.held}
        self.champion = dict.fromkeys(self.champion, what.to)
        self.fell_back = what.reason
        return f"fell back to the baseline {what.to[:12]}: {what.reason}"

    def _come_back(self, what: CameBack) -> str:
        self.champion, self.held = self.champion | self.held, {}
        return f"came back from the baseline: {what.reason}"

    def _roll_back(self, what: RolledBack) -> str:
        if what.candidate not in self.baselines:
            theirs = [cohort for cohort, now in {**self.champion, **self.held}.items() if now == what.candidate]
            why = f"The model {what.candidate[:12]} was taken back: {what.reason}"
            self.taken |= dict.fromkeys(theirs, why if what.to in self.baselines else "")
        self.champion = _replaced(self.champion, what)
        self.held = _replaced(self.held, what)
        self._end_of_challenger(what.candidate)
        if self.canary == what.candidate:
            self.canary, self.share = "", 0.0
        return f"back from {what.candidate[:12]} to {what.to[:12] or 'nobody'}: {what.reason}"

    def _step(self, what: ReleaseStepped, at: str) -> str:
        if what.step in FOR_PEOPLE:
            self.champion |= dict.fromkeys(what.cohorts, what.candidate)
            self.held = {cohort: name for cohort, name in self.held.items() if cohort not in what.cohorts}
            self.taken |= dict.fromkeys(what.cohorts, "")
            self.since = self.since or at
            if what.role == "baseline":
                self.baselines.add(what.candidate)
                self.baseline = what.candidate
            self._end_of_challenger(what.candidate)
        else:
            self.challenger, self.challenger_step = what.candidate, what.step
        if what.step == CANARY:
            self.canary, self.share = what.candidate, what.share
        elif what.step == "all" and self.canary == what.candidate:
            self.canary, self.share = "", 0.0  # it answers everybody
        return f"{what.role} {what.candidate[:12]} to {_step_text(what)}"

    def _end_of_challenger(self, candidate: str) -> None:
        if self.challenger == candidate:
            self.challenger, self.challenger_step = "", ""


def _replaced(names: Mapping[str, str], what: RolledBack) -> dict[str, str]:
    """Who answers each cohort once a candidate was taken back; without those whom nobody answers then."""
    now = {cohort: what.to if name == what.candidate else name for cohort, name in names.items()}
    return {cohort: name for cohort, name in now.items() if name}


def _step_text(what: ReleaseStepped) -> str:
    if what.step == CANARY:
        return f"canary of {what.share * 100:g}%"
    return f"{what.step} {', '.join(what.cohorts)}" if what.step == "cohort" else what.step
