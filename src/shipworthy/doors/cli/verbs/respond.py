"""respond: let every declared trigger act; or, with --what-if, say what they would have done.

With --what-if nothing is done and nothing recorded: past months are replayed against the triggers of the plan in
force, or of a file that you have edited.

Example: shipworthy respond --what-if --since 1997-09-01 --plan product.yaml
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shipworthy.base.errors import Mistake, UserError
from shipworthy.doors.cli.screen import AsJson, Product, a_moment, moment, product_here, progress, session, show
from shipworthy.respond.words import Preview, Respond, WhatIf


def run(
    what_if: Annotated[bool, typer.Option("--what-if", help="Only say what would have happened.")] = False,
    since: Annotated[
        str, typer.Option(help="With --what-if: from this day on; the first release if not given.", callback=a_moment)
    ] = "",
    plan: Annotated[
        str, typer.Option(help="With --what-if: a product.yaml to try; the plan in force if not given.")
    ] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Respond, or WhatIf, from the command line."""
    if (since or plan) and not what_if:
        raise typer.BadParameter("--since and --plan belong to --what-if")
    with session() as opened:
        if not what_if:
            show(opened.do(Respond(product=product_here(product)), on_step=progress(json)), json)
            return
        text = _text(plan) if plan else ""
        show(opened.ask(WhatIf(product=product_here(product), since=since, plan=text)), json, _lines)


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        found = f"The file cannot be read: {getattr(error, 'strerror', '') or error}."
        raise UserError(Mistake("cli.cannot_read", file, found, fix="Name a product.yaml that you may read.")) from None


def _lines(found: Preview) -> list[str]:
    lines, because = list[str](), ""
    for one in found.lines:
        done = one.done or f"not done, {one.why_not}"
        lines.append(f"{moment(one.at)}  {one.trigger}: {one.action}: {done}")
        if one.text != because:  # several actions of one cause name it once
            lines.append(f"{'':18}because {one.text}")
        because = one.text
    day = f"{found.since[:10]} to {found.until[:10]}, times in UTC"
    lines += ["", f"{day}, {found.looked_at} moments looked at; nothing was done and nothing recorded."]
    names = sorted({*found.counts, *found.really})
    lines += [
        f"  {name:<40} would have acted {found.counts.get(name, 0):>4}, really did {found.really.get(name, 0):>4}"
        for name in names
    ]
    return lines + [f"  held back: {why:<29} {count:>4}" for why, count in found.held_back.items()]
