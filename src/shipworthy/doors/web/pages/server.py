"""The prediction servers and the workers of streams: what each says of itself, and which are silent."""

from __future__ import annotations

from starlette.responses import Response

from shipworthy.app.words import PlanInForce
from shipworthy.deliver.words import Servers
from shipworthy.doors.web.visit import Page, Visit
from shipworthy.release.words import Releases

SIGNS = {"answering": "pass", "trouble": "warn", "behind": "warn", "silent": "fail", "stopped": "not_run"}
MEANS = {
    "answering": "It answers, and finds nothing wrong.",
    "trouble": "It answers, and says that something is wrong.",
    "behind": "It answers with candidates that are not released to anybody now.",
    "silent": "It has not said anything for more than a minute: it is stuck, cut off or gone without a word.",
    "stopped": "It was ended, and said so.",
}


def _show(visit: Visit) -> Response:
    consumers = visit.ask(PlanInForce(product=visit.product)).plan["consumers"]
    real_time = {name: told for name, told in consumers.items() if told["mode"] == "realtime"}
    streams = {name: told for name, told in consumers.items() if told["mode"] == "stream"}
    servers = visit.ask(Servers(product=visit.product))
    instead = dict.fromkeys(visit.ask(Releases(product=visit.product)).instead.values())
    unseen = [name for name in streams if name not in {one.said.consumer for one in servers}]
    return visit.product_page(
        "server.html",
        servers=servers,
        signs=SIGNS,
        means=MEANS,
        real_time=real_time,
        streams=streams,
        unseen=unseen,
        instead=list(instead),
    )


PAGE = Page("/products/{product}/server", _show, label="Server", order=4.5)
