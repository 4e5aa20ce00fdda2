"""plan: print the JSON Schema of product.yaml, for editors.

Example: shipworthy schema > product.schema.json
"""

from __future__ import annotations

from shipworthy.doors.cli.screen import AsJson, show
from shipworthy.plan.json_schema import product_schema


def run(json: AsJson = False) -> None:
    """Print the schema, which is JSON whether asked for or not."""
    show(product_schema(), as_json=True)
