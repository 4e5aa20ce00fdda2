"""A session on the local store."""

from __future__ import annotations

from typing import TypeVar

from shipworthy.app.desk import Desk, OnStep
from shipworthy.app.rights import Identity
from shipworthy.app.settings import Settings
from shipworthy.app.wiring import close_desk, open_desk
from shipworthy.base.errors import Mistake, NotAllowed
from shipworthy.base.fact import Command, Question
from shipworthy.model.running import stop

R = TypeVar("R")


class LocalSession:
    """Somebody at the desk of the local store."""

    def __init__(self, found: Settings, token: str) -> None:
        self.desk: Desk = open_desk(found)
        try:
            self.who: Identity = known(self.desk, token)
        except BaseException:
            close_desk(self.desk)
            raise

    def do(self, command: Command[R], *, on_step: OnStep | None = None, key: str = "") -> R:
        """Do what a command asks, and give its result; Ctrl-C ends the team's code too, wherever it stands."""
        try:
            return self.desk.do(command, self.who, on_step=on_step, key=key)
        except KeyboardInterrupt:
            stop()
            raise

    def ask(self, question: Question[R]) -> R:
        """The answer to a question."""
        return self.desk.ask(question, self.who)

    def file(self, digest: str) -> bytes:
        """A piece of evidence, verified."""
        self.desk.evidence(digest, self.who)
        return self.desk.store.files.get(digest)

    def close(self) -> None:
        """Let go of the store; Ctrl-C does not wait for the team's code in a run that is carried here for others."""
        try:
            close_desk(self.desk)
        except KeyboardInterrupt:
            stop()
            close_desk(self.desk)
            raise


def known(desk: Desk, token: str) -> Identity:
    """Whose token this is.

    Raises:
        NotAllowed: nobody's, or it has ended.
    """
    who = desk.people.by_token(token)
    if who is None:
        fix = "Ask an administrator for a new one: `shipworthy people add NAME`; then `shipworthy login`."
        raise NotAllowed(Mistake("app.unknown_token", "token", "This token is nobody's, or it has ended.", fix=fix))
    return who
