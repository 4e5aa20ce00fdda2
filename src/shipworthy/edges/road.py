"""The durable road: a command's flow survives the end of its process at any instruction.

Whoever holds the store's lease carries the runs of all; everybody else follows, and takes over when it is gone.
Importing this module is cheap; the engine is loaded when a Road is opened.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from shipworthy.base.digest import plain
from shipworthy.base.errors import Bug, Mistake, Tampered, UserError, not_found
from shipworthy.base.times import aware
from shipworthy.edges.outcome import HandedOver, Outcome, outcome_of, unpack
from shipworthy.edges.trip import Trip

if TYPE_CHECKING:
    from types import TracebackType

    from shipworthy.edges.store import Store

__all__ = ["Flow", "Road", "Run", "Trip"]

Flow = Callable[[Any, Trip], Any]
Run = Callable[[str, dict[str, Any], Trip], Any]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.25  # seconds between two looks at a run that is followed
_BEATS_PER_LEASE = 5
_STUCK_SECONDS = 5.0  # far longer than the engine takes to begin a run, or to write down how it ended
_LAST_ENDED = 32  # more than the engine carries at once

_process = threading.RLock()  # guards _executor: DBOS serves one store per process at a time
_executor: Road | None = None


class Road:
    """The runs of one store: submitted by anyone, followed by anyone, carried by the one who holds the lease."""

    def __init__(self, store: Store, run: Run, *, lease_seconds: float = 10.0) -> None:
        """Open a store's road.

        Args:
            store: the store, handed on to the flows; its ledger's database also holds the lease.
            run: does an operation: its name, its payload, its trip; gives back what JSON can hold.
            lease_seconds: how long an executor on another machine may be silent before its lease is taken.
        """
        from shipworthy.edges.engine import Engine
        from shipworthy.edges.lease import Lease

        self._store = store
        self._run = run
        self._engine = Engine(store.ledger.engine, store.home)
        self._lease = Lease(store.ledger.engine, lease_seconds)
        self._followed = 0
        self._carried = 0
        self._under_way: set[str] = set()
        self._still = threading.Condition()  # guards the counts
        self._leaving = threading.Event()
        self._left = threading.Event()  # a run was left because the lease may be somebody else's
        self._heard = 0.0  # when the lease was surely ours, by this machine's monotonic clock
        self._carrying = threading.local()
        self._closed = False
        self._last_ended: deque[str] = deque(maxlen=_LAST_ENDED)
        self._tender: threading.Thread | None = None
        self._away = threading.Event()  # ends the tender

    def __enter__(self) -> Road:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def submit(self, operation: str, payload: dict[str, Any], who: str, at: datetime, key: str = "") -> str:
        """Put a command in line, and carry it here if nobody who is alive carries this store's runs.

        Args:
            operation: the name that `run` understands.
            payload: the command in JSON's types; its `product` is that of the trip.
            who: the identity that gives it.
            at: the moment it is given; aware.
            key: the same key is the same run: a second submit changes nothing. Made up where it is empty.

        Returns:
            the name of the run, which is the key.

        Raises:
            UserError: the key was used for another command.
        """
        run = key or uuid4().hex
        asked, moment = plain(payload), aware(at).isoformat()
        signature = self._store.keys.sign(_order(run, operation, asked, who, moment)).hex()
        self._engine.enqueue(run, operation, asked, who, moment, signature)
        if key and self._engine.asked(run)[:3] != (operation, asked, who):
            raise UserError(
                Mistake(
                    "road.key_used",
                    f"key {key!r}",
                    f"This key was used before, for another command ({self._engine.asked(run)[0]}).",
                    "The same key means the same run, so this command would never be done.",
                    "Give a new key, or none.",
                )
            )
        self._take_over()
        return run

    def knows(self, run: str) -> bool:
        """Whether there is such a run, however it stands."""
        return bool(self._engine.state(run))

    def outcome(self, run: str) -> dict[str, Any]:
        """How far a run is, at once.

        Returns:
            its ``state`` (``waiting``, ``running``, ``done``, ``refused``, ``failed``) and the names of its finished
            ``steps``; then its ``result``, or an ``error`` with the name of its class (``kind``) and its ``mistakes``.

        Raises:
            NotFound: there is no such run.
        """
        state = self._state(run)
        found: dict[str, Any] = {"state": state, "steps": self._engine.steps(run)}
        if state in ("waiting", "running"):
            self._take_over()
            return found
        try:
            return {**found, "result": self._ended(run, state)}
        except UserError as error:
            mistakes = [asdict(mistake) for mistake in error.mistakes]
            return {**found, "state": "refused", "error": {"kind": type(error).__name__, "mistakes": mistakes}}
        except Bug as bug:  # without its traceback: that is for the console and the log of who runs the store
            fix = "Follow the run where the store lies to see the traceback, and report it."
            mistake = Mistake("road.bug", f"run {run}", bug.found, fix=fix)
            return {**found, "state": "failed", "error": {"kind": "Bug", "mistakes": [asdict(mistake)]}}

    def follow(self, run: str, on_step: Callable[[str], None] | None = None) -> Any:
        """Wait for a run and give its result; carry it here if nobody who is alive carries this store's runs.

        Args:
            run: its name, from `submit`.
            on_step: told the name of each step that is finished, also those that were so before.

        Raises:
            NotFound: there is no such run.
            UserError: the flow refused; of the class that it raised.
            Bug: the flow failed otherwise.
            RuntimeError: a flow asked; it would keep its place in line while it waits for another run to get one.
        """
        if getattr(self._carrying, "run", ""):
            raise RuntimeError(f"The run {self._carrying.run} must not wait for the run {run}: give its command back.")
        with self._still:
            self._followed += 1
        try:
            return self._wait_for(run, on_step)
        finally:
            with self._still:
                self._followed -= 1

    def serve(self, stop: threading.Event) -> None:
        """Carry the store's runs until `stop` is set; wait for the lease while somebody else has it."""
        with self._still:
            self._followed += 1
        try:
            while not stop.is_set():
                self._take_over()
                stop.wait(_LONGEST_PAUSE)
        finally:
            with self._still:
                self._followed -= 1
            self._stand_down()

    def close(self) -> None:
        """Carry no more. Runs that others follow are left at their next step, and theirs to carry on."""
        from sqlalchemy.exc import DBAPIError

        self._closed = True
        with suppress(DBAPIError):  # where the database is away, the lease is free once this process has ended
            self._stand_down()
        if self._tender and self._tender is not threading.current_thread():
            self._tender.join()
        self._engine.close()

    def _wait_for(self, run: str, on_step: Callable[[str], None] | None) -> Any:
        seen, pause = 0, _FIRST_PAUSE
        while True:
            state = self._state(run)
            if on_step:
                for name in self._engine.steps(run, after=seen):
                    seen, pause = seen + 1, _FIRST_PAUSE
                    on_step(name)
            if state not in ("waiting", "running"):
                return self._ended(run, state)
            self._take_over()
            time.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 1.1)

    def _state(self, run: str) -> str:
        state = self._engine.state(run)
        if not state:
            raise not_found("run", run, [], "Give the name that submitting the command gave.", "road.no_run")
        return state

    def _ended(self, run: str, state: str) -> Any:
        """The result of a run that has ended; raises what it ended with otherwise."""
        if state == "done":
            return unpack(self._engine.outcome(run))
        raise Bug(f"The run {run} was given up. {self._engine.failure(run)}")

    def _take_over(self) -> bool:
        """Whether this road carries the store's runs, after trying to."""
        from shipworthy.edges.database import DatabaseAway

        global _executor
        if _executor is self:
            return True
        if not _process.acquire(blocking=False):  # another thread is at it
            return False
        try:
            if _executor is self:
                return True
            if self._closed or (_executor and not _executor._step_aside()) or not self._lease.take():
                return False
            self._begin()
            return True
        except DatabaseAway:  # who follows looks again until it is back
            return False
        finally:
            _process.release()

    def _begin(self) -> None:
        global _executor
        _executor = self
        self._heard = time.monotonic()
        self._leaving.clear()
        self._left.clear()
        self._away = threading.Event()
        try:
            self._engine.launch(self._lease.name, self._carry)
            self._engine.resume_abandoned(self._lease.name)
        except BaseException:
            self._end()
            raise
        self._tender = threading.Thread(target=self._tend, args=(self._away,), name="road-tender", daemon=True)
        self._tender.start()

    def _step_aside(self) -> bool:
        """Let another store of this process have its engine, if nobody needs it for this one."""
        with self._still:
            if self._followed or self._carried:
                return False
        self._stand_down()
        return True

    def _stand_down(self) -> None:
        with _process:
            if _executor is self:
                with self._still:  # each run leaves at its next step; the lease is kept up until then
                    self._leaving.set()
                    self._still.wait_for(lambda: not self._carried)
                self._engine.settle(self._last_ended)
                self._end()

    def _end(self) -> None:
        global _executor
        self._away.set()
        try:
            self._engine.stop()
            # What was left in need counts as an attempt, and what is somebody else's by now is none of ours.
            if not self._left.is_set() and self._lease.beat():
                self._engine.put_back(self._engine.begun(self._lease.name))
            self._lease.release()
        finally:
            _executor = None  # also where the database is away, so that the store can be taken up again

    def _tend(self, away: threading.Event) -> None:
        """Keep the lease, and take up what executors that are gone have left; stand down when the lease is lost."""
        pause, stuck = self._lease.seconds / _BEATS_PER_LEASE, dict[str, float]()
        while not away.wait(pause):
            with suppress(Exception):  # the database is away; runs are left once the lease may be over
                if not self._lease.beat() or self._left.is_set():
                    break
                self._heard = time.monotonic()
                self._engine.resume_abandoned(self._lease.name)
                stuck = self._put_back_stuck(stuck)
        if not away.is_set():
            while away is self._away and not self._closed and not self._begun_anew():
                time.sleep(pause)

    def _put_back_stuck(self, since: dict[str, float]) -> dict[str, float]:
        """Put back runs that were begun here and that no thread has carried for a while; gives since when.

        The engine gives a run up without a word where it could not write to its database, such as on a full disk.
        """
        begun, now = self._engine.begun(self._lease.name), time.monotonic()
        with self._still:
            stuck = {run: since.get(run, now) for run in begun - self._under_way}
        lost = [run for run, seen in stuck.items() if now - seen > _STUCK_SECONDS]
        self._engine.put_back(lost)
        return {run: seen for run, seen in stuck.items() if run not in lost}

    def _begun_anew(self) -> bool:
        """Stand down, and take up what was left here unless somebody else has the lease; False to try it again."""
        with suppress(Exception):  # the database is away again
            self._stand_down()
            self._lease.release()
            self._take_over()
            return True
        return False

    def _ours(self) -> bool:
        """Whether the lease is surely ours; asked of the database where this process may have stood still too long."""
        if time.monotonic() - self._heard <= self._lease.seconds:
            return True
        with suppress(Exception):  # the database is away
            if self._lease.beat():
                self._heard = time.monotonic()
                return True
        self._left.set()
        return False

    def _carry(self, run: str, operation: str, payload: dict[str, Any], who: str, at: str, signature: str) -> Outcome:
        trip = Trip(
            self._store,
            payload.get("product", ""),
            who,
            datetime.fromisoformat(at),
            run,
            self._once,
            self._engine.open_runs,
        )
        with self._still:
            self._stay()
            self._carried += 1
            self._under_way.add(run)
        self._carrying.run = run
        try:
            order = _order(run, operation, payload, who, at)
            outcome = outcome_of(lambda: plain(self._ordered(order, signature, operation, payload, trip)))
            self._last_ended.append(run)
            return outcome
        except HandedOver:
            if not self._leaving.is_set():
                self._left.set()
            raise
        finally:
            self._carrying.run = ""
            with self._still:
                self._carried -= 1
                self._under_way.discard(run)
                self._still.notify_all()

    def _ordered(self, order: bytes, signature: str, operation: str, payload: dict[str, Any], trip: Trip) -> Any:
        if self._store.keys.verify(order, signature):
            return self._run(operation, payload, trip)
        found = f"The run {trip.run} was put in line by somebody without the store's key, in the name of {trip.who}."
        fix = "Find out who could write to the database of the road; whoever meant it gives the command again."
        raise Tampered(Mistake("road.edited", f"run {trip.run}", found, "Identity comes from a token only.", fix))

    def _once(self, name: str, work: Callable[[], Outcome]) -> Outcome:
        self._stay()
        return self._engine.step(name, work)

    def _stay(self) -> None:
        if self._leaving.is_set() or not self._ours():
            raise HandedOver


def _order(run: str, operation: str, payload: dict[str, Any], who: str, at: str) -> bytes:
    """What is signed of a command that is put in line."""
    return json.dumps([run, operation, payload, who, at], sort_keys=True).encode()
