"""Lives that are forked and die: each in a process of its own, from what its parent has loaded."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable


def killed(live: Callable[[], object], after: float | None = None) -> bool:
    """Fork one life, and kill it after so many seconds where they are given; whether it was killed before its end.

    Ends the process where a life ended with an error.
    """
    child = os.fork()
    if child == 0:
        try:
            live()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status):
        sys.exit("A life ended with an error.")
    return os.WIFSIGNALED(status)
