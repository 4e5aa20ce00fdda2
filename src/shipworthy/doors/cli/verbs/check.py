"""plan: say which needs product.yaml does not meet; needs no store and no login.

Example: shipworthy check product.yaml
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shipworthy.app.plan_file import checked_plan
from shipworthy.base.check import stands
from shipworthy.doors.cli.lines import plan_findings
from shipworthy.doors.cli.screen import AsJson, show


def run(
    file: Annotated[Path, typer.Argument(help="The file to check.")] = Path("product.yaml"), json: AsJson = False
) -> None:
    """Read the file, report every mistake at once, then ask every check whether the plan fits its needs."""
    plan, results = checked_plan(file)
    good = stands(results)
    shown = [result for result in results if result.verdict != "pass"]
    ending = (
        "The plan fits." if good else "The plan does not fit yet; `shipworthy explain CODE` says more about a code."
    )
    asked = f"{plan.product}: {len(results)} questions asked of the plan"
    show(results, json, lambda _: [asked, *plan_findings(shown), ending])
    raise typer.Exit(0 if good else 1)
