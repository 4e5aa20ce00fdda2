"""What the data stage will refuse of a plan's contracts, said when the plan is written and not at the first snapshot.

The plan stage comes before data and cannot ask it; here both are known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shipworthy.base.check import CheckResult
from shipworthy.base.errors import Mistake, UserError
from shipworthy.base.kinds import kind
from shipworthy.data.source import FOLDER, SourceKind
from shipworthy.plan.reading import marks, read_plan
from shipworthy.plan.schema import Contract, Plan, Sink, Source
from shipworthy.plan.words import AdoptPlan


def contract_mistakes(plan: Plan, where: Callable[[str], str]) -> list[Mistake]:
    """Everything in a plan's contracts that no row could be judged by, and what its kinds of systems need besides.

    Args:
        where: gives file, line and column of a path.
    """
    from shipworthy.data.contract import mistakes

    return _not_filled_in(plan, where) + [
        replace(
            mistake, where=where(_path(mistake.where, name, source.contract)), found=f"{mistake.where}: {mistake.found}"
        )
        for name, source in plan.sources.items()
        for mistake in mistakes(name, source.contract)
    ]


def contract_findings(plan: Plan, where: Callable[[str], str]) -> list[CheckResult]:
    """The same as results of the question that `shipworthy check` asks."""
    asked = "Can every row be held against the contracts?"
    return [
        CheckResult(one.code, asked, "fail", one.found, why=one.why, advice=one.fix, where=one.where)
        for one in contract_mistakes(plan, where)
    ]


def refuse_broken_contracts(command: AdoptPlan) -> None:
    """Refuse to adopt a plan whose contracts could judge no row; what else is wrong, the plan's own rule says.

    Raises:
        UserError: with every mistake in the contracts.
    """
    try:
        plan = read_plan(command.text, command.file)
    except UserError:
        return
    if found := contract_mistakes(plan, marks(command.text, command.file).at):
        raise UserError(*found)


def _not_filled_in(plan: Plan, where: Callable[[str], str]) -> list[Mistake]:
    """The fields that a kind of source or sink needs and that are empty; a new kind says itself what it needs."""
    from shipworthy.deliver.sink import SinkKind

    needs: list[tuple[str, Source | Sink, tuple[str, ...]]] = [
        (f"sources.{name}", one, kind(FOLDER, one.kind, SourceKind).needs) for name, one in plan.sources.items()
    ]
    needs += [
        (f"sinks.{name}", sink, kind("deliver/sinks", sink.kind, SinkKind).needs) for name, sink in plan.sinks.items()
    ]
    return [
        Mistake(
            "plan.address",
            where(path),
            f"{path}.{field} is missing, which kind {declared.kind} needs.",
            "Without it there is nowhere to go.",
            f"Add `{field}: …`; docs/guide/connectors.md has an example of each kind.",
        )
        for path, declared, fields in needs
        for field in fields
        if not getattr(declared, field)
    ]


def _path(place: str, source: str, contract: Contract) -> str:
    """The path in the file; the data stage names a removal rule by its name, the file has it by its number."""
    rules = f"sources.{source}.contract.remove"
    for number, rule in enumerate(contract.remove):
        if place == f"{rules}.{rule.name}":
            return f"{rules}[{number}].where"
    return place
