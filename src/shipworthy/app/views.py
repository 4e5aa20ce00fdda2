"""What is asked of the whole, answered by folds over the facts of all stages."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

from shipworthy.app.rights import Identity, rights_of, roles_in
from shipworthy.app.stations import Road, road, stations
from shipworthy.app.words import (
    EvidenceFile,
    FactCard,
    FindEvidence,
    GuideFor,
    GuideSheet,
    LedgerExported,
    LedgerPage,
    LedgerSheet,
    LedgerState,
    Me,
    NextStep,
    PlanInForce,
    PlanSheet,
    ProductRoad,
    Products,
    ProductState,
    Station,
    VerifyLedger,
    WhoAmI,
)
from shipworthy.base.actor import ADMINISTRATOR, Actor
from shipworthy.base.digest import digest_of_bytes
from shipworthy.base.errors import Mistake, NotFound, not_found
from shipworthy.base.fact import Past, latest
from shipworthy.data.words import PersonErased
from shipworthy.deliver.words import GuideRead
from shipworthy.plan.rules import current_plan, current_version, now_in
from shipworthy.plan.words import PlanAdopted
from shipworthy.prove.words import CandidateProven
from shipworthy.release.rules import next_step, standing
from shipworthy.respond.attempts import failing
from shipworthy.respond.challengers import asked_for
from shipworthy.respond.incidents import open_now, owner_of
from shipworthy.sign.words import Missing

MOST_FACTS = 500
MEDIA_TYPES = {
    "html": "text/html",
    "json": "application/json",
    "csv": "text/csv",
    "txt": "text/plain",
    "md": "text/plain",
    "png": "image/png",
    "svg": "image/svg+xml",
}


class HeadLike(Protocol):
    """The newest fact of a ledger."""

    @property
    def seq(self) -> int: ...
    @property
    def digest(self) -> str: ...


class RowLike(HeadLike, Protocol):
    """A fact as the ledger stores it."""

    @property
    def kind(self) -> str: ...
    @property
    def product(self) -> str: ...
    @property
    def about(self) -> str: ...
    @property
    def who(self) -> str: ...
    @property
    def at(self) -> str: ...
    @property
    def recorded_at(self) -> str: ...
    @property
    def body(self) -> Any: ...
    @property
    def previous(self) -> str: ...


class LedgerLike(Protocol):
    """What these views read of a ledger."""

    def past(self, product: str) -> Past: ...
    def products(self) -> list[str]: ...
    def head(self) -> HeadLike: ...
    def verify(self) -> HeadLike: ...
    def signed_heads(self) -> Sequence[Any]: ...
    def facts(self, after: int = 0, *, product: str | None = None, kinds: Sequence[str] = ()) -> Iterator[RowLike]: ...


def who_am_i(question: WhoAmI, actor: Actor) -> Me:
    """The caller with roles and rights."""
    return Me(actor.person, sorted(actor.roles), sorted(rights_of(actor)))


def verify_ledger(question: VerifyLedger, ledger: LedgerLike) -> LedgerState:
    """The verified head.

    Raises:
        Tampered: names the first fact that is not what was recorded.
    """
    head = ledger.verify()
    return LedgerState(head.seq, head.digest, len(ledger.signed_heads()))


def products(question: Products, ledger: LedgerLike, who: Identity, now: datetime) -> list[ProductState]:
    """The state of every product in which the caller has a part; an administrator sees all."""
    found = []
    for product in ledger.products():
        past = ledger.past(product)
        try:
            plan = current_plan(past)
        except NotFound:
            continue
        if roles_in(plan, who.person) or ADMINISTRATOR in who.store_roles:
            found.append(product_road(ProductRoad(product=product), past, now_in(plan, past, now)))
    return found


def product_road(question: ProductRoad, past: Past, now: datetime) -> ProductState:
    """Where a product stands.

    Raises:
        NotFound: no plan was adopted.
    """
    plan = current_plan(past)
    found = road(plan, past, now)
    told, now_answering = stations(found), standing(past)
    level, sentence = _summary(told)
    return ProductState(
        product=plan.product,
        question=plan.need.question,
        decision=plan.need.decision,
        plan_version=current_version(past).version,
        sentence=sentence,
        level=level,
        now=now.isoformat(),
        zone=plan.time.zone,
        simulated_clock=plan.time.clock == "simulated",
        simulated_cohorts=list(plan.release.cohorts.names) if plan.release.cohorts.simulated else [],
        candidate=found.made.candidate if found.made else "",
        champion=now_answering.champion,
        stations=told,
        next_steps=_next_steps(found, told),
        canary=now_answering.canary,
        canary_share=now_answering.canary_share,
    )


def ledger_page(question: LedgerPage, ledger: LedgerLike) -> LedgerSheet:
    """One page of facts, newest first."""
    count = max(1, min(question.count, MOST_FACTS))
    kinds: Counter[str] = Counter()
    kept: deque[RowLike] = deque(maxlen=count + 1)
    for row in ledger.facts(product=question.product):
        kinds[row.kind] += 1
        if question.kind in ("", row.kind) and (not question.before or row.seq < question.before):
            kept.append(row)
    newest = list(reversed(kept))
    head = ledger.head()
    return LedgerSheet(
        facts=[_card(row) for row in newest[:count]],
        kinds=dict(sorted(kinds.items())),
        older=newest[count - 1].seq if len(newest) > count else 0,
        head=head.seq,
        digest=head.digest,
    )


def plan_in_force(question: PlanInForce, past: Past) -> PlanSheet:
    """The plan that holds now.

    Raises:
        NotFound: none was adopted.
    """
    plan = current_plan(past)
    adopted = past.of(PlanAdopted)[-1]
    return PlanSheet(adopted.what.version, adopted.what.digest, adopted.who, adopted.at.isoformat(), plan.values())


def guide_for(question: GuideFor, past: Past, actor: Actor, beside: Callable[[str, str], str]) -> GuideSheet:
    """The guide of a consumer, and whether the actor has read it as it stands now.

    Args:
        beside: gives the text of a file that lies beside a product's plan.

    Raises:
        NotFound: there is no such consumer, the plan names no guide for it, or the file is not there.
    """
    consumers = current_plan(past).consumers
    if question.consumer not in consumers:
        raise not_found("consumer", question.consumer, list(consumers))
    file = consumers[question.consumer].guide
    if not file:
        found = f"The plan names no guide for {question.consumer}."
        fix = f"Whoever writes the plan names one: consumers.{question.consumer}.guide in product.yaml."
        raise NotFound(Mistake("app.no_guide", f"consumers.{question.consumer}.guide", found, fix=fix))
    text = beside(question.product, file)
    digest = digest_of_bytes(text.encode())
    mine = latest(past.of(GuideRead, about=file), lambda what: (what.reader, what.digest) == (actor.person, digest))
    return GuideSheet(question.consumer, file, text, digest, mine.at.isoformat() if mine else "")


def find_evidence(question: FindEvidence, past: Past, ledger: LedgerLike, actor: Actor) -> EvidenceFile:
    """The evidence with that digest, among what proofs of this product name; exports of the ledger for an auditor.

    Raises:
        NotFound: no fact of the product names it as evidence.
    """
    for fact in past.of(CandidateProven):
        named = dict(fact.what.files)
        for check in fact.what.checks:
            named |= check.evidence
        named |= {"report.html": fact.what.report}  # last, so that it keeps its plain name
        for name, digest in reversed(named.items()):
            if digest == question.digest:
                return _evidence(digest, name, fact.what.candidate)
    for erased in past.of(PersonErased):
        if erased.what.certificate == question.digest:
            return _evidence(question.digest, f"erasure-{erased.what.person[:12]}.json", erased.what.person)
    exports = ledger.past("").of(LedgerExported) if "audit" in rights_of(actor) else []
    for export in exports:
        if export.what.file == question.digest:
            return _evidence(export.what.file, "ledger.jsonl.gz", export.what.product)
    raise not_found("evidence", question.digest, [], "Reports and evidence are linked from the sign page.")


def _evidence(digest: str, name: str, about: str) -> EvidenceFile:
    safe = re.sub(r"[^A-Za-z0-9._-]", "-", name)
    return EvidenceFile(
        digest, safe, MEDIA_TYPES.get(safe.rpartition(".")[2].lower(), "application/octet-stream"), about
    )


def _card(row: RowLike) -> FactCard:
    return FactCard(
        row.seq, row.kind, row.product, row.about, row.who, row.at, row.recorded_at,
        dict(row.body), row.previous, row.digest,
    )  # fmt: skip


def _summary(told: list[Station]) -> tuple[Any, str]:
    bad = [station for station in told if station.state in ("alarm", "blocked")]
    if bad:
        return "bad", " ".join(station.text for station in bad)
    for station in told:
        if station.state == "here":
            return "waiting", station.text
    return "good", "In use; delivered, watched, and nothing waits."


def _next_steps(found: Road, told: list[Station]) -> list[NextStep]:
    product, people = found.plan.product, found.plan.people
    steps = _answers_wanted(found, told)
    states = {station.name: station.state for station in told}
    builder = people.builders[0]
    if states["data"] == "blocked":
        again = f"shipworthy snapshot -p {product}"
        steps.append(
            NextStep("Have the source repaired, then read it again.", people.operator, again, page="quarantine")
        )
    if found.made is None:
        steps.append(NextStep("Make the baseline a candidate.", builder, f"shipworthy train --baseline -p {product}"))
    elif found.proof is None:
        name = found.made.candidate[:12]
        steps.append(NextStep(f"Prove candidate {name}.", builder, f"shipworthy prove {name} -p {product}"))
    elif states["prove"] == "blocked":
        steps.append(NextStep("Read the failing checks, then train a better candidate.", builder, page="sign"))
    else:
        steps += _sign_or_release(found)
    return steps


def _answers_wanted(found: Road, told: list[Station]) -> list[NextStep]:
    states = {station.name: station.state for station in told}
    steps = []
    if states["watch"] == "alarm":
        look = "Look at the alarm: since when, how sure, what to do."
        steps.append(NextStep(look, found.plan.people.operator, page="monitor"))
    steps += [NextStep(text, found.plan.people.operator, page="response") for text in failing(found.plan, found.past)]
    # Whoever an incident was given to closes it, and nobody else is asked to.
    for owner, count in Counter(owner_of(found.past, fact.what) for fact in open_now(found.past)).items():
        which = "the open incident with its" if count == 1 else f"{count} open incidents, each with its"
        steps.append(NextStep(f"Close {which} cause, fix and check.", owner, page="incidents"))
    return steps


def _sign_or_release(found: Road) -> list[NextStep]:
    assert found.made is not None
    assert found.gate is not None
    name = found.made.candidate[:12]
    if not found.gate.open:
        return given_by(found.gate.asked, found.plan.people.builders[0])
    ahead = next_step(found.plan, found.past, found.made)
    if not ahead or (found.gate.by_envelope and asked_for(found.past, found.made)):  # which takes its steps by itself
        return []
    cohort = f" --cohort {_next_cohort(found)}" if ahead == "cohort" else ""
    return [
        NextStep(
            f"Take candidate {name} to the next step: {ahead}.",
            found.plan.people.product_manager,
            f"shipworthy release {name} {ahead}{cohort} -p {found.plan.product}",
        )
    ]


def given_by(missing: Sequence[Missing], builder: str) -> list[NextStep]:
    """What is missing at a gate, as one step for each person who signs, in the order in which they are asked."""
    steps: dict[str, NextStep] = {}
    for item in missing:
        who = builder if item.who == "builder" else item.who
        mine = [one.what for one in missing if one.signature and one.who == item.who] if item.signature else [item.what]
        what = ", then ".join(mine)
        if len(mine) > 2:
            reviews = sum(" review" in one for one in mine)
            counts = ((reviews, "review"), (len(mine) - reviews, "sign-off"))
            what = " and ".join(f"{count} {word}{'s' * (count > 1)}" for count, word in counts if count)
        steps.setdefault(f"{who} {what}", NextStep(f"Give {what}.", who, page="sign"))
    return list(steps.values())


def _next_cohort(found: Road) -> str:
    assert found.made is not None
    champion = standing(found.past).champion
    names = found.plan.release.cohorts.names
    return next((name for name in names if champion.get(name) != found.made.candidate), names[0])
