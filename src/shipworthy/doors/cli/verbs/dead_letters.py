"""deliver: messages of a stream that could not be answered, with the reason; --replay sends them again as questions.

Example: shipworthy dead-letters shop --replay
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.deliver.words import DeadLetters, ReplayDeadLetters
from shipworthy.doors.cli.screen import AsJson, Product, product_here, progress, session, show, table


def run(
    consumer: Annotated[str, typer.Argument(help="The consumer whose stream it is.")],
    replay: Annotated[bool, typer.Option("--replay", help="Send them again, once each.")] = False,
    most: Annotated[int, typer.Option(min=1, help="How many at most, oldest first.")] = 1_000,
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Dead letters from the command line."""
    named = product_here(product)
    with session() as opened:
        if replay:
            command = ReplayDeadLetters(product=named, consumer=consumer, most=most)
            show(opened.do(command, on_step=progress(json)), json)
            return
        found = opened.ask(DeadLetters(product=named, consumer=consumer, most=most))
    show(found, json, lambda cards: table(cards, ["id", "code", "reason", "bytes", "origin"]))
