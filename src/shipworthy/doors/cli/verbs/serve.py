"""deliver: serve predictions in real time, following the signed release pointer.

Example: shipworthy serve --port 8800
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.screen import Product, product_here


def run(
    port: Annotated[int, typer.Option(help="The port.")] = 8800,
    host: Annotated[str, typer.Option(help="The address to listen on; loopback only if not given.")] = "127.0.0.1",
    product: Product = "",
) -> None:
    """Start the prediction server of one product."""
    from shipworthy.doors.house import serve_predictions

    serve_predictions(product_here(product), host, port)
