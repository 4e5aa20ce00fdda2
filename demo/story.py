"""`make demo`: one product travels the whole road, on real purchases from 1997 and 1998 and simulated time.

Everything here goes through the same commands, rights and records as anybody's work; only the feed's arrival, the
branches and the month in cents are simulated, and said to be.
"""

from __future__ import annotations

import gzip
import shutil
import sys
from pathlib import Path

from demo import cdnow
from demo.cast import OWNERS, PRODUCT, Cast, gathered
from demo.ending import account, summary
from demo.realtime import same_numbers
from shipworthy.app.audit import audited
from shipworthy.app.wiring import close_desk
from shipworthy.app.words import Advance, ExportLedger
from shipworthy.base.errors import GateShut, NotAllowed, UserError
from shipworthy.data.words import Snapshots
from shipworthy.deliver.words import AcknowledgeDelivery, Deliveries
from shipworthy.model.words import Candidates, TrainCandidate
from shipworthy.plan.words import AdoptPlan
from shipworthy.prove.words import Proof, ProveCandidate
from shipworthy.release.words import ReleaseCandidate
from shipworthy.respond.words import CloseIncident, Incidents
from shipworthy.sign.rules import review_for
from shipworthy.sign.words import Gate, GiveReview, GiveSignOff, SignEnvelope
from shipworthy.watch.words import Monitors

ROOT = Path("demo-run")
CENTS = "1998-01"  # the month whose feed arrives in cents, simulated


def main() -> int:
    """Tell the story; 0 when all of it came true."""
    if ROOT.exists():
        shutil.rmtree(ROOT)
    feed = dict(cdnow.months(cdnow.purchases()))
    cast = gathered(ROOT.resolve())
    try:
        day_one(cast, feed)
        model(cast, feed)
        life(cast, feed)
        respond(cast, feed)
        summary(cast)
    finally:
        close_desk(cast.desk)
    return 0


def day_one(cast: Cast, feed: dict[str, list[cdnow.Purchase]]) -> None:
    """The plan, and the declared baseline through the real route, before any model exists."""
    cast.chapter("1. Day one: a plan, and no model yet")
    file = ROOT / "product.yaml"
    good = file.read_text()
    draft = good.replace("time_to_act: 30d", "time_to_act: 180d", 1)
    cast.say("The first draft gives sales 180 days to act on a forecast of three months.")
    try:
        cast.do("administrator", AdoptPlan(product=PRODUCT, text=draft), "plan product.yaml")
    except UserError as error:
        cast.say(f"refused:\n{error}")
    plan = cast.do("administrator", AdoptPlan(product=PRODUCT, text=good), "plan product.yaml")
    cast.say(f"Corrected: plan version {plan.version} is in force ({plan.digest[:12]}).")
    arrive(feed, until="1997-04")
    baseline = cast.do("data-scientist", TrainCandidate(product=PRODUCT, role="baseline"), "train --baseline").candidate
    cast.do("data-scientist", ProveCandidate(product=PRODUCT, candidate=baseline), f"prove {baseline[:12]}")
    release(cast, baseline, "rehearsal")
    rehearsed = [card for card in cast.ask("auditor", Deliveries(product=PRODUCT)) if card.step == "rehearsal"]
    cast.say(
        "The recency rule went the real route: " + "; ".join(f"{card.rows} rows to {card.where}" for card in rehearsed)
    )
    refused(cast, baseline, "cohort", "north")
    for function in ("business", "technology"):
        sign(cast, baseline, function)
    release(cast, baseline, "cohort", "north")
    advance(cast, feed, "1997-07-01")


