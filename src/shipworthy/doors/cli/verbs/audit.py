"""afterwards: verify an exported ledger offline, against a head that was signed earlier.

Example: shipworthy audit ledger.jsonl.gz --against last-year.head.json
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shipworthy.app.audit import audited
from shipworthy.doors.cli.screen import AsJson, show

if TYPE_CHECKING:
    from shipworthy.edges.export import AuditReport


def run(
    file: Annotated[Path, typer.Argument(help="The exported ledger.")],
    against: Annotated[Path | None, typer.Option(help="A signed head that was kept from an earlier export.")] = None,
    key: Annotated[str, typer.Option(help="The key id that must have signed.")] = "",
    json: AsJson = False,
) -> None:
    """Find every edited, dropped, inserted, reordered, cut or recomputed fact; exit 1 where there is one."""
    report = audited(file, against, key)
    show(report, json, _lines)
    raise typer.Exit(0 if report.holds else 1)


def _lines(report: AuditReport) -> list[str]:
    holds = "The ledger holds." if report.holds else f"The ledger does NOT hold: {len(report.findings)} findings."
    lines = [f"{report.facts} facts, head {report.head.digest}", holds]
    if report.rewritten:
        lines.append(
            f"{report.rewritten} stored files were rewritten to erase people; each old digest names its new one."
        )
    lines += [f"  {finding}" for finding in report.findings]
    return lines + [f"  Not shown by this: {limit}" for limit in report.limits]
