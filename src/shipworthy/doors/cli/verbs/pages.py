"""start: serve the pages and the HTTP API until stopped; with `--work` also do what falls due.

Example: shipworthy pages --port 8700
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import typer

from shipworthy.app.session import open_session
from shipworthy.app.settings import settings
from shipworthy.app.words import WhoAmI
from shipworthy.doors.cli.screen import AsJson, Hosts, Listen, Port


def run(
    port: Port = 8700,
    host: Listen = "127.0.0.1",
    hosts: Hosts = "",
    work: Annotated[bool, typer.Option("--work/--no-work", help="Also do what falls due, as you.")] = False,
    json: AsJson = False,
) -> None:
    """Serve pages at / and the API at /v1."""
    from shipworthy.doors.house import reached_as, serve_house

    public = urlsplit(settings().pages).hostname or ""  # people come by the links in messages under this name
    names = reached_as(host, ",".join((hosts, public)))
    worker = ""
    if work:
        session = open_session()
        worker = session.ask(WhoAmI()).person
        session.close()
    serve_house(host, port, worker, names, as_json=json)
