"""respond: an incident from its cause to the signature that closed it, as the facts tell it.

Example: shipworthy post-mortem I-ac6461c6 --people
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.doors.cli.screen import AsJson, Product, moment, product_here, session, show
from shipworthy.respond.words import AffectedPeople, IncidentCard, PostMortem, PostMortemTold


def run(
    incident: Annotated[str, typer.Argument(help="Its name.")],
    people: Annotated[
        bool, typer.Option("--people", help="List everybody whom it reached, for who may act on it.")
    ] = False,
    product: Product = "",
    json: AsJson = False,
) -> None:
    """PostMortem from the command line."""
    with session() as opened:
        if people:
            show(opened.ask(AffectedPeople(product=product_here(product), incident=incident)), json)
        else:
            show(opened.ask(PostMortem(product=product_here(product), incident=incident)), json, _lines)


def _lines(found: PostMortemTold) -> list[str]:
    one = found.incident
    lines = [f"{one.incident}  {one.title}", f"{one.severity}, with {one.owner}, to be closed by {one.due_by[:10]}"]
    least, most = one.people_at_least, one.people_at_most
    people = f"{most:,} people" if least == most else f"at least {least:,} and at most {most:,} people"
    reached = f"{one.deliveries:,} deliveries and {one.answers:,} answers in {len(one.affected)} runs"
    lines += [f"{reached}, to {people}", *_of_data(one), "", "What happened, in UTC:"]
    lines += [f"  {moment(fact.at)}  {fact.who:<18} {fact.text}" for fact in found.moments]
    if one.closed_at:
        check = f"{one.check} ({'every proof asks it' if one.check_runs else 'no proof asks it'})"
        if one.no_check_because:
            check = f"none possible, because {one.no_check_because}"
        lines += ["", f"Cause  {one.root_cause}", f"Fix    {one.fix}", f"Check  {check}"]
        lines += [f"Signed by {one.closed_by}, {one.closed_at[:10]}"]
    return lines


def _of_data(one: IncidentCard) -> list[str]:
    """What is said of an incident about data; nothing of another."""
    lines = [f"data of {'any source' if one.source == '*' else one.source} is suspect"] if one.source else []
    if one.wrong_from:
        lines.append(
            f"data from {one.wrong_from[:10]} to {one.wrong_until[:10]} stays wrong: nothing is learnt from it"
        )
    return lines
