"""deliver: serve predictions in real time, following the signed release pointer.

Example: shipworthy serve --port 8800
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.screen import AsJson, Hosts, Listen, Port, Product, product_here

GrpcPort = Annotated[
    int | None,
    typer.Option(
        min=0, max=65_535, help="Speak the Open Inference Protocol over gRPC at this port too; 0: a free one."
    ),
]


def run(
    port: Port = 8800,
    host: Listen = "127.0.0.1",
    hosts: Hosts = "",
    grpc_port: GrpcPort = None,
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Start the prediction server of one product."""
    from shipworthy.doors.house import reached_as, serve_predictions

    serve_predictions(product_here(product), host, port, reached_as(host, hosts), grpc_port=grpc_port, as_json=json)
