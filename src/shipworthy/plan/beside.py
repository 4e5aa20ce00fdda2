"""Whether the files that a plan names lie beside product.yaml yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from shipworthy.base.check import CheckResult
from shipworthy.plan.check import Finding, PlanCheck, judged
from shipworthy.plan.schema import Plan


def files_there(plan: Plan, folder: Path, where: Callable[[str], str]) -> list[CheckResult]:
    """One warning for each file that is not there; a plan comes first, so none of them keeps it from being adopted.

    Args:
        folder: that of product.yaml.
        where: gives file, line and column of a path.
    """
    check = PlanCheck(
        name="no_file",
        asks="Do the files that the plan names lie beside it?",
        why="The step that needs the file will stop without it.",
        fine="Every file that the plan names is there.",
        run=lambda plan: [
            Finding(
                path=path, found=f"{path} is {name}, which is not there yet.", advice=f"Write {use}.", verdict="warn"
            )
            for path, name, use in _named(plan)
            if name and not (folder / name).exists()
        ],
    )
    return judged(check, plan, where)


def _named(plan: Plan) -> list[tuple[str, str, str]]:
    """Path in the plan, file, and what to write."""
    files = [
        ("data.pipeline", plan.data.pipeline or "", "features(), label() and train() there before the first candidate"),
        ("model.file", plan.model.file, "or copy the model there before the first candidate that is no baseline"),
    ]
    return files + [
        (f"consumers.{name}.guide", consumer.guide, f"there what {name} should do with the output, and what not")
        for name, consumer in plan.consumers.items()
    ]
