"""One visit to a page: who comes, what they ask, and how the page is put together."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shipworthy.app.desk import Desk
from shipworthy.app.rights import Identity
from shipworthy.app.words import Me, ProductRoad, ProductState, WhoAmI
from shipworthy.base.errors import Mistake, NotAllowed
from shipworthy.base.fact import Command, Question
from shipworthy.doors.web.render import rendered

T = TypeVar("T")
MOST_FIELDS = 200


@dataclass(frozen=True)
class Visit:
    """A request by somebody who is logged in, as pages see it.

    Attributes:
        path: the parts of the address that vary, such as ``product``.
        query: what stands after the question mark.
        form: the fields of a form that was sent; empty otherwise.
        csrf: the token that every form of this session carries.
        problems: what went wrong with the form just sent, to be shown above it.
    """

    desk: Desk
    who: Identity
    csrf: str
    address: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str] = field(default_factory=dict)
    problems: Sequence[Mistake] = ()
    status: int = 200

    def ask(self, question: Question[T]) -> T:
        """The desk's answer to this visitor."""
        return self.desk.ask(question, self.who)

    def do(self, command: Command[T]) -> T:
        """Have the desk do something for this visitor."""
        return self.desk.do(command, self.who)

    @property
    def product(self) -> str:
        """The product that the address names."""
        return self.path["product"]

    def page(self, template: str, **content: Any) -> Response:
        """A page of its own."""
        return HTMLResponse(rendered(template, visit=self, **content), self.status)

    def product_page(self, template: str, **content: Any) -> Response:
        """A page about one product, with its head: name, state, what is simulated, and the way to its other pages."""
        state: ProductState = self.ask(ProductRoad(product=self.product))
        me: Me = self.ask(WhoAmI(product=self.product))
        return self.page(template, state=state, me=me, zone=state.zone, **content)

    def back(self, done: str = "", **query: str) -> Response:
        """Back to the same page after a form was carried out, saying what was done."""
        given = {**query, **({"done": done} if done else {})}
        text = "&".join(f"{quote(key)}={quote(value)}" for key, value in given.items())
        return RedirectResponse(f"{self.address}?{text}" if text else self.address, 303)

    def again(self, problems: Sequence[Mistake], status: int) -> Visit:
        """The same visit, to show the form again with what is wrong."""
        return replace(self, problems=problems, status=status)


@dataclass(frozen=True)
class Page:
    """A page: its address, how it is shown and what its form does.

    Attributes:
        path: its address; ``{product}`` and the like vary.
        label: its name in the product's menu; empty for pages that do not stand there.
        order: its place in the menu.
        send: carries out the page's form; None for a page without one.
    """

    path: str
    show: Callable[[Visit], Response]
    label: str = ""
    order: float = 0
    send: Callable[[Visit], Response] | None = None


async def fields_of(request: Request) -> dict[str, str]:
    """The fields of a form; files are not taken, and neither are more fields than any form of ours has.

    Raises:
        HTTPException: 400, it is no such form.
    """
    async with request.form(max_files=0, max_fields=MOST_FIELDS) as form:
        return {key: value for key, value in form.items() if isinstance(value, str)}


def forged(request: Request, sent: str, expected: str) -> bool:
    """Whether a form did not come from a page of ours: wrong token, or sent from another origin."""
    origin = request.headers.get("origin", "")
    foreign = bool(origin) and urlsplit(origin).netloc != request.headers.get("host", "")
    cross_site = request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    return foreign or cross_site or not hmac.compare_digest(sent.encode(), expected.encode())


def forgery(where: str) -> NotAllowed:
    """The error for a form that did not come from a page of ours."""
    return NotAllowed(
        Mistake(
            "web.forgery",
            where,
            "This form was not sent from a page of this session.",
            "Otherwise another site could sign in your name.",
            "Open the page again and send the form from there.",
        )
    )
