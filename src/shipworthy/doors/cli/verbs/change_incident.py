"""respond: say that an incident is worse, or less bad, than was thought, or who looks after it now.

Example: shipworthy change-incident I-ac6461c6 --severity critical --remark "All branches have it."
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show
from shipworthy.respond.words import ChangeIncident, Severity


def run(
    incident: Annotated[str, typer.Argument(help="Its name.")],
    severity: Annotated[Severity, typer.Option(help="How bad it is.")],
    owner: Annotated[str, typer.Option(help="Who looks after it; as before if not given.")] = "",
    remark: Annotated[str, typer.Option(help="Why.")] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """ChangeIncident from the command line."""
    command = ChangeIncident(
        product=product_here(product), incident=incident, severity=severity, owner=owner, remark=remark
    )
    with session() as opened:
        answer = opened.do(command)
    show(answer, json)
