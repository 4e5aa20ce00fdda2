"""The commands of the whole house: people, the clock, the export, and doing what is due."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from shipworthy.app.arriving import note_arrivals
from shipworthy.app.desk import Desk
from shipworthy.app.due import due, stops
from shipworthy.app.failures import note_failure, note_rehearsals
from shipworthy.app.listening import note_silence
from shipworthy.app.operations import handler_name
from shipworthy.app.probing import probed
from shipworthy.app.receiving import acknowledge_by_link as acknowledge_by_link
from shipworthy.app.rights import Identity, require
from shipworthy.app.words import (
    AddPerson,
    Advance,
    DoWhatIsDue,
    ErasePerson,
    Exported,
    ExportLedger,
    GuideFor,
    LedgerExported,
    PersonAdded,
    PersonRevoked,
    ProbeConnections,
    ReadGuide,
    ReadmitPerson,
    RevokePerson,
)
from shipworthy.base.actor import ADMINISTRATOR
from shipworthy.base.check import CheckResult, sentence_of
from shipworthy.base.digest import digest_of, plain
from shipworthy.base.errors import Bug, Mistake, UserError
from shipworthy.base.fact import Command
from shipworthy.base.times import given_moment
from shipworthy.data.erased import is_whole, spelled
from shipworthy.deliver.words import EraseMarked, ErasureOutcome, GuideRead, ReadmitMarked
from shipworthy.edges.export import export
from shipworthy.edges.pseudonyms import Pseudonyms
from shipworthy.plan.rules import current_plan
from shipworthy.plan.words import AdvanceClock
from shipworthy.respond.words import Respond

OnStep = Callable[[str], None]
# A moment at which more than this falls due is a circle in the rules, not work.
MOST_AT_A_MOMENT = 200


def add_person(command: AddPerson, desk: Desk, who: Identity) -> str:
    """Make a login and record it; the token is given back once and kept as a hash."""
    roles = [ADMINISTRATOR] if command.administrator else []
    token = desk.people.add(command.person, roles)
    fact = PersonAdded(product="", person=command.person, store_roles=roles)
    desk.store.ledger.append(lambda past: [fact], product="", who=who.person, at=desk.clock())
    return token


def revoke_person(command: RevokePerson, desk: Desk, who: Identity) -> str:
    """End a person's tokens and sessions and record it."""
    desk.people.revoke(command.person)
    fact = PersonRevoked(product="", person=command.person)
    desk.store.ledger.append(lambda past: [fact], product="", who=who.person, at=desk.clock())
    return command.person


def probe_connections(command: ProbeConnections, desk: Desk, who: Identity) -> list[CheckResult]:
    """Test the connections that the plan in force declares."""
    plan = current_plan(desk.store.ledger.past(command.product))
    return probed(plan, desk.store, desk.now(command.product), command.name)


def do_what_is_due(command: DoWhatIsDue, desk: Desk, who: Identity, on_step: OnStep | None = None) -> list[str]:
    """Do everything that is due now, in order."""
    return list(working(desk, command.product, who, on_step))


def advance(command: Advance, desk: Desk, who: Identity, on_step: OnStep | None = None) -> list[str]:
    """Move simulated time forward, moment by moment, doing what falls due at each."""
    return list(replaying(desk, command, who, on_step))


def replaying(desk: Desk, command: Advance, who: Identity, on_step: OnStep | None = None) -> Iterator[str]:
    """What is done on the way to a later moment, told as it is done.

    Raises:
        UserError: the product lives on the wall clock, or the moment is not later.
    """
    plan = current_plan(desk.store.ledger.past(command.product))
    now, until = desk.now(command.product), given_moment(command.to, "to")
    if plan.time.clock != "simulated":
        fix = "Only a product with `time: {clock: simulated}` can be advanced."
        raise UserError(Mistake("app.wall_clock", "time.clock", "This product lives on the wall clock.", fix=fix))
    yield from working(desk, command.product, who, on_step)
    for moment in stops(lambda: desk.store.ledger.past(command.product), now, until):
        desk.do(AdvanceClock(product=command.product, to=moment.isoformat()), who)
        yield from working(desk, command.product, who, on_step)


def working(desk: Desk, product: str, who: Identity, on_step: OnStep | None = None) -> Iterator[str]:
    """Do one due thing after the other until nothing is due; what fails is said and left for the next look."""
    note_arrivals(desk, product, who)
    tried: set[str] = set()
    noted = False
    for _ in range(MOST_AT_A_MOMENT):
        past = desk.store.ledger.past(product)
        now = desk.now(product)
        wanted = [command for command in due(current_plan(past), past, now) if _name(command) not in tried]
        if not wanted and noted:
            return
        if not wanted:  # who is silent now that everything is done; an answer to that may be due at once
            noted = True
            yield from (f"{now:%Y-%m-%d}  {line}" for line in _silence_noted(desk, product, who))
            continue
        command = wanted[0]
        yield _attempt(desk, command, now, who, on_step, tried)
    raise UserError(
        Mistake("app.endless", product, f"More than {MOST_AT_A_MOMENT} things fell due at one moment; stopped.")
    )


def erase_person(command: ErasePerson, desk: Desk, who: Identity, on_step: OnStep | None = None) -> ErasureOutcome:
    """Turn the name into its keyed hash, and have the person erased by that; the name goes no further than here.

    Raises:
        UserError: no name is given, or the reason, which is recorded, holds it.
        NotFound: nothing here has a row of such a person.
    """
    person = _marked(command, desk)
    return desk.do(EraseMarked(product=command.product, person=person, reason=command.reason), who, on_step=on_step)


