"""The front page: what waits for you, then every product with its state in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from starlette.responses import Response

from shipworthy.app.words import GuideFor, Products, ProductState, WhoAmI
from shipworthy.base.errors import NotFound
from shipworthy.deliver.words import Deliveries
from shipworthy.doors.web.render import headline
from shipworthy.doors.web.visit import Page, Visit
from shipworthy.respond.words import Responses
from shipworthy.sign.words import WaitingFor


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for the visitor, and the page on which it is done."""

    product: str
    title: str
    address: str


def _show(visit: Visit) -> Response:
    products = visit.ask(Products())
    waiting = [one for state in products for one in _waiting(visit, state)]
    return visit.page("home.html", products=products, waiting=waiting)


def _waiting(visit: Visit, state: ProductState) -> Iterator[Waiting]:
    product, front = state.product, f"/products/{state.product}"
    tasks = visit.ask(WaitingFor(product=product))
    reviews = {(task.function, task.candidate) for task in tasks if task.kind == "review"}
    for task in tasks:
        if task.kind == "sign-off" and (task.function, task.candidate) in reviews:
            continue  # it is asked for once the review is given
        yield Waiting(product, task.title, f"{front}/sign?candidate={task.candidate}#{task.kind}-{task.function}")
    for step in state.next_steps:
        # What is to be signed stands above already, by its candidate.
        if step.who == visit.who.person and step.page != "sign":
            yield Waiting(product, step.text, f"{front}/{step.page}" if step.page else front)
    me = visit.ask(WhoAmI(product=product))
    roles = me.roles
    if "respond" in me.rights:
        yield from _to_take_up(visit, product, {role.rpartition(":")[2] for role in roles})
    mine = {role.removeprefix("consumer:") for role in roles if role.startswith("consumer:")}
    for consumer in sorted(mine):
        with suppress(NotFound):  # without a guide there is nothing to read
            if not visit.ask(GuideFor(product=product, consumer=consumer)).read_at:
                yield Waiting(product, f"Read the guide for {consumer}", f"{front}/guides/{consumer}")
    came = [one for one in visit.ask(Deliveries(product=product)) if one.consumer in mine] if mine else []
    open_ones = [one for one in came if not one.acknowledged and one.state in ("on time", "late")]
    if open_ones:
        count = "1 delivery" if len(open_ones) == 1 else f"{len(open_ones)} deliveries"
        yield Waiting(product, f"Confirm that {count} arrived", f"{front}/deliveries")


def _to_take_up(visit: Visit, product: str, functions: set[str]) -> Iterator[Waiting]:
    """What a trigger told the visitor about and nobody looks after yet."""
    for one in visit.ask(Responses(product=product)).happenings:
        if one.waits and functions.intersection(one.told):
            title = f"Say who looks after it: {headline(one.text).rstrip('.')}"
            yield Waiting(product, title, f"/products/{product}/response#{one.cause[:12]}")


PAGE = Page("/", _show)
