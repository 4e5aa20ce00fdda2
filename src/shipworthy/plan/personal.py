"""Which columns are personal, and what is kept of them."""

from __future__ import annotations

from shipworthy.plan.schema import Plan


def treatments(plan: Plan) -> dict[str, str]:
    """How each personal column is kept beside answers, but for the entity."""
    declared = plan.data.personal_kept
    columns = {
        name for source in plan.sources.values() for name, column in source.contract.columns.items() if column.personal
    }
    names = (columns | set(plan.data.personal) | set(declared)) - {plan.need.entity}
    return {name: declared.get(name, "encrypt") for name in sorted(names)}
