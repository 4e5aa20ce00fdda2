"""start: serve the pages and the HTTP API, and do what falls due, until stopped.

Example: shipworthy pages --port 8700
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.app.session import open_session
from shipworthy.app.words import WhoAmI
from shipworthy.doors.house import serve_house


def run(
    port: Annotated[int, typer.Option(help="The port.")] = 8700,
    host: Annotated[str, typer.Option(help="The address to listen on; loopback only if not given.")] = "127.0.0.1",
    work: Annotated[bool, typer.Option("--work/--no-work", help="Also do what falls due, as you.")] = False,
) -> None:
    """Serve pages at / and the API at /v1."""
    worker = ""
    if work:
        session = open_session()
        worker = session.ask(WhoAmI()).person
        session.close()
    serve_house(host, port, worker)
