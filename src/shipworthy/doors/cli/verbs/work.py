"""respond: keep doing what falls due, every few seconds, until stopped.

Example: shipworthy work --every 30
"""

from __future__ import annotations

import time
from typing import Annotated

import typer

from shipworthy.app.words import DoWhatIsDue
from shipworthy.doors.cli.screen import Product, product_here, progress, session


def run(
    every: Annotated[float, typer.Option(help="Seconds between two looks.", min=1)] = 30.0, product: Product = ""
) -> None:
    """Work until interrupted."""
    with session() as opened:
        while True:
            for line in opened.do(DoWhatIsDue(product=product_here(product)), on_step=progress(False)):
                print(line, flush=True)
            time.sleep(every)
