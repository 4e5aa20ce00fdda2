"""A shop whose model answers everybody, and three programs that ask it: by key, by values, and by either."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from e2e.voyage.shop import PRODUCT, open_shop, plan_text
from e2e.voyage.shops import Shops
from e2e.voyage.voyage import Voyage

from shipworthy.app.wiring import close_desk
from shipworthy.deliver.log import ANSWERS, REFUSALS
from shipworthy.deliver.words import AnswersSealed, RefusalsSealed
from shipworthy.doors.house import running
from shipworthy.doors.predict.app import Predictions
from shipworthy.doors.predict.wire import Wire
from shipworthy.plan.words import AdoptPlan

ASKERS = {"key": "shop-system", "values": "till-system", "either": "desk-system"}
"""Who asks by what."""

_MORE = """
  till:
    who: The tills, which know what a customer just did
    person: till-system
    mode: realtime
    latency: 2s
    asks_by: values
    time_to_act: 1s
    if_stopped: baseline
  desk:
    who: The help desk, which asks either way
    person: desk-system
    mode: realtime
    latency: 2s
    asks_by: either
    time_to_act: 1s
    if_stopped: baseline

sources:"""


class ManyAskers(Voyage):
    """The shop with two more real-time consumers."""

    def __init__(self, root: Path) -> None:
        self.shop = open_shop(root)
        text = plan_text().replace("\nsources:", _MORE, 1).replace("latency: 100ms", "latency: 2s")
        (root / "product.yaml").write_text(text)
        self.desk = self.shop.desk()
        self.do("administrator", AdoptPlan(product=PRODUCT, text=text))


@dataclass(frozen=True)
class Quay:
    """A server that answers, and the tokens of those who may ask."""

    voyage: Voyage
    app: Predictions
    address: str
    tokens: dict[str, str]
    values: dict[str, float]

    @property
    def place(self) -> str:
        """Host and port."""
        return self.address.removeprefix("http://")

    def bearer(self, by: str = "either") -> dict[str, str]:
        """The header that says who asks."""
        return {"Authorization": f"Bearer {self.tokens[by]}"}

    def call(self, method: str, path: str, body: Any = None, by: str = "either", **headers: str) -> httpx.Response:
        """One request and its answer."""
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        with httpx.Client(trust_env=False, timeout=120) as client:
            return client.request(
                method, f"{self.address}{path}", content=content, headers={**self.bearer(by), **headers}
            )

    @property
    def counted(self) -> tuple[int, int]:
        """How many answers and refusals the server has counted."""
        return self.app.tally.answered, sum(self.app.tally.refused.values())


def live_shop(shops: Shops, root: Path) -> ManyAskers:
    """The shop, its model released to everybody, with one list made by it; a copy of one's own."""
    return ManyAskers.left_in(Path(shutil.copytree(shops.made("many askers", _live), root, dirs_exist_ok=True)))


def _live(root: Path) -> None:
    voyage = ManyAskers(root)
    voyage.live_baseline("all")
    voyage.advance("1997-07-01")
    voyage.live_model()
    voyage.advance("1997-08-01")
    close_desk(voyage.desk)


@contextmanager
def quay(shops: Shops, root: Path) -> Iterator[Quay]:
    """A server of a live shop, for as long as the block lasts."""
    voyage = live_shop(shops, root)
    try:
        app = Predictions(voyage.desk, PRODUCT)
        tokens = {by: voyage.desk.people.add(person) for by, person in ASKERS.items()}
        ready = next(iter(app.serving.ready.values()))
        values = {str(name): float(value) for name, value in ready.features.iloc[0].items()}
        with running(app, http=Wire) as address:
            yield Quay(voyage, app, address, tokens, values)
    finally:
        close_desk(voyage.desk)


def logged(voyage: Voyage) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Every answer and every refusal that prediction servers have sealed."""
    files = voyage.desk.store.files
    answers = [one for one in voyage.facts(AnswersSealed) if one.run.startswith("serve/")]
    refusals = voyage.facts(RefusalsSealed)
    rows = [row for one in answers for row in files.table(one.segment).select(ANSWERS.names).to_pylist()]
    return rows, [row for one in refusals for row in files.table(one.segment).select(REFUSALS.names).to_pylist()]
