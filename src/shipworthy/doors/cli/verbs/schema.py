"""plan: print the JSON Schema of product.yaml, for editors.

Example: shipworthy schema > product.schema.json
"""

from __future__ import annotations

import json as format_json

from shipworthy.plan.json_schema import product_schema


def run() -> None:
    """Print the schema."""
    print(format_json.dumps(product_schema(), indent=1, ensure_ascii=False))
