"""respond: close an incident with cause, fix, check and your signature.

Example: shipworthy close-incident I-1 --root-cause "cents" --fix "repaired" --check "column orders.sum max between 0 9"
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show
from shipworthy.respond.words import CloseIncident

CHECK = (
    "The check that catches it from now on, run in every later proof: `floor MEASURE VALUE [where COLUMN=VALUE]`, "
    "`column SOURCE.COLUMN median between LOW HIGH` or `golden FEATURE=VALUE score between LOW HIGH`."
)


def run(
    incident: Annotated[str, typer.Argument(help="Its name.")],
    root_cause: Annotated[str, typer.Option(help="What caused it.")],
    fix: Annotated[str, typer.Option(help="What was done.")],
    check: Annotated[str, typer.Option(help=CHECK)] = "",
    no_check_because: Annotated[str, typer.Option(help="Why no check can find it, where none can.")] = "",
    wrong_from: Annotated[str, typer.Option(help="The first day of data that stays wrong.")] = "",
    wrong_until: Annotated[str, typer.Option(help="The first day that is right again.")] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """CloseIncident from the command line."""
    with session() as opened:
        answer = opened.do(
            CloseIncident(
                product=product_here(product),
                incident=incident,
                root_cause=root_cause,
                fix=fix,
                check=check,
                no_check_because=no_check_because,
                wrong_from=wrong_from,
                wrong_until=wrong_until,
            )
        )
    show(answer, json)
