"""A session against a server: the same commands and questions, sent over HTTP."""

from __future__ import annotations

import time
from typing import Any, TypeVar

import httpx

from shipworthy.app.desk import OnStep
from shipworthy.base.digest import digest_of_bytes, plain
from shipworthy.base.errors import GateShut, Mistake, NotAllowed, NotFound, Tampered, UserError
from shipworthy.base.fact import Command, Question, reader, result_type

R = TypeVar("R")
PAUSE = 0.2  # seconds between two looks at a running command
SECONDS, LONGEST = 60.0, 3600.0  # for an answer; for one to whom much may have fallen due
_BY_STATUS: dict[int, type[UserError]] = {401: NotAllowed, 403: NotAllowed, 404: NotFound, 409: GateShut}


class RemoteSession:
    """Somebody at work against a server."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=httpx.Timeout(SECONDS, read=LONGEST), follow_redirects=False
        )
        self._url = url

    def do(self, command: Command[R], *, on_step: OnStep | None = None, key: str = "") -> R:
        """Do what a command asks, and give its result; a long one is followed to its end."""
        kind = type(command)
        params = {"key": key} if key else {}
        if kind.durable:
            run = self._send(f"/v1/do/{kind.__name__}", command, params | {"wait": "false"})["run"]
            told = self._follow(run, on_step)
        else:
            told = self._send(f"/v1/do/{kind.__name__}", command, params)
        return reader(result_type(kind)).validate_python(told)  # type: ignore[no-any-return]

    def ask(self, question: Question[R]) -> R:
        """The answer to a question."""
        kind = type(question)
        told = self._send(f"/v1/ask/{kind.__name__}", question, {})
        return reader(result_type(kind)).validate_python(told)  # type: ignore[no-any-return]

    def file(self, digest: str) -> bytes:
        """A stored file; its content is held against its name here too."""
        content = self._checked(self._call("GET", f"/v1/files/{digest}")).content
        if digest_of_bytes(content) != digest:
            raise Tampered(Mistake("app.file_changed", digest[:12], "The server sent something else."))
        return content

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def _follow(self, run: str, on_step: OnStep | None) -> Any:
        seen = 0
        while True:
            state = self._checked(self._call("GET", f"/v1/runs/{run}")).json()
            for name in state["steps"][seen:]:
                seen += 1
                if on_step:
                    on_step(name)
            if state.get("error"):
                raise _error(int(state["error"].get("status", 422)), state["error"])
            if state["state"] == "done":
                return state["result"]
            time.sleep(PAUSE)

    def _send(self, path: str, operation: object, params: dict[str, str]) -> Any:
        return self._checked(self._call("POST", path, json=plain(operation), params=params)).json()

    def _call(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            fix = "Check SHIPWORTHY_URL and that the server runs: `shipworthy pages` starts one."
            found = f"The server does not answer: {type(error).__name__}."
            raise UserError(Mistake("app.no_server", self._url, found, fix=fix)) from error

    @staticmethod
    def _checked(reply: httpx.Response) -> httpx.Response:
        if reply.status_code < 400:
            return reply
        try:
            told = reply.json()["error"]
        except (ValueError, KeyError, TypeError):
            told = {"mistakes": []}
        raise _error(reply.status_code, told)


def _error(status: int, told: dict[str, Any]) -> UserError:
    names = ("code", "where", "found", "why", "fix")
    mistakes = [Mistake(**{name: str(one.get(name, "")) for name in names}) for one in told.get("mistakes", [])]
    fallback = Mistake("app.server", f"status {status}", "The server could not do this and gave no reason.")
    return _BY_STATUS.get(status, UserError)(*(mistakes or [fallback]))
