"""While the team's own code runs: its prints stay out of our answer, and however it ends, the team is told."""

from __future__ import annotations

import ctypes
import linecache
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TextIO

from shipworthy.base.errors import Mistake, UserError


@contextmanager
def running(texts: Mapping[str, str], doing: str) -> Iterator[None]:
    """Run a part of the team's code.

    An exit is a mistake like any other: it would end our thread and leave everybody who waits for it waiting.
    Ctrl-C stays what it is; it only ever reaches the main thread.

    Args:
        texts: the team's files by the path that the team knows, the one that is run first.
        doing: what runs, for the message, such as ``features()``.

    Raises:
        UserError: the code raised or called an exit; file, line and function are named.
    """
    try:
        with _PRINTED.aside(), _stoppable():
            yield
    except UserError:
        raise
    except KeyboardInterrupt as error:  # in another thread it comes from `stop`, or from the code itself
        if threading.current_thread() is threading.main_thread():
            raise
        raise UserError(_raised(error, texts, doing)) from error
    except (Exception, SystemExit) as error:
        raise UserError(_raised(error, texts, doing)) from error


def stop() -> None:
    """Interrupt the team's code in every thread but the main one, at its next line of Python.

    Whoever waits for it is told; code that is deep inside a library is interrupted when it comes back from there.
    """
    with _lock:
        for thread in _threads:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(KeyboardInterrupt))


@contextmanager
def _stoppable() -> Iterator[None]:
    if threading.current_thread() is threading.main_thread():
        yield
        return
    thread = threading.get_ident()
    with _lock:
        nested = thread in _threads
        _threads.add(thread)
    try:
        yield
    finally:
        if not nested:
            _leave(thread)


def _leave(thread: int) -> None:
    """Take a thread out of those that may be stopped; a stop that has not come yet is let come here.

    It would hit what is none of the team's code. To call it back is no way: Python 3.11 then asks itself for ever
    after, at every call and turn of a loop, whether there is one, and under a tracer does nothing else.
    """
    with suppress(KeyboardInterrupt):
        with _lock:
            _threads.discard(thread)
        for _ in range(2):  # an interrupt comes at a turn of a loop at the latest
            pass
    with _lock:
        _threads.discard(thread)


def _raised(error: BaseException, texts: Mapping[str, str], doing: str) -> Mistake:
    """What to tell the team when their code raised: the last line of theirs on the way, and the message."""
    for file, text in texts.items():
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in texts]
    where = f"{lines[-1].filename}:{lines[-1].lineno} {lines[-1].name}()" if lines else f"{next(iter(texts))} {doing}"
    line = lines[-1].line if lines else ""
    message = _first_lines(str(error))
    found = f"{doing} raised {type(error).__name__}{f': {message}' if message else ''}"
    found += f", at: {line.strip()}" if line else ""
    return Mistake("model.pipeline.raised", where, found, fix=_fix(error))


def _fix(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return "Take the exit out; to refuse, raise an error that says why."
    if isinstance(error, KeyboardInterrupt):
        return "It was stopped where it stood; run again, with less data if it took too long."
    if isinstance(error, ModuleNotFoundError):
        return "Install the package where Shipworthy runs, or correct its name."
    return "Put the line right and run again."


def _first_lines(message: str, most: int = 300) -> str:
    """A message without the pages that some libraries add to it.

    >>> _first_lines("Input X contains NaN.\\nSee the manual.")
    'Input X contains NaN.'
    """
    first = next((line.strip() for line in message.splitlines() if line.strip()), "")
    return first if len(first) <= most else f"{first[:most]}…"


class _Printed:
    """Standard output, on loan to standard error while the code of any thread runs: it is for our answers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._own: TextIO = sys.stdout

    @contextmanager
    def aside(self) -> Iterator[None]:
        with self._lock:
            if not self._inside:
                self._own, sys.stdout = sys.stdout, sys.stderr
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside:
                    sys.stdout = self._own


_PRINTED = _Printed()
_lock = threading.Lock()
_threads: set[int] = set()
