"""What is kept of personal values can still be used for what needs it.

What it asks: is every column under `data.personal_kept` a personal one, and can what answers and watches still read
what it needs?

Why: a value that is dropped or hashed cannot be read again. The prediction server answers from stored features, and
drift is judged by them.

Example: `personal_kept: {age: drop}` beside a real-time consumer who asks by the entity alone.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.checks.right_to_use import personal_columns
from shipworthy.plan.schema import Plan


def _kept(plan: Plan) -> list[Finding]:
    personal = {name for source in plan.sources.values() for name in personal_columns(source, plan)}
    personal |= set(plan.data.personal)
    by_key = [name for name, one in plan.consumers.items() if one.mode != "list" and one.asks_by != "values"]
    found = []
    for name, how in plan.data.personal_kept.items():
        path = f"data.personal_kept.{name}"
        if name == plan.need.entity:
            advice = "Take it out; give entities names that say nothing, where the names themselves are the trouble."
            told = f"{name} names the entity, and is kept as it is: labels, traces and erasure find rows by it."
            found.append(Finding(path=path, found=told, advice=advice))
        elif name not in personal:
            advice = "Add it to `data.personal`, or take it out here."
            found.append(Finding(path=path, found=f"{name} is not declared as personal.", advice=advice))
        elif how in ("drop", "hash") and by_key and _is_feature(plan, name):
            advice = "Write `encrypt`, or have the consumer give it with each question (`asks_by: values`)."
            told = f"{name} is kept by {how}, but {', '.join(by_key)} is answered from the stored features."
            found.append(Finding(path=path, found=told, advice=advice))
    return found


def _is_feature(plan: Plan, name: str) -> bool:
    """Whether a column may be a feature; of a pipeline nobody knows before it runs."""
    return plan.data.features is None or name in plan.data.features.columns


CHECK = PlanCheck(
    name="personal_kept",
    asks="Can what is kept of personal values still be used for what needs it?",
    why="A value that is dropped or hashed cannot be read again, neither to answer from nor to see drift.",
    fine="What is kept of personal values is declared for personal columns, and what answers can read it.",
    run=_kept,
)
