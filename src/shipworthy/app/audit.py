"""An exported ledger, verified offline: no store is needed."""

from __future__ import annotations

from pathlib import Path

from shipworthy.base.errors import Mistake, UserError
from shipworthy.edges.chain import SignedHead
from shipworthy.edges.export import AuditReport, verify_export


def audited(file: Path, earlier: Path | None, key: str) -> AuditReport:
    """What an exported ledger shows when it is verified offline.

    Args:
        earlier: a file whose last line is a head that was signed earlier; None for none.
        key: the key id that must have signed; empty for any in the file.

    Raises:
        UserError: a file cannot be read.
    """
    head = None
    if earlier is not None:
        try:
            head = SignedHead.read(earlier.read_text().strip().splitlines()[-1])
        except (OSError, ValueError, IndexError) as error:
            fix = "Name the file that `shipworthy export` wrote beside an earlier export."
            raise UserError(
                Mistake("audit.head", str(earlier), f"This is no signed head: {error}.", fix=fix)
            ) from error
    return verify_export(file, head, key or None)
