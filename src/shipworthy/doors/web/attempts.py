"""How often somebody may try to log in: a few failures, then a pause."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from threading import Lock

WINDOW = timedelta(minutes=15)
MOST_PER_NAME = 5
MOST_PER_ADDRESS = 30
MOST_KEPT = 10_000


class Attempts:
    """Failed logins of the last quarter of an hour, by address alone and by address and name together.

    A name alone is never shut out: otherwise anybody could keep an owner from signing.
    """

    def __init__(self) -> None:
        self._failed: dict[tuple[str, str], deque[datetime]] = {}
        self._lock = Lock()

    def pause(self, address: str, name: str, now: datetime) -> timedelta:
        """How long to wait before the next try; zero where it may be made now."""
        with self._lock:
            waits = [
                self._wait((address, ""), MOST_PER_ADDRESS, now),
                self._wait((address, name), MOST_PER_NAME, now),
            ]
        return max(waits)

    def failed(self, address: str, name: str, now: datetime) -> None:
        """Count a failure."""
        with self._lock:
            for key in ((address, ""), (address, name)):
                if key not in self._failed and len(self._failed) >= MOST_KEPT:
                    self._failed.pop(next(iter(self._failed)))
                self._failed.setdefault(key, deque(maxlen=MOST_PER_ADDRESS)).append(now)

    def succeeded(self, address: str, name: str) -> None:
        """Forget the failures of a name at an address."""
        with self._lock:
            self._failed.pop((address, name), None)

    def _wait(self, key: tuple[str, str], most: int, now: datetime) -> timedelta:
        failures = self._failed.get(key)
        while failures and failures[0] <= now - WINDOW:
            failures.popleft()
        if not failures:
            self._failed.pop(key, None)
            return timedelta(0)
        return failures[-most] + WINDOW - now if len(failures) >= most else timedelta(0)
