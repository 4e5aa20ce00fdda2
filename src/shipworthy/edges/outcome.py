"""How what came of some work travels between processes, as JSON: a value, a refusal for people, or a bug."""

from __future__ import annotations

import errno
import json
import math
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shipworthy.base.errors import Bug, Mistake, Tampered, UserError

if TYPE_CHECKING:
    from shipworthy.edges.keys import Keys

Outcome = dict[str, Any]
_SEAL = "signature"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class HandedOver(BaseException):
    """Leaves a flow between two steps so that the run stays open; the next executor carries it on.

    No `Exception`, so that no flow catches it and the engine does not take it for the run's end.
    """


def outcome_of(work: Callable[[], Any]) -> Outcome:
    """Do some work and pack what came of it, whatever that is; only what hands a run over passes through.

    That is also an error that says so, as it says nothing about the work: the store's database is away.

    Work that tries to end the process (`sys.exit` in somebody's pipeline) is a bug like any other: in a thread of the
    road it would end nothing but the thread, and its run would be waited for in vain.
    """
    try:
        return {"value": as_json(work())}
    except UserError as error:
        return _refused(error)
    except Bug as bug:
        return {"bug": {"found": bug.found, "trace": bug.trace}}
    except HandedOver:
        raise
    except BaseException as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            return _refused(UserError(no_room(error.filename or "the store", error.strerror or str(error))))
        if getattr(error, "hands_over", False):
            raise HandedOver from error
        return {"bug": {"found": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}}


def no_room(where: str, found: str) -> Mistake:
    """The mistake of a disk on which something could not be written."""
    return Mistake(
        "store.no_room",
        where,
        f"It could not be written: {found}.",
        "What was under way has not happened; nothing that was recorded is lost.",
        "Make room, then give the command again.",
    )


def _refused(error: UserError) -> Outcome:
    return {"refused": {"error": type(error).__name__, "mistakes": [asdict(mistake) for mistake in error.mistakes]}}


def sealed(keys: Keys, place: Sequence[object], outcome: Outcome) -> Outcome:
    """An outcome with a signature of the store's key, which holds at that place only."""
    return {**outcome, _SEAL: keys.sign(_statement(place, outcome)).hex()}


def unsealed(keys: Keys, place: Sequence[object], outcome: Outcome) -> Outcome:
    """The outcome that was sealed at a place.

    Raises:
        Tampered: somebody without the store's key wrote it, or put it where another was.
    """
    told = {name: value for name, value in outcome.items() if name != _SEAL}
    if keys.verify(_statement(place, told), str(outcome.get(_SEAL, ""))):
        return told
    raise Tampered(
        Mistake(
            "road.edited",
            " ".join(map(str, place)),
            "What is kept of this run was written by somebody without the store's key.",
            "People would get what was neither proven nor signed for.",
            "Find out who could write to the database of the road; then give the command again.",
        )
    )


def _statement(place: Sequence[object], outcome: Outcome) -> bytes:
    return json.dumps([*place, outcome], sort_keys=True).encode()


def unpack(outcome: Outcome) -> Any:
    """The value in an outcome.

    Raises:
        UserError: the work was refused; the class and the mistakes are those of the refusal.
        Bug: the work failed otherwise, with the traceback of the process in which it did.
    """
    if "refused" in outcome:
        refused = outcome["refused"]
        mistakes = [Mistake(**mistake) for mistake in refused["mistakes"]]
        raise _refusals().get(refused["error"], UserError)(*mistakes)
    if "bug" in outcome:
        raise Bug(outcome["bug"]["found"], outcome["bug"]["trace"])
    return outcome["value"]


def as_json(value: Any) -> Any:
    """The value as it comes back from JSON, so that the first reading equals every later one.

    Raises:
        TypeError: JSON cannot hold it; the message names the first place where.

    >>> as_json({"rows": (1, 2)})
    {'rows': [1, 2]}
    """
    place = _misfit(value, "")
    if place:
        raise TypeError(
            f"JSON cannot hold the result: {place}. Give back None, bool, int, str, a finite float, or lists and "
            "string-keyed dicts of these; big content goes into files, and its digest into the result."
        )
    return json.loads(json.dumps(value))


def _misfit(value: Any, where: str) -> str:
    """The first place in a value that JSON cannot hold, in words; empty where there is none."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"{where or 'it'} is {value}"
    if value is None or isinstance(value, bool | int | float | str):
        return ""
    if isinstance(value, list | tuple):
        inside = (_misfit(item, f"{where}[{index}]") for index, item in enumerate(value))
        return next(filter(None, inside), "")
    if isinstance(value, dict):
        odd = next((key for key in value if not isinstance(key, str)), None)
        if odd is not None:
            return f"{where or 'it'} has the key {odd!r}, a {type(odd).__name__}"
        return next(filter(None, (_misfit(item, f"{where}.{key}") for key, item in value.items())), "")
    return f"{where or 'it'} is a {type(value).__name__}"


def _refusals(of: type[UserError] = UserError) -> dict[str, type[UserError]]:
    """UserError and all classes made from it, by name."""
    found = {of.__name__: of}
    for child in of.__subclasses__():
        found |= _refusals(child)
    return found
