"""start: make a store and a first product in this folder.

Without --from you begin with `blank`: one table of your own, to be filled in from top to bottom. `next-purchase` is a
complete product to read and change, with a pipeline of its own, whose data `make demo` fetches.

Example: shipworthy init
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.app.opening import make_store, starters
from shipworthy.app.settings import settings
from shipworthy.doors.cli.screen import AsJson, show


def run(
    start: Annotated[str, typer.Option("--from", help=f"A starter to begin with: {', '.join(starters())}.")] = "blank",
    administrator: Annotated[str, typer.Option(help="The login of the first administrator.")] = "administrator",
    json: AsJson = False,
) -> None:
    """Make store, key, first administrator and the starter's files; never overwrites a file."""
    made = make_store(settings(), start, administrator)
    show(
        made,
        json,
        lambda made: [
            f"A store lies in {made.home}; you are logged in as {made.administrator}.",
            *(f"  wrote {name}" for name in made.written),
            *(f"  kept  {name} as it was" for name in made.kept),
            f"  token of {made.administrator} (shown only now): {made.token}",
            "Next: fill in product.yaml; `shipworthy check` says what is left, `shipworthy plan` puts it into force.",
        ],
    )
