"""plan: put product.yaml into force as the next plan version.

Example: shipworthy plan product.yaml
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shipworthy.app.plan_file import plan_text, product_named_in
from shipworthy.doors.cli.lines import plan_findings
from shipworthy.doors.cli.screen import AsJson, session, show
from shipworthy.plan.words import VOIDS, AdoptedPlan, AdoptPlan


def run(
    file: Annotated[Path, typer.Argument(help="The file to adopt.")] = Path("product.yaml"), json: AsJson = False
) -> None:
    """Adopt a plan; refused with every mistake where it is broken or does not fit."""
    text = plan_text(file)
    with session() as opened:
        adopted = opened.do(AdoptPlan(product=product_named_in(text, str(file)), text=text, file=str(file)))
    show(adopted, json, _lines)


def _lines(plan: AdoptedPlan) -> list[str]:
    """Which version is in force, what changed against the one before, and what becomes of what answers now."""
    same = plan.version > 1 and not plan.changes
    lines = [f"Plan version {plan.version} is in force{', as before' if same else ''} ({plan.digest[:12]})."]
    lines += [f"  {change}" for change in plan.changes]
    if any(change.endswith(f"({VOIDS})") for change in plan.changes):
        lines.append("  What answers now goes on answering. Under this plan, train, prove and sign a new candidate.")
    return [*lines, *plan_findings(plan.warnings)]
