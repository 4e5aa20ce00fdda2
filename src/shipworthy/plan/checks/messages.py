"""Messages reach somebody.

What it asks: where a trigger notifies, is there a route for technology, who runs it, and for the consumers who wait
for lists?

Why: without a route a message is written into the ledger and nobody is told. The people who wait for a list are the
last to hear that it will not come.

Example: `do: [notify]` with `routes: {}`.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan


def _unheard(plan: Plan) -> list[Finding]:
    routes = plan.respond.routes
    if not any("notify" in trigger.do for trigger in plan.respond.triggers):
        return []
    if not routes:
        return [
            Finding(
                path="respond.triggers",
                found="Triggers notify, but respond.routes is empty.",
                advice="Add routes, for example `technology: file:out/messages`.",
                verdict="warn",
            )
        ]
    waiting = [name for name, consumer in plan.consumers.items() if consumer.mode == "list"]
    return [
        Finding(
            path="respond.routes",
            found=f"respond.routes has no route for {receiver}.",
            advice=f"Add `{receiver}: file:PATH` or an https address.",
            verdict="warn",
        )
        for receiver in ("technology", *waiting)
        if receiver not in routes
    ]


CHECK = PlanCheck(
    name="messages",
    asks="Does a message reach the people it is for?",
    why="Without a route a message is on record, and nobody is told.",
    fine="Messages have routes, or no trigger notifies.",
    run=_unheard,
)