def model(cast: Cast, feed: dict[str, list[cdnow.Purchase]]) -> None:
    """The first model: made, proven, signed by six owners, released step by step."""
    cast.chapter("2. Data")
    newest = cast.ask("auditor", Snapshots(product=PRODUCT))[-1]
    for intake in newest.intakes:
        cast.say(f"{intake.source} as of {newest.as_of[:10]}: {account(intake)}")
    cast.chapter("3. Model, 4. Prove")
    made = cast.do("data-scientist", TrainCandidate(product=PRODUCT), "train")
    cast.say(f"candidate {made.candidate[:12]}: learnt from {made.rows} rows as of {', '.join(made.trained_on)}")
    proof = cast.do(
        "data-scientist", ProveCandidate(product=PRODUCT, candidate=made.candidate), f"prove {made.candidate[:12]}"
    )
    show_proof(cast, proof)
    cast.chapter("5. Sign")
    release(cast, made.candidate, "rehearsal")
    refused(cast, made.candidate, "shadow")
    try:
        cast.do("data-scientist", GiveSignOff(product=PRODUCT, candidate=made.candidate, function="validation"))
    except NotAllowed as error:
        cast.say(f"The author tries to sign: {error.mistakes[0].found}")
    for function in OWNERS:
        sign(cast, made.candidate, function)
    for function in OWNERS:
        cast.do(f"{function}-owner", SignEnvelope(product=PRODUCT, candidate=made.candidate, function=function))
    cast.say("Six owners reviewed and signed, and signed the envelope for what may follow by itself.")
    cast.chapter("6. Release and deliver")
    release(cast, made.candidate, "shadow")
    advance(cast, feed, "1997-07-31")
    release(cast, made.candidate, "cohort", "north")
    advance(cast, feed, "1997-08-31")
    release(cast, made.candidate, "all")
    advance(cast, feed, "1997-09-01")
    same_numbers(cast)


def life(cast: Cast, feed: dict[str, list[cdnow.Purchase]]) -> None:
    """Months go by; labels come three months late, and the calibration monitor speaks."""
    cast.chapter("7. Watch")
    advance(cast, feed, "1998-01-01")
    seen = cast.ask("auditor", Monitors(product=PRODUCT))
    for alarm in seen.alarms:
        cast.say(f"ALARM {alarm.text}")
        cast.say(f"  {alarm.guarantee}")
    for card in seen.monitors:
        if card.monitor in ("ranking", "input-drift"):
            point = [one for one in card.points if one.level != "not_run"][-1]
            cast.say(f"{point.level}: {card.monitor} of {point.window[:10]}: {point.text}")
    if not seen.alarms:
        raise SystemExit("The story did not come true: no alarm by 1998-01-01.")


def respond(cast: Cast, feed: dict[str, list[cdnow.Purchase]]) -> None:
    """A broken feed is stopped at the door; the challenger is proven, signed, and takes over."""
    cast.chapter("8. Respond")
    first = cast.ask("auditor", Candidates(product=PRODUCT))[-1]
    cast.say(f"The trigger had a challenger made: {first.candidate[:12]}, by {first.made_by}.")
    for item in cast.ask("auditor", Gate(product=PRODUCT, candidate=first.candidate)).missing[:2]:
        cast.say(f"  its gate: {item.what}")
    cast.say("Simulated: the feed of January 1998 arrives in cents.")
    advance(cast, feed, "1998-02-01", cents=True)
    told = [
        card for card in cast.ask("auditor", Deliveries(product=PRODUCT)) if card.notice and card.as_of >= "1998-02"
    ]
    for card in told[:1]:
        cast.say(f"{card.consumer} is told: {card.notice}")
    incident = next(card for card in cast.ask("auditor", Incidents(product=PRODUCT)) if not card.closed_at)
    cast.say(f"incident {incident.incident}: {incident.title}")
    cdnow.write_month(feed_file(CENTS), feed[CENTS])
    cast.do(
        "technology-owner",
        CloseIncident(
            product=PRODUCT,
            incident=incident.incident,
            root_cause="The vendor changed the unit of dollar_value from dollars to cents (simulated).",
            fix="The vendor sent the month again in dollars.",
            check="column purchases.dollar_value median between 10 80",
        ),
        f"close-incident {incident.incident} --root-cause … --fix … --check …",
    )
    advance(cast, feed, "1998-03-01")
    second = cast.ask("auditor", Candidates(product=PRODUCT))[-1]
    cast.say(
        f"The alarm is still open: a fresher challenger, {second.candidate[:12]}, as of {', '.join(second.trained_on)}."
    )
    for function in OWNERS:
        sign(cast, second.candidate, function)
    release(cast, second.candidate, "rehearsal")
    release(cast, second.candidate, "shadow")
    advance(cast, feed, "1998-03-31")
    release(cast, second.candidate, "cohort", "north")
    release(cast, second.candidate, "all")
    advance(cast, feed, "1998-07-01")
    cast.chapter("9. Afterwards")
    made = cast.do("auditor", ExportLedger(), "export ledger.jsonl.gz")
    exported, head = ROOT / "ledger.jsonl.gz", ROOT / "ledger.jsonl.gz.head.json"
    exported.write_bytes(cast.desk.store.files.get(made.file))
    head.write_text(made.signed_head + "\n")
    report = audited(exported, head, "")
    cast.say(f"audit: {report.facts} facts, {'the ledger holds' if report.holds else report.findings}")
    edited = ROOT / "edited.jsonl.gz"
    edited.write_bytes(with_a_word_edited(exported.read_bytes()))
    found = audited(edited, head, "").findings
    if not found:
        raise SystemExit("The story did not come true: an edited export was not found out.")
    cast.say(f"audit of a copy with one word edited: {found[0].text}")


