"""respond: keep doing what falls due, every few seconds, until stopped.

Example: shipworthy work --every 30
"""

from __future__ import annotations

import json as format_json
import time
from typing import Annotated

import typer

from shipworthy.app.words import DoWhatIsDue
from shipworthy.doors.cli.screen import AsJson, Product, product_here, progress, session


def run(
    every: Annotated[float, typer.Option(help="Seconds between two looks.", min=1)] = 30.0,
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Work until interrupted; as JSON, one line for each thing done, since there is no end to wait for."""
    with session() as opened:
        while True:
            for line in opened.do(DoWhatIsDue(product=product_here(product)), on_step=progress(json)):
                print(format_json.dumps({"done": line}) if json else line, flush=True)
            time.sleep(every)
