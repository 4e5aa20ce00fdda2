"""Files that only their owner reads and that are made once, however many processes make them together."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


def made_once(file: Path, content: bytes) -> None:
    """Make a file of mode 0600, complete and on the disk, in a folder of mode 0700; whoever came first is kept."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.parent / f".{secrets.token_hex(8)}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    try:
        with suppress(FileExistsError):
            os.link(draft, file)  # unlike a rename this never replaces the file of a process that came first
    finally:
        draft.unlink()
