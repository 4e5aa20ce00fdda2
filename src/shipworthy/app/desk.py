"""The desk between doors and stages: identity, right, one transaction; it holds no operation of its own."""

from __future__ import annotations

import importlib
import inspect
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from shipworthy.app.contracts import refuse_broken_contracts
from shipworthy.app.identity import People
from shipworthy.app.operations import command_named, handler_name, stage_of
from shipworthy.app.rights import Identity, require, roles_in
from shipworthy.app.words import EvidenceFile, FindEvidence
from shipworthy.base.actor import Actor
from shipworthy.base.digest import digest_of, digest_of_bytes, plain
from shipworthy.base.errors import NotAllowed, NotFound, UserError, not_allowed, not_found
from shipworthy.base.fact import Command, Decided, Past, Question, reader, result_type
from shipworthy.deliver.beat import beats
from shipworthy.deliver.words import Score
from shipworthy.edges.store import Store
from shipworthy.plan.rules import current_plan, now_in
from shipworthy.plan.schema import Plan
from shipworthy.plan.words import AdoptPlan
from shipworthy.prove.words import ProveCandidate

if TYPE_CHECKING:
    from shipworthy.edges.road import Road, Trip

R = TypeVar("R")
OnStep = Callable[[str], None]


@dataclass(frozen=True)
class Desk:
    """Where every command and question of every door arrives.

    Attributes:
        store: ledger, files, keys and folders.
        people: who is who.
        clock: the wall clock, handed in by the door that opened the desk.
        open_road: gives the durable road; opened only when a durable command comes.
        house_work: does a command of the whole house, which may give commands of its own to this desk.
    """

    store: Store
    people: People
    clock: Callable[[], datetime]
    open_road: Callable[[], Road]
    house_work: Callable[[Command[Any], Desk, Identity], Any]

    def do(self, command: Command[R], who: Identity, *, on_step: OnStep | None = None, key: str = "") -> R:
        """Do what a command asks, and give its result.

        Args:
            on_step: told the name of each finished step of a durable command.
            key: the caller's name for this request; the same command under the same key is carried out once.

        Raises:
            NotAllowed: the identity may not do this.
            UserError: it cannot be done; the message says why and what to do.
        """
        actor = self.admit(command, who)
        if isinstance(command, AdoptPlan):
            refuse_broken_contracts(command)
        if stage_of(type(command)) == "app":
            return self.house_work(command, self, who)  # type: ignore[no-any-return]
        return self._travel(command, actor, on_step, key) if command.durable else self._decide(command, actor, key)

    def submit(self, command: Command[Any], who: Identity, key: str = "") -> str:
        """Put a durable command on the road and come back at once with the name of its run."""
        actor = self.admit(command, who)
        return self._enqueue(command, actor, key)

    def outcome(self, run: str) -> dict[str, Any]:
        """The state of a run: `state`, finished `steps`, and `result` or `error` at its end."""
        return self.open_road().outcome(run)

    def ask(self, question: Question[R], who: Identity) -> R:
        """The answer to a question.

        Raises:
            NotAllowed: the identity may not know this.
        """
        actor = self.actor(question.product, who)
        if question.right != "known":
            require(actor, question.right, type(question).__name__)
        view = getattr(
            importlib.import_module(f"shipworthy.{stage_of(type(question))}.views"), handler_name(type(question))
        )
        offered = {
            "past": self.store.ledger.past(question.product),
            "files": self.store.files,
            "ledger": self.store.ledger,
            "beside": self.store.text_beside,
            "actor": actor,
            "who": who,
            "now": self.now(question.product),
            "wall": self.clock(),
            "beats": lambda product: beats(self.store, product),
            "letters": self._letters,
            "on_trial": lambda candidate: self._on_trial(question.product, candidate),
        }
        wanted = list(inspect.signature(view).parameters)[1:]
        return view(question, **{name: offered[name] for name in wanted})  # type: ignore[no-any-return]

    def actor(self, product: str, who: Identity) -> Actor:
        """An identity with the roles that the plan in force gives it."""
        # What concerns the whole store may be done by whoever has the role in any of its products.
        products = [product] if product else [name for name in self.store.ledger.products() if name]
        roles = {role for name in products for role in roles_in(self.plan(name), who.person)}
        return Actor(who.person, who.store_roles | roles)

    def admit(self, command: Command[Any], who: Identity) -> Actor:
        """The actor, where it may give this command.

        Raises:
            NotAllowed: it may not.
        """
        actor = self.actor(command.product, who)
        require(actor, command.right, type(command).__name__)
        return actor

    def plan(self, product: str) -> Plan | None:
        """The plan in force, None before the first."""
        try:
            return current_plan(self.store.ledger.past(product)) if product else None
        except NotFound:
            return None

    def now(self, product: str) -> datetime:
        """The product's time."""
        plan = self.plan(product)
        return now_in(plan, self.store.ledger.past(product), self.clock()) if plan else self.clock()

    def evidence(self, digest: str, who: Identity, product: str = "") -> EvidenceFile:
        """What a file is that somebody wants to open.

        Args:
            product: whose evidence it is; any product that the identity may read if empty.

        Raises:
            NotFound: no fact of a product they may read names it as evidence; rows about people are never found here.
            NotAllowed: they may read none.
        """
        refused: UserError | None = None
        for name in [product] if product else self.store.ledger.products():
            try:
                return self.ask(FindEvidence(product=name, digest=digest), who)
            except (NotAllowed, NotFound) as error:
                refused = refused if isinstance(refused, NotFound) else error
        raise refused or not_found("evidence", digest, [])

    def run_flow(self, operation: str, payload: dict[str, Any], trip: Trip) -> Any:
        """Run the flow of one command, then what belongs to it; called by the road, and again after a crash."""
        kind = command_named(operation)
        command = self._completed(reader(kind).validate_python(payload), trip)
        result = plain(_flow(kind)(command, trip, **_handed_in(kind)))
        for more in self._that_belong(command, trip):
            _flow(type(more))(more, trip)
        return result

    def _letters(self, plan: Plan, consumer: str, most: int) -> Any:
        # What lies at a broker is no fact; a view gets it handed in, since it reaches nothing by itself.
        from shipworthy.deliver.dead import lying

        return lying(self.store, plan, consumer, most)

    def _on_trial(self, product: str, candidate: str) -> str:
        # Trials and triggers come after signing in a product's life, so its views get handed in what they say.
        from shipworthy.respond.challengers import not_yet_asked

        return not_yet_asked(self.store.ledger.past(product), candidate)

    def _decide(self, command: Command[R], actor: Actor, key: str) -> R:
        rules = importlib.import_module(f"shipworthy.{stage_of(type(command))}.rules")
        rule: Callable[[Any, Past, datetime, Actor], Decided[R]] = getattr(rules, handler_name(type(command)))
        ledger, now = self.store.ledger, self.now(command.product)
        name = f"{actor.person}/{key}/{digest_of(command)}" if key else ""
        decided: list[Decided[R]] = []

        def decide(past: Past) -> Any:
            decided.append(rule(command, past, now, actor))
            return decided[-1].facts

        facts = ledger.append(decide, product=command.product, who=actor.person, at=now, key=name)
        if not decided:
            # Done before under this key: decided anew on what was known then, only to say again what came of it.
            then = ledger.past_of_key(command.product, name)
            assert then is not None
            decided.append(rule(command, then, facts[0].at if facts else now, actor))
        return decided[-1].result(ledger.past(command.product))

    def _travel(self, command: Command[R], actor: Actor, on_step: OnStep | None, key: str) -> R:
        run = self._enqueue(command, actor, key)
        result = self.open_road().follow(run, on_step)
        return reader(result_type(type(command))).validate_python(result)  # type: ignore[no-any-return]

    def _enqueue(self, command: Command[Any], actor: Actor, key: str) -> str:
        if not command.durable:
            raise not_allowed(f"{type(command).__name__} is done at once.", "Send it without wait=false.", "runs")
        texts = {name: getattr(command, name) for name in command.kept}
        run = f"{actor.person}/{key}" if key else uuid.uuid4().hex
        # They are kept before the run is known, and forgotten by it: given again under its key, they are not kept anew.
        keep = digest_of_bytes if texts and key and self.open_road().knows(run) else self.store.files.put
        digests = {name: keep(text.encode()) for name, text in texts.items() if text}
        command = replace(command, **digests)  # what is about people is not remembered by the road
        return self.open_road().submit(
            type(command).__name__, plain(command), actor.person, self.now(command.product), run
        )

    @staticmethod
    def _completed(command: Command[Any], trip: Trip) -> Command[Any]:
        # On the road and not before it, so that a command given again under its key is still the same command.
        from shipworthy.app import due

        if not due.is_open(command):
            return command
        whole = trip.step("see what it is to replace", lambda: plain(due.completed(command, trip.past)))
        return reader(type(command)).validate_python(whole)

    @staticmethod
    def _that_belong(command: Command[Any], trip: Trip) -> list[Command[Any]]:
        from shipworthy.app import due

        if not due.leads_on(command):
            return []
        found = trip.step("see what belongs to it", lambda: plain(due.follow_ups(command, trip.past)))
        return [reader(Score).validate_python(one) for one in found]


def _handed_in(kind: type[Command[Any]]) -> dict[str, Any]:
    """What a flow needs of a later stage, which it reaches only by way of the desk."""
    if kind is not ProveCandidate:
        return {}
    return {"foreseen": importlib.import_module("shipworthy.watch.foresight").foreseen}


def _flow(kind: type[Command[Any]]) -> Callable[[Any, Trip], Any]:
    module = importlib.import_module(f"shipworthy.{stage_of(kind)}.flow")
    return getattr(module, handler_name(kind))  # type: ignore[no-any-return]
