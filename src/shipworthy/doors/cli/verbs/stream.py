"""deliver: answer the questions of a stream, from and to a broker, following the signed release pointer.

Example: shipworthy stream shop
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.screen import AsJson, Product, product_here


def run(
    consumer: Annotated[str, typer.Argument(help="The consumer; the only one with `mode: stream` if not given.")] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Start a worker of one stream; several may run on one store. Ctrl-C ends it when what is under way is settled."""
    from shipworthy.doors.house import work_stream

    work_stream(product_here(product), consumer, as_json=json)
