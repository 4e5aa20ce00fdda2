"""deliver: serve predictions in real time, following the signed release pointer.

Example: shipworthy serve --port 8800
"""

from __future__ import annotations

from shipworthy.doors.cli.screen import AsJson, Hosts, Listen, Port, Product, product_here


def run(
    port: Port = 8800,
    host: Listen = "127.0.0.1",
    hosts: Hosts = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Start the prediction server of one product."""
    from shipworthy.doors.house import reached_as, serve_predictions

    serve_predictions(product_here(product), host, port, reached_as(host, hosts), as_json=json)