def with_a_word_edited(exported: bytes) -> bytes:
    """A copy of an export in which the first approval reads as a rejection: a fact is a text inside its line."""
    approved, rejected = rb"\"decision\":\"approve\"", rb"\"decision\":\"reject\""
    return gzip.compress(gzip.decompress(exported).replace(approved, rejected, 1))


def arrive(feed: dict[str, list[cdnow.Purchase]], until: str, cents: bool = False) -> None:
    """Let the feeds of all months before `until` lie there; a feed that lies there already is left as it is."""
    for month, rows in feed.items():
        if month < until and not feed_file(month).exists():
            cdnow.write_month(feed_file(month), rows, in_cents=cents and month == CENTS)


def feed_file(month: str) -> Path:
    """Where a month's feed is put."""
    return ROOT / "feed" / f"purchases-{month}.csv"


def advance(cast: Cast, feed: dict[str, list[cdnow.Purchase]], to: str, cents: bool = False) -> None:
    """Let time pass month by month: a feed arrives, the scheduler does what is due, lists are acknowledged."""
    months = sorted({f"{month[:7]}-01" for month in [*feed, "1998-07"] if month[:7] <= to[:7]} | {to})
    now = cast.desk.now(PRODUCT).date().isoformat()
    for moment in [month for month in months if now < month <= to]:
        arrive(feed, moment[:7], cents)
        for line in cast.do("night-operator", Advance(product=PRODUCT, to=moment), f"advance {moment}"):
            if "score" not in line:
                cast.say(line)
        for card in cast.ask("auditor", Deliveries(product=PRODUCT)):
            consumer = {"sales": "sales-lead", "crm": "crm-lead"}[card.consumer]
            if card.state in ("on time", "late") and not card.acknowledged:
                cast.desk.do(AcknowledgeDelivery(product=PRODUCT, delivery=card.delivery), cast.who(consumer))


def sign(cast: Cast, candidate: str, function: str) -> None:
    """One owner reviews, where the plan asks for it, and signs."""
    role = f"{function}-owner"
    tasks = cast.ask("auditor", Gate(product=PRODUCT, candidate=candidate)).missing
    if any(item.what.startswith(f"the {function} review") for item in tasks):
        answers = {
            question.name: good_answer(question.choices, question.forbids)
            for question in review_for(function).questions
        }
        review = GiveReview(product=PRODUCT, candidate=candidate, function=function, answers=answers)
        cast.do(role, review, f"review {candidate[:12]} --function {function} --answer …")
    cast.do(
        role,
        GiveSignOff(product=PRODUCT, candidate=candidate, function=function),
        f"sign {candidate[:12]} --function {function}",
    )


def good_answer(choices: list[str] | None, forbids: list[str] | None) -> str:
    """An answer that goes with an approval; in a demo nobody has more to say."""
    return (
        next(choice for choice in choices if choice not in (forbids or [])) if choices else "Demo: read and accepted."
    )


def release(cast: Cast, candidate: str, step: str, cohort: str = "") -> None:
    """Release one step on."""
    line = f"release {candidate[:12]} {step}" + (f" --cohort {cohort}" if cohort else "")
    cast.do("product-manager", ReleaseCandidate(product=PRODUCT, candidate=candidate, step=step, cohort=cohort), line)


def refused(cast: Cast, candidate: str, step: str, cohort: str = "") -> None:
    """Show that the gate is shut.

    Raises:
        SystemExit: it was open, so the story did not come true.
    """
    try:
        release(cast, candidate, step, cohort)
    except GateShut as error:
        cast.say(f"refused, {len(error.mistakes)} things are missing: {error.mistakes[0].found}")
        return
    raise SystemExit("The story did not come true: the gate was open before the signatures.")


def show_proof(cast: Cast, proof: Proof) -> None:
    """The proof in lines."""
    for check in proof.checks:
        cast.say(f"{check.verdict:<5} {check.check:<26} {check.found}")


if __name__ == "__main__":
    sys.exit(main())
