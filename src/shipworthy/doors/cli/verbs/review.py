"""sign: answer the questions of your function's review of a candidate, and decide.

Example: shipworthy review 3f9ac2d41b07 --function privacy --answer purpose=yes
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.base.errors import Mistake, UserError
from shipworthy.doors.cli.lines import gate_lines
from shipworthy.doors.cli.screen import AsJson, Product, on_terminal, product_here, session, show
from shipworthy.sign.rules import review_for
from shipworthy.sign.words import GiveReview


def run(
    candidate: Annotated[str, typer.Argument(help="Its digest, or the first digits.")],
    function: Annotated[str, typer.Option(help="The function you own: privacy, legal…")],
    answer: Annotated[
        list[str] | None, typer.Option(help="NAME=TEXT, for each question; asked for if missing.")
    ] = None,
    reject: Annotated[bool, typer.Option("--reject", help="Reject it; needs a reason.")] = False,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    product: Product = "",
    json: AsJson = False,
) -> None:
    """Give a review; on a terminal the questions without an answer are asked."""
    answers = _given(answer or [])
    if on_terminal() and not json:
        for question in review_for(function).questions:
            if question.name not in answers:
                # Quoted, since a choice may hold a comma or a stroke itself.
                choices = f" ({' or '.join(f'“{one}”' for one in question.choices)})" if question.choices else ""
                answers[question.name] = typer.prompt(f"{question.text}{choices}")
    with session() as opened:
        state = opened.do(
            GiveReview(
                product=product_here(product),
                candidate=candidate,
                function=function,
                answers=answers,
                decision="reject" if reject else "approve",
                reason=reason,
            )
        )
    show(state, json, gate_lines)


def _given(texts: list[str]) -> dict[str, str]:
    broken = [text for text in texts if "=" not in text]
    if broken:
        fix = "Write --answer NAME=TEXT."
        raise UserError(*(Mistake("cli.answer", text, "There is no = in this answer.", fix=fix) for text in broken))
    return {name.strip(): value.strip() for name, _, value in (text.partition("=") for text in texts)}
