"""The durable engine: the one place that knows DBOS.

Exactly one DBOS workflow exists, which carries any operation, so flows need no decorators. What a run or a step gives
is always an `Outcome`; errors never travel by DBOS, which would not keep their class.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, error

from shipworthy.edges.database import alone, answering, open_engine, written
from shipworthy.edges.outcome import HandedOver, Outcome

Carry = Callable[[str, str, dict[str, Any], str, str, str], Outcome]

_SCHEMA = "road"
_APP = "shipworthy"
# The shape of what is stored here. Left to itself DBOS takes a hash of source code for it, and an upgrade would strand
# the runs that are under way.
_VERSION = "shipworthy-road-1"
_QUEUE = "road"
_MIGRATION_LOCK = 0x5EA_0004
_POLL_SECONDS = 0.05
_AT_ONCE = 8
_SETTLE_SECONDS = 5.0
# A run that has ended this many processes in a row is given up, so that it cannot take every later command with it.
_MOST_ATTEMPTS = 30

_carry: Carry | None = None

_STATES = {"ENQUEUED": "waiting", "DELAYED": "waiting", "PENDING": "running", "SUCCESS": "done"}


@DBOS.workflow(name="run_command", max_recovery_attempts=_MOST_ATTEMPTS)
def run_command(operation: str, payload: dict[str, Any], who: str, at: str, signature: str) -> Outcome:
    """Carry one operation; `who` and `at` are those of the command, also after a restart."""
    run = DBOS.workflow_id
    if _carry is None or run is None:
        raise HandedOver
    return _carry(run, operation, payload, who, at, signature)


class Engine:
    """One store's runs: put in line, looked at, carried."""

    def __init__(self, ledger: sa.Engine, home: Path) -> None:
        """Open the runs of a store; what they need in the database is made where it is missing.

        Args:
            ledger: the ledger's database. Runs lie in PostgreSQL beside it, in a schema of their own;
                where it is SQLite they lie in `home/road.sqlite`, since in one file steps and facts would wait for
                each other's lock.
            home: the folder of the store's state.
        """
        if ledger.dialect.name == "sqlite":
            self._url = f"sqlite:///{home.resolve() / 'road.sqlite'}"
        else:
            self._url = ledger.url.set(drivername="postgresql").render_as_string(hide_password=False)
        # On SQLite with full synchronisation, as the ledger: a killed process loses nothing without it either, but a
        # power cut could take a step's result and leave the fact that was decided on it, and the step redone may give
        # another one. Measured on our disk: 3.5 ms a step instead of 3.2.
        self.database = open_engine(self._url)
        # Each time, since a process may have been killed in the middle of it; it takes 5 ms where all is done.
        with alone(ledger, _MIGRATION_LOCK), answering(self.database):
            DBOS.migrate(self._url, schema=_SCHEMA)
            self._client = self._open()

    def enqueue(self, run: str, operation: str, payload: dict[str, Any], who: str, at: str, signature: str) -> None:
        """Put a run in line; where there is one of this name already, nothing changes."""
        with written(self.database):
            self._client.enqueue(
                {"workflow_name": "run_command", "queue_name": _QUEUE, "workflow_id": run, "app_version": _VERSION},
                operation,
                payload,
                who,
                at,
                signature,
            )

    def asked(self, run: str) -> tuple[Any, ...]:
        """The operation, payload, identity and moment with which a run was put in line."""
        [found] = self._client.list_workflows(workflow_ids=[run], load_output=False)
        return tuple(found.input["args"]) if found.input else ()

    def state(self, run: str) -> str:
        """How a run stands: ``waiting``, ``running``, ``done``, or ``failed``; empty where there is no such run."""
        found = self._client.list_workflows(workflow_ids=[run], load_input=False, load_output=False)
        return _STATES.get(found[0].status, "failed") if found else ""

    def outcome(self, run: str) -> Outcome:
        """What came of a run that is done."""
        [found] = self._client.list_workflows(workflow_ids=[run], load_input=False)
        return dict(found.output or {})

    def failure(self, run: str) -> str:
        """Why a run was given up."""
        [found] = self._client.list_workflows(workflow_ids=[run], load_input=False)
        if found.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
            return f"More than {_MOST_ATTEMPTS} processes that carried it ended before it did; it may need more memory."
        return f"{found.status}: {found.error}"

    def steps(self, run: str, after: int = 0) -> list[str]:
        """The names of a run's finished steps, but for so many first ones."""
        return [
            step["function_name"] for step in self._client.list_workflow_steps(run, load_output=False, offset=after)
        ]

    def launch(self, executor: str, carry: Carry) -> None:
        """Begin to carry runs in threads of this process; only for who holds the lease, under its name."""
        global _carry
        _carry = carry
        config: DBOSConfig = {
            "name": _APP,
            "application_version": _VERSION,
            "executor_id": executor,
            "system_database_engine": self.database,
            "system_database_url": self._url,
            "dbos_system_schema": _SCHEMA,
            "serializer": DBOSPortableJSONSerializer(),
            "enable_otlp": False,
            "log_level": "WARNING",
            "notification_listener_polling_interval_sec": _POLL_SECONDS,  # nobody listens; it is what a stop waits for
        }
        DBOS(config=config)
        DBOS.launch()

    def resume_abandoned(self, executor: str) -> None:
        """Put the runs of all other executors back in line; only for who holds the lease, as then they are gone.

        DBOS does so by itself only for an executor of the same name. Ours differ by design: a process that slept
        through the end of its lease can still take runs for a moment under its old name, and these are found here.
        The public way, `resume_workflow`, would forget how often a run has ended its process.
        """
        running = self._client.list_workflows(status="PENDING", load_input=False, load_output=False)
        gone = {run.executor_id for run in running if run.executor_id} - {executor}
        if gone:
            DBOS._recover_pending_workflows(sorted(gone))

    def step(self, name: str, work: Callable[[], Outcome]) -> Outcome:
        """Do one step of the run that this thread carries, or give back what came of it before.

        Raises:
            HandedOver: another executor carries the run by now; what came of the step here is not kept.
        """
        try:
            return DBOS.run_step({"name": name}, work)
        except (
            error.DBOSWorkflowConflictIDError
        ) as lost:  # left to itself DBOS would have this thread wait for the other
            raise HandedOver from lost

    def settle(self, ended: Iterable[str]) -> None:
        """Wait until DBOS has written down the outcomes of runs whose flows have ended here."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        for run in ended:
            while self.state(run) == "running" and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS / 5)

    def stop(self) -> None:
        """Carry no more runs; those that are still open stay open."""
        global _carry
        DBOS.destroy()
        _carry = None

    def begun(self, executor: str) -> set[str]:
        """The runs that an executor has begun and not ended."""
        running = self._client.list_workflows(
            status="PENDING", executor_id=executor, load_input=False, load_output=False
        )
        return {run.workflow_id for run in running}

    def open_runs(self) -> dict[str, str]:
        """The operation of every run that has not ended, by the name of the run."""
        found = self._client.list_workflows(status=["PENDING", "ENQUEUED", "DELAYED"], load_output=False)
        return {run.workflow_id: str(run.input["args"][0]) for run in found if run.input}

    def put_back(self, runs: Iterable[str]) -> None:
        """Put runs that their executor has left between two steps back in line, as if it had not begun them.

        Only of an executor that does not carry them any more, or two would. Otherwise a long run that many short-lived
        processes have carried in turn would count as one that ends its process.
        """
        if left := sorted(runs):
            self._client.resume_workflows(left, queue_name=_QUEUE)

    def close(self) -> None:
        """Let the database go."""
        self._client.destroy()
        self.database.dispose()

    def _open(self) -> DBOSClient:
        client = DBOSClient(
            system_database_engine=self.database,
            dbos_system_schema=_SCHEMA,
            serializer=DBOSPortableJSONSerializer(),
            application_name=_APP,
        )
        if client.retrieve_queue(_QUEUE) is None:  # before launch: DBOS looks for new queues only once a second
            client.register_queue(_QUEUE, polling_interval_sec=_POLL_SECONDS, worker_concurrency=_AT_ONCE)
        return client


class _ToStandardError(logging.Handler):
    """Says it on standard error as that is now; it may be another one than when this was loaded."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr)


def _quieten() -> None:
    """Let DBOS speak only when something is really wrong."""
    logger = logging.getLogger("dbos")
    if logger.handlers:
        return
    handler = _ToStandardError()  # DBOS makes its own, talkative one where there is none
    handler.setFormatter(logging.Formatter("shipworthy road: %(message)s"))
    handler.addFilter(_is_serious)
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    logger.propagate = False


def _is_serious(record: logging.LogRecord) -> bool:
    lost = record.getMessage().startswith("Database connection")  # a warning, but nothing moves until it is back
    return lost or record.levelno >= logging.ERROR


_quieten()
