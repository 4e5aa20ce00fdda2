"""respond: what triggers did, who was told, what failed, and what waits for somebody to take it up."""

from __future__ import annotations

from shipworthy.doors.cli.screen import AsJson, Product, moment, product_here, session, show, table
from shipworthy.respond.words import Responses, ResponseState


def run(product: Product = "", json: AsJson = False) -> None:
    """Responses from the command line."""
    with session() as opened:
        answer = opened.ask(Responses(product=product_here(product)))
    show(answer, json, _lines)


def _lines(found: ResponseState) -> list[str]:
    lines = [table(found.triggers, ["name", "when", "does", "severity", "dry", "acted", "last"])]
    lines += [f"PAUSED  {name}: {reason}" for name, reason in found.paused.items()]
    lines += [f"FALLEN BACK  the baseline answers everybody: {found.fallen_back}"] if found.fallen_back else []
    lines += [f"FAILING  {text}" for text in found.failing]
    lines += ["What happened, in UTC:"] if found.happenings else []
    for one in found.happenings:
        state = "waits for somebody" if one.waits else f"taken up by {one.taken_up_by}" if one.taken_up_by else "done"
        lines.append(f"{moment(one.at)}  {one.cause[:12]}  {one.trigger}: {one.text} [{state}]")
        lines += [f"    {action}" for action in one.actions]
    lines += [f"held back  {text}" for text in found.held_back]
    failed = [one for one in found.messages if one.reason]
    lines += [f"not sent  {moment(one.at)} UTC  to {one.to}, tried {one.tries} times: {one.reason}" for one in failed]
    return lines
