"""What a flow is given: steps whose results are remembered, facts that are appended once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from shipworthy.base.errors import Bug
from shipworthy.base.fact import Past, Recorded, W, What
from shipworthy.edges.outcome import Outcome, outcome_of, sealed, unpack, unsealed

if TYPE_CHECKING:
    from shipworthy.edges.store import Store


class Trip:
    """One durable run of one command; handed to every flow function.

    A flow must do the same steps in the same order each time it is run, so it reads the world (files, ledger, clock)
    only inside steps.

    Attributes:
        store: the store it works for.
        product: the product that the command is about.
        who: the identity that gave the command.
        at: the moment of the command; the same after a restart.
        run: the name of the run.
    """

    def __init__(
        self,
        store: Store,
        product: str,
        who: str,
        at: datetime,
        run: str,
        once: Callable[[str, Callable[[], Outcome]], Outcome],
        open_runs: Callable[[], dict[str, str]] = dict,
    ) -> None:
        """A trip; `once` does a named piece of work unless its outcome is known already.

        Args:
            open_runs: the operation of every run of the store that has not ended, by its name.
        """
        self.store = store
        self.product = product
        self.who = who
        self.at = at
        self.run = run
        self.open_runs = open_runs
        self._once = once
        self._count = 0
        self._inside = ""

    @property
    def past(self) -> Past:
        """What happened to the product so far; read it inside steps."""
        return self.store.ledger.past(self.product)

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """Do some work and remember its result: after a restart the result comes back and the work is not redone.

        Work that was interrupted is done again, so it must bear that: write files by atomic replace, rows by key.

        Args:
            name: what people see of the progress.
            work: gives back what JSON can hold; what comes back is as read from JSON, so a tuple becomes a list.

        Raises:
            UserError: the work was refused; remembered too, so it is raised again after a restart.
            Bug: the work raised anything else; also the first time, so that a flow cannot depend on more than what
                is known after a restart. It also says where JSON cannot hold the result.
        """
        self._next(name)
        return unpack(self._remembered(name, work))

    def record(self, name: str, decide: Callable[[Past], Sequence[W]]) -> list[Recorded[W]]:
        """Append facts exactly once, however often the run is restarted.

        Args:
            name: what people see of the progress.
            decide: gives the facts in the light of the past at that moment, under the ledger's lock.

        Returns:
            the facts as recorded: after a restart, those recorded then.

        Raises:
            UserError: the decision was refused and nothing was written; remembered, as for a step.
            Bug: anything else went wrong.
        """
        self._next(name)
        key = f"{self.run}/{self._count}"
        fresh: list[list[Recorded[W]]] = []

        def append() -> list[int]:
            fresh.append(self._append(decide, key))
            return [fact.seq for fact in fresh[0]]

        numbers = unpack(self._remembered(name, append))
        if fresh:
            return fresh[0]
        return self._append(_known_only(name), key) if numbers else []

    def _append(self, decide: Callable[[Past], Sequence[W]], key: str) -> list[Recorded[W]]:
        facts = self.store.ledger.append(decide, product=self.product, who=self.who, at=self.at, key=key)
        return cast("list[Recorded[W]]", facts)  # what was decided, or was decided by the same step before

    def _remembered(self, name: str, work: Callable[[], Any]) -> Outcome:
        """What came of a step, now or before; signed, so that nobody who can write to the road gives the result."""
        place, keys = [self.run, self._count, name], self.store.keys
        signed = self._once(name, lambda: sealed(keys, place, self._do(name, work)))
        return unsealed(keys, place, signed)

    def _next(self, name: str) -> None:
        if self._inside:
            raise Bug(f"The step {name!r} was begun inside the step {self._inside!r}; steps follow each other.")
        self._count += 1

    def _do(self, name: str, work: Callable[[], Any]) -> Outcome:
        self._inside = name
        try:
            return outcome_of(work)
        finally:
            self._inside = ""


def _known_only(name: str) -> Callable[[Past], Sequence[Any]]:
    def decide(_past: Past) -> Sequence[What]:
        raise Bug(f"The step {name!r} of a resumed run has recorded facts that the ledger does not know.")

    return decide
