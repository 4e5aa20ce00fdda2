"""Which moments of a trial are due, what its losses are, and what they say after those before. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import log

import numpy as np
import numpy.typing as npt

from shipworthy.base.fact import Past, latest
from shipworthy.base.times import read_moment
from shipworthy.model.words import CandidateMade
from shipworthy.plan.schema import Plan
from shipworthy.release.rules import standing
from shipworthy.release.trials import PROPOSED, TRIED, last_proposal, last_verdicts, proposed
from shipworthy.release.words import FOR_PEOPLE, ReleaseStepped, TrialJudged
from shipworthy.watch.bounds import Dependence
from shipworthy.watch.canary import Terms, Trial, Worth, differences_of_split, mismatch, reached, seen, verdict
from shipworthy.watch.errors import DIVISION, LOSSES, to_take_back
from shipworthy.watch.evidence import BETS, Floats
from shipworthy.watch.folds import LABELLED
from shipworthy.watch.rules import Answered, answered

IN_USE, SPLIT = "in use", "canary"


@dataclass(frozen=True, slots=True)
class DueTrial:
    """One moment at which a candidate and another one can be compared.

    Attributes:
        mine, other: what each answered; `other` has no parts where it answered nobody any more.
        labels: the segments that hold the truth.
        replaced: whether the other one is the one that the candidate has replaced.
        proposed: whether the candidate has answered nobody yet, and is asked now, about those it has not learnt from.
    """

    mine: Answered
    other: Answered
    labels: tuple[str, ...]
    replaced: bool
    proposed: bool = False


def trials_due(plan: Plan, past: Past) -> list[DueTrial]:
    """The comparisons that nobody has made, oldest moment first: the truth is known and both can be held against it."""
    now = standing(past)
    champions = set(now.champion.values()) - {""}
    roles = {fact.what.candidate: fact.what.role for fact in past.of(CandidateMade)}
    beside = ({now.canary} | ({now.challenger} if now.challenger_step == "shadow" else set())) - champions - {""}
    labels = {moment: one["segments"] for moment, one in past.fold(LABELLED).items()}
    windows = {(one.moment, one.candidate): one for one in answered(past)}
    compared = {name: _compared(past, name) for name in {candidate for _, candidate in windows}}
    found = []
    for (moment, candidate), mine in sorted(windows.items()):
        if moment not in labels or roles.get(candidate) != "model" or mine.growing_since:
            continue
        replaced = candidate in champions
        if candidate in beside:
            others = [name for at, name in windows if at == moment and name != candidate and name in champions]
        else:
            others = [_replaced_by(past, candidate)] if replaced else []
        for name in others:
            if name and (name, moment, False) not in compared[candidate]:
                other = windows.get((moment, name), Answered(name, moment, ()))
                found.append(DueTrial(mine, other, tuple(labels[moment]), replaced))
                break
    made = proposed(plan, past, now)
    if made is None or made.candidate == now.canary:  # who is asked what it would have answered answers people by now
        return found
    return found + _proposals(past, made, windows, labels)


def _proposals(
    past: Past,
    made: CandidateMade,
    windows: Mapping[tuple[str, str], Answered],
    labels: Mapping[str, list[str]],
) -> list[DueTrial]:
    """A retrained candidate beside the one it is to replace, at the moments it has learnt from and later.

    What it said in shadow meanwhile is taken as it was said. That it is not worse is another question than that it
    pays, so that such a moment is judged for both.
    """
    name, parent = made.candidate, made.parent
    since = min(read_moment(moment) for moment in made.trained_on)
    # What another challenger was asked about is spent: evidence that is carried on must not count a row twice.
    spent, compared = _asked_before(past, name, parent), _compared(past, name)
    # Asked anew on stored inputs, so only where those of the champion are there.
    return [
        DueTrial(windows.get((moment, name), Answered(name, moment, ())), other, tuple(labels[moment]), False, True)
        for (moment, candidate), other in sorted(windows.items())
        if candidate == parent
        and moment in labels
        and read_moment(moment) >= since
        and moment > spent
        and not other.growing_since
        and (parent, moment, True) not in compared
    ]


def _asked_before(past: Past, candidate: str, parent: str) -> str:
    """The newest moment at which another challenger was compared with the same one in use; empty for none."""
    others = past.fold(TRIED)["beside"].get(parent, {})
    return max((one["window"] for name, one in others.items() if name != candidate), default="")


def _replaced_by(past: Past, candidate: str) -> str:
    """The candidate that answered people before this one did; empty where nobody did."""
    steps = past.of(ReleaseStepped, about=candidate)
    found = latest(steps, lambda what: what.step in FOR_PEOPLE and bool(what.replaces))
    return found.what.replaces if found else ""


def _compared(past: Past, candidate: str) -> set[tuple[str, str, bool]]:
    """Beside whom a candidate was judged, at which moment, and whether as one that is proposed."""
    known = past.fold(TRIED)["compared"].get(candidate, [])
    return {(against, window, asked) for against, window, asked in known}


@dataclass(frozen=True, slots=True)
class Compared:
    """The losses of two candidates at one moment.

    Attributes:
        step: shadow, canary or in use.
        differences: D of each pair of rows; before, after: mean loss of the other one and of the candidate.
        counts: rows of the canary and of the others, of whom its share is `share`; both 0 where nobody was divided.
        unreadable: why nothing could be compared.
        least: what differences were multiplied by, where truths are weighed.
    """

    step: str
    differences: Floats
    before: float = 0.0
    after: float = 0.0
    counts: tuple[int, int] = (0, 0)
    share: float = 0.0
    unreadable: str = ""
    least: float = 1.0


def of_same_rows(step: str, mine: Floats, other: Floats, weights: Floats | None = None, least: float = 1.0) -> Compared:
    """Losses of the same rows in the same order; a row without an answer of one of them is a loss of 1 for it.

    Args:
        weights: what each row counts for (`watch.weighing`); all alike if absent.
        least: the least chance of being acted on; means over it are those of everybody.
    """
    mine, other = np.nan_to_num(mine, nan=1.0), np.nan_to_num(other, nan=1.0)
    if weights is not None:
        mine, other = mine * weights, other * weights
    return Compared(step, mine - other, _mean(other) / least, _mean(mine) / least, least=least)


def of_split(mine: Floats, other: Floats, counts: tuple[int, int], share: float, least: float = 1.0) -> Compared:
    """Losses of different rows, in an order that does not hang on them; weighed ones already multiplied."""
    differences = differences_of_split(mine, other)
    return Compared(SPLIT, differences, _mean(other) / least, _mean(mine) / least, counts, share, least=least)


def _mean(losses: Floats) -> float:
    return float(losses.mean()) if losses.size else 0.0


def losses(
    labels: Floats, scores: Floats, decided: npt.NDArray[np.bool_], promises: bool, spread: float | None
) -> Floats:
    """The loss of each answer, in [0, 1].

    The squared error of a probability, or, where a score only ranks, whether the decision was wrong; the absolute
    error of a number over `spread`, at most 1.
    """
    if spread is not None:
        return np.minimum(1.0, np.abs(labels - scores) / spread)
    if promises:
        return np.asarray(np.clip((labels - scores) ** 2, 0.0, 1.0))
    return np.asarray(decided != (labels > 0), dtype=np.float64)


def spread_of(profile: Mapping[str, object]) -> float:
    """What counts as an error of 1 for a number: twice the distance of the outer deciles of the scores; 1 if none."""
    scores = profile.get("scores")
    deciles = scores.get("deciles") if isinstance(scores, dict) else None
    return 2 * (deciles[-1] - deciles[0]) if deciles and deciles[-1] > deciles[0] else 1.0


def terms(plan: Plan, step: str) -> Terms:
    """What the plan decides trials at a step by."""
    said = plan.release.evidence
    return Terms(said.harm, said.margin, said.error, said.row_limit, said.phi, to_take_back(plan, step)[LOSSES])


def break_even(plan: Plan) -> float:
    """By how much the mean loss must fall for a replacement to pay; 0 where the plan names no cost."""
    said = plan.respond.retraining
    return Worth(said.cost, said.value, said.decisions).break_even if said else 0.0


def judged(plan: Plan, past: Past, due: DueTrial, found: Compared) -> TrialJudged:
    """The verdict after this moment and those before, as a fact."""
    given = terms(plan, found.step)
    if due.proposed:
        given = replace(given, margin=-min(break_even(plan), 0.999))
    meant = given
    given = replace(given, harm=given.harm * found.least, margin=given.margin * found.least)
    kept = last_verdicts(past, due.mine.candidate).get(found.step)
    same = kept is not None and kept.what.against == due.other.candidate and kept.what.state["terms"] == _written(given)
    state = kept.what.state if kept is not None and same else {}
    before = _trial(state) if state or not due.proposed else _carried(past, due, given)
    depends = before.dependence(given.phi)
    phi = depends.of_window(found.differences.size)
    after = seen(before, found.differences, replace(given, phi=phi))
    looks = int(state.get("looks", [0.0])[0]) + bool(sum(found.counts))
    suspicion = _suspicion(found)
    # The same people come again, so each moment is asked by itself, at an error that sums up to the planned one.
    divided = bool(looks) and suspicion >= log(looks * (looks + 1) / to_take_back(plan, SPLIT)[DIVISION])
    decided = verdict(after, given, divided)
    harm = divided or reached(after.harm, given.to_go_back) >= 1
    if not harm and (found.step == IN_USE or (due.proposed and decided == "roll back")):
        decided = "hold"  # nothing to promote to, or to take back; a limit of rows is for those beside
    numbers = {
        "rows": float(found.differences.size),
        "loss": found.after,
        "loss_of_the_other": found.before,
        "rows_in_all": float(after.rows),
        "rise_in_all": after.mean / found.least,
        "harm": reached(after.harm, given.to_go_back),
        "not_worse": reached(after.promotion, given.alpha),
        "divided_otherwise": suspicion,
        "phi": phi,
    }
    return TrialJudged(
        product=plan.product,
        candidate=due.mine.candidate,
        against=due.other.candidate,
        step=found.step,
        window=due.mine.moment,
        verdict=decided,
        harm=harm,
        text=found.unreadable or _text(due, found, after, meant, decided, divided, harm),
        guarantee=_guarantee(given, found.step, depends),
        numbers=numbers,
        state={
            "harm": list(after.harm),
            "not_worse": list(after.promotion),
            "seen": [float(after.rows), after.total],
            "moments": [float(one) for moment in after.moments for one in moment],
            "looks": [float(looks)],
            "terms": _written(given),
        },
    )


def _trial(state: Mapping[str, list[float]]) -> Trial:
    if not state or len(state["harm"]) != len(BETS):
        return Trial()
    rows, total = state["seen"]
    known = iter(state.get("moments", []))
    moments = tuple((int(size), mean, square) for size, mean, square in zip(known, known, known, strict=True))
    return Trial(tuple(state["harm"]), tuple(state["not_worse"]), int(rows), total, moments)


def _carried(past: Past, due: DueTrial, given: Terms) -> Trial:
    """What earlier challengers have shown: that some challenger pays, on rows that this one is not asked about.

    Each factor is of rows that no factor before it has seen and nobody has learnt from, so that the product still
    reaches the bar by chance alone with at most the stated chance while no challenger pays. Harm is each one's own;
    how dependent rows are is known from all of them.
    """
    earlier = last_proposal(past, due.other.candidate, besides=due.mine.candidate)
    if earlier is None or earlier.state["terms"] != _written(given) or earlier.verdict == "promote":
        return Trial()
    before = _trial(earlier.state)
    return Trial(promotion=before.promotion, moments=before.moments)


def _written(given: Terms) -> list[float]:
    return [given.harm, given.margin, given.alpha, given.phi]


def _suspicion(found: Compared) -> float:
    return mismatch(found.counts, [found.share, 1 - found.share]) if sum(found.counts) and found.share else 0.0


def _text(due: DueTrial, found: Compared, after: Trial, given: Terms, decided: str, divided: bool, harm: bool) -> str:
    other, day = due.other.candidate[:12], due.mine.moment[:10]
    if divided:
        return (
            f"On {day} {found.counts[0]:,} of {sum(found.counts):,} answers were the canary's, where "
            f"{found.share * 100:g}% were planned: not by chance, so nothing can be compared. It goes back."
        )
    change = "higher" if after.mean > 0 else "lower"
    known = "whose truth is known" if found.least == 1 else "(truths of those acted on, each by one over its chance)"
    by = abs(after.mean) / found.least
    first = f"Over {after.rows:,} answers up to {day} {known} its mean loss is {by:.3f} {change} than that of {other}"
    if due.proposed:
        return f"{first}, and must be more than {-given.margin:.3g} lower to pay: {_pays(decided, harm)}"
    if decided == "promote":
        return f"{first}: shown not to be worse by {given.margin:g} or more."
    if harm:
        return f"{first}: shown to do harm, and not by chance. It goes back."
    if decided == "roll back":
        return f"{first}: still undecided after {given.row_limit:,} rows, the limit. It goes back."
    if found.step == IN_USE:
        return f"{first}: no harm shown ({reached(after.harm, given.to_go_back):.0%} of the way)."
    return (
        f"{first}: undecided, {reached(after.promotion, given.alpha):.0%} of the way to being let on and "
        f"{reached(after.harm, given.to_go_back):.0%} to going back."
    )


def _pays(decided: str, harm: bool) -> str:
    if decided == "promote":
        return "shown."
    return "it does harm, so what is in use stays." if harm else "not shown, so what is in use stays."


def _guarantee(given: Terms, step: str, depends: Dependence) -> str:
    if step == PROPOSED:
        return (
            f"One that does not pay for itself is let on with a chance of at most {given.alpha * 100:g}%, however "
            f"often one looks; {_condition(depends)}."
        )
    let_on = "" if step == IN_USE else f"; one that is worse by {given.margin:g} is let on with at most the same chance"
    together = "" if given.to_go_back == given.alpha else ", whatever the reason"
    return (
        f"One that is not worse goes back with a chance of at most {given.alpha * 100:g}%{together}{let_on}, however "
        f"often one looks; {_condition(depends)}."
    )


def _condition(depends: Dependence) -> str:
    return f"phi {depends.phi:.3g} as measured on the moments before" if depends.measured else depends.condition