def readmit_person(command: ReadmitPerson, desk: Desk, who: Identity) -> str:
    """Turn the name into its keyed hash, and let the person in again by that.

    Raises:
        UserError: no name or reason is given, the reason holds the name, or nobody of that name is shut out.
    """
    person = _marked(command, desk)
    return desk.do(ReadmitMarked(product=command.product, person=person, reason=command.reason), who)


def _marked(command: ErasePerson | ReadmitPerson, desk: Desk) -> str:
    """The keyed hash of the name in a command; the name goes no further than here."""
    plan = current_plan(desk.store.ledger.past(command.product))
    name = spelled(command.entity, is_whole(plan))
    if not name:
        raise UserError(Mistake("erase.no_name", plan.need.entity, "No name is given.", fix="Name the person."))
    if name.lower() in command.reason.lower():
        found = "The reason holds the name of the person, and a reason is recorded for good."
        raise UserError(Mistake("erase.name_in_reason", "reason", found, fix="Give the number of the request instead."))
    return Pseudonyms(desk.store.keys.folder).mark(command.product, name)


def read_guide(command: ReadGuide, desk: Desk, who: Identity) -> str:
    """Record which text of a guide somebody read, and keep that text; read twice, it is recorded once.

    Raises:
        NotFound: there is no such guide.
    """
    sheet = desk.ask(GuideFor(product=command.product, consumer=command.consumer), who)
    if not sheet.read_at:
        kept = desk.store.files.put(sheet.text.encode())
        fact = GuideRead(
            product=command.product, consumer=command.consumer, guide=sheet.file, reader=who.person, digest=kept
        )
        at = desk.now(command.product)
        desk.store.ledger.append(lambda past: [fact], product=command.product, who=who.person, at=at)
    return sheet.text


def export_ledger(command: ExportLedger, desk: Desk, who: Identity) -> Exported:
    """Export the ledger into one file of the store; the head is signed and the export itself recorded."""
    ledger = desk.store.ledger
    for product in ledger.products():  # it holds the facts of all of them
        require(desk.actor(product, who), command.right, f"ExportLedger of {product}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.jsonl.gz"
        signed = export(ledger, file)
        digest = desk.store.files.put(file.read_bytes())
    fact = LedgerExported(product="", head=signed.seq, digest=signed.digest, file=digest)
    ledger.append(lambda past: [fact], product="", who=who.person, at=desk.clock())
    return Exported(digest, signed.seq, signed.digest, signed.line())


def _attempt(
    desk: Desk, command: Command[object], now: datetime, who: Identity, on_step: OnStep | None, tried: set[str]
) -> str:
    tried.add(_name(command))
    try:
        result = desk.do(command, who, on_step=on_step)
    except UserError as error:
        if note_failure(desk, command, now, who, error.mistakes[0].found):
            tried.discard(_name(Respond(product=command.product)))  # people are told at this look, not at the next
        return f"{now:%Y-%m-%d}  {_said(command)}: not done: {error.mistakes[0].found}"
    except Bug as bug:  # what else is due for others is done all the same
        if note_failure(desk, command, now, who, bug.found):
            tried.discard(_name(Respond(product=command.product)))
        return f"{now:%Y-%m-%d}  {_said(command)}: not done, a fault in the code: {bug.found}"
    if short := note_rehearsals(desk, command, now, who):
        tried.discard(_name(Respond(product=command.product)))
        told = sentence_of(f"{consumer}: {reason}" for consumer, reason in short.items())
        return f"{now:%Y-%m-%d}  {_said(command)}: not rehearsed for {told}"
    return f"{now:%Y-%m-%d}  {_said(command)}{_outcome(result)}"


def _silence_noted(desk: Desk, product: str, who: Identity) -> list[str]:
    try:
        return note_silence(desk, product, who)
    except UserError as error:  # a full disk, say: who is silent is looked at again with the next look
        return [f"note silence: not done: {error.mistakes[0].found}"]


def _name(command: Command[Any]) -> str:
    """What tells one due command from another."""
    return f"{type(command).__name__} {digest_of(command)}"


def _said(command: Command[object]) -> str:
    """A command in a few words, such as `score crm 1998-01-01`."""
    told = plain(command)
    shown = [told.get(name, "") for name in ("consumer", "role", "step", "cohort")]
    shown += [told.get("as_of", "")[:10], told.get("candidate", "")[:12]]
    return " ".join([handler_name(type(command)).replace("_", " "), *filter(None, shown)])


def _outcome(result: object) -> str:
    """What came of it that people want to know; empty where the command says it all."""
    told = plain(result)
    if not isinstance(told, dict):
        return ""
    # A note is long and no call to act; a year of a list each day has a thousand of them.
    noted = dict.fromkeys(note.partition(":")[0] for note in told.get("notes", []))
    notes = [f"notes of {', '.join(noted)} (see monitors)"] if noted else []
    if findings := sentence_of([*told.get("done", []), *told.get("alarms", []), *notes]):
        return f": {findings}"
    parts = []
    if told.get("answered"):
        parts.append(f"{told['answered']:,} answered")
    if "trained_on" in told:
        parts.append(f"candidate {told['candidate'][:12]}")
    return f": {'; '.join(parts)}" if parts else ""
