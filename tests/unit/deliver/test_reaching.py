"""What an erasure says it cannot reach."""

from __future__ import annotations

from unit.sign.history import History

from shipworthy.base.fact import KnownPast
from shipworthy.deliver.reaching import outside
from shipworthy.plan.schema_need import StreamRoute

ROUTE = StreamRoute(broker="bus", questions="q", answers="a", dead_letters="d", rehearsal="r")


def test_a_stream_is_named_with_who_must_act() -> None:
    plan = History().plan
    name, consumer = next(iter(plan.consumers.items()))
    assert not any("stream" in one["what"] for one in outside(KnownPast([]), plan, "mark", [], [], ""))
    streamed = plan.model_copy(
        update={"consumers": {name: consumer.model_copy(update={"mode": "stream", "stream": ROUTE})}}
    )
    [found] = [one for one in outside(KnownPast([]), streamed, "mark", [], [], "") if "stream" in one["what"]]
    assert name in found["what"]
    assert found["who"] == plan.people.operator
