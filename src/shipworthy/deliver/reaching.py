"""What was brought to consumers: taken away where we still reach it, named where somebody else must act."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from shipworthy.base.errors import UserError
from shipworthy.base.fact import Past
from shipworthy.base.kinds import kind
from shipworthy.base.times import read_moment
from shipworthy.data.words import SegmentRewritten, SnapshotTaken
from shipworthy.deliver.bringing import target_of
from shipworthy.deliver.register import KEY, forget
from shipworthy.deliver.run import WAY
from shipworthy.deliver.search import Search
from shipworthy.deliver.sink import SinkKind, Target
from shipworthy.deliver.words import DeliveryMade
from shipworthy.edges.store import Store
from shipworthy.model.words import CandidateMade
from shipworthy.plan.schema import Plan, Sink

_TABLE = "table "
_TOPICS = ("questions", "answers", "dead_letters", "rehearsal")


@dataclass(frozen=True, slots=True)
class Reached:
    """One destination: its rows before and after, the digests of a file that was rewritten, or why it was not reached.

    Attributes:
        why: why nothing could be done, or what may be left all the same; `who` must act then.
        held: the rows did not leave: they lay in the register of a stream.
    """

    sink: str
    where: str
    rows_before: int = 0
    rows_after: int = 0
    old: str = ""
    new: str = ""
    why: str = ""
    who: str = ""
    held: bool = False

    @property
    def rows(self) -> int:
        """Rows that went."""
        return self.rows_before - self.rows_after

    def after(self, first: Reached) -> Reached:
        """This, as it was from the first sweep on."""
        if self.why and not self.rows_before:
            return self
        known = first.rows_before or self.rows_before
        why, who = (self.why, self.who) if self.why else (first.why, first.who)
        return replace(self, rows_before=known, old=first.old or self.old, why=why, who=who)


def delivered(store: Store, past: Past, search: Search) -> list[Reached]:
    """Take the person's rows away from every destination that something was brought to."""
    plan = search.plan
    search.meet_answers()
    found = [_at(store, plan, search, *destination) for destination in _destinations(past)]
    return [*found, *_in_registers(store, search)]


def _in_registers(store: Store, search: Search) -> Iterator[Reached]:
    """What the registers of streams still hold of the person: the digest of a question, a message not yet sent."""
    for folder in sorted((store.home / "streams" / search.product).glob("*")):
        rows = forget(folder, {name[-KEY:] for name in search.answers}, search.named_in)
        if rows:
            where = f"streams/{search.product}/{folder.name}"
            yield Reached(f"register of stream {folder.name}", where, rows, 0, held=True)


def outside(
    past: Past, plan: Plan, person: str, reached: Sequence[Reached], late: Sequence[str], servers: str
) -> list[dict[str, str]]:
    """What nobody can erase from here, why, and who must act."""
    people = plan.people
    found = [{"what": f"{one.sink}: {one.where}", "why": one.why, "who": one.who} for one in reached if one.why]
    taken = {fact.what.consumer for fact in past.of(DeliveryMade) if fact.what.step != "rehearsal"}
    for name in sorted(taken):
        who = plan.consumers[name].person if name in plan.consumers else people.product_manager
        why = "Whoever got a list may have copied it, printed it or loaded it elsewhere."
        found.append({"what": f"copies that {name} made", "why": why, "who": who})
    for name, source in plan.sources.items():
        named = plan.need.entity in source.contract.columns
        why = "The source is the team's and still has the rows; they are removed each time it is read."
        if not named:
            if not any(column.personal for column in source.contract.columns.values()):
                continue
            why = f"It has personal columns but no {plan.need.entity}, so its rows cannot be told to be the person's."
        found.append({"what": f"source {name}", "why": why, "who": source.contract.vendor or people.product_manager})
    for name, consumer in plan.consumers.items():
        if consumer.mode == "stream":
            assert consumer.stream is not None
            topics = ", ".join(getattr(consumer.stream, key) for key in _TOPICS)
            why = "A broker takes no single message back; it keeps them for as long as its topics are set to."
            who = people.operator or people.product_manager
            found.append({"what": f"stream {name}: {topics} at {consumer.stream.broker}", "why": why, "who": who})
    for candidate in _learnt_from_them(past, person):
        why = "It learnt from data in which the person was, and is not changed by this; its files hold no row of them."
        found.append({"what": f"model {candidate[:12]}", "why": why, "who": people.product_manager})
    why = "Copies of the database, of files or of disks made before still hold the rows."
    found.append({"what": "backups", "why": why, "who": people.operator or people.product_manager})
    if servers:
        why = "Who still asks it about the person is logged, as refused or as answered from what they gave."
        found.append({"what": servers, "why": why, "who": people.operator or people.product_manager})
    for name in late:
        why = "It was still under way after an hour, and may write rows that it had read before."
        found.append({"what": name, "why": why, "who": "end it, then erase once more"})
    return found


def _learnt_from_them(past: Past, person: str) -> list[str]:
    """Models whose snapshot held rows of the person."""
    steps = {fact.what.old: fact.what for fact in past.of(SegmentRewritten)}
    held = set()
    for taken in past.of(SnapshotTaken):
        for digest in (intake.content for intake in taken.what.intakes):
            while digest in steps:  # others may have been erased from it before
                held |= {taken.what.snapshot} if steps[digest].person == person else set()
                digest = steps[digest].new
    made = [fact.what for fact in past.of(CandidateMade) if fact.what.role == "model"]
    return [what.candidate for what in made if what.snapshot in held]


def _destinations(past: Past) -> Iterator[tuple[str, str, str, str, str, bool]]:
    seen = set()
    for fact in past.of(DeliveryMade):
        what = fact.what
        if not what.sink.startswith(WAY) and (what.sink, what.where) not in seen:  # brokers are told of by the plan
            seen.add((what.sink, what.where))
            yield what.sink, what.where, what.consumer, what.run, what.as_of, what.step == "rehearsal"


def _at(
    store: Store, plan: Plan, search: Search, name: str, where: str, consumer: str, run: str, as_of: str, trial: bool
) -> Reached:
    who = plan.consumers[consumer].person if consumer in plan.consumers else plan.people.product_manager
    sink = plan.sinks.get(name)
    if sink is None:
        return Reached(name, where, why="The plan has no such sink any more, so its address is not known.", who=who)
    erase = kind("deliver/sinks", sink.kind, SinkKind).erase
    if erase is None:
        return Reached(name, where, why=f"What went out by {sink.kind} is in the hands of who got it.", who=who)
    target = _as_brought(target_of(store, plan.product, sink, trial, read_moment(as_of), run), sink, where)
    columns = {plan.need.entity: search.knows, "entity": search.knows, "answer_id": search.answers.__contains__}
    try:
        gone = erase(target, columns)
    except (OSError, UserError) as error:
        said = error.mistakes[0].found if isinstance(error, UserError) else str(error)
        return Reached(name, where, why=f"It could not be opened: {said}", who=who)
    if gone is None:
        why = f"Nothing lies there any more, or it has neither {plan.need.entity} nor answer_id to find rows by."
        return Reached(name, where, why=why, who=who)
    who = who if gone.remains else ""
    return Reached(name, where, gone.rows_before, gone.rows_after, gone.old, gone.new, gone.remains, who)


def _as_brought(target: Target, sink: Sink, where: str) -> Target:
    """The destination as the delivery recorded it, since paths and tables of a plan may change."""
    if sink.table:
        return replace(target, table=where.removeprefix(_TABLE)) if where.startswith(_TABLE) else target
    return replace(target, path=where) if sink.path and where else target
