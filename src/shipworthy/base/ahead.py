"""Work that goes on beside other work: what comes next is fetched while what is here is used."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

_LOOK_AGAIN = 0.1  # seconds


def ahead(items: Iterable[T], most: int = 1) -> Iterator[T]:
    """The same items in the same order, made in a thread of their own while the ones before are used.

    What making an item raises is raised here, in its place. Whoever stops early stops the making too.

    Args:
        most: how many may lie ready; each of them takes memory.

    >>> list(ahead(iter([1, 2, 3])))
    [1, 2, 3]
    """
    ready: queue.Queue[tuple[bool, T | BaseException | None]] = queue.Queue(most)
    stopped = threading.Event()

    def hand_over(given: tuple[bool, T | BaseException | None]) -> None:
        while not stopped.is_set():
            with suppress(queue.Full):
                ready.put(given, timeout=_LOOK_AGAIN)
                return

    def make() -> None:
        try:
            for item in items:
                hand_over((True, item))
                if stopped.is_set():
                    return
            hand_over((False, None))
        except BaseException as error:
            hand_over((False, error))

    maker = threading.Thread(target=make, name="ahead", daemon=True)
    maker.start()
    try:
        while True:
            is_item, given = ready.get()
            if is_item:
                yield given  # type: ignore[misc]  # an item is of the items' type
            elif given is None:
                return
            else:
                raise given  # type: ignore[misc]  # what is no item and not the end is an error
    finally:
        stopped.set()
        maker.join()
