"""A rehearsal reaches nobody.

What it asks: is the `rehearsal` destination of every sink another place than its real one, and than the real one of
any other sink?

Why: the rehearsal takes the real route, with answers that nobody signed for. Only the destination differs.

Example: `path: out/list.csv` with `rehearsal: out/list.csv`.
"""

from collections.abc import Sequence

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan, Sink


def _real(plan: Plan) -> list[Finding]:
    findings = []
    for name, sink in plan.sinks.items():
        for other, owner in plan.sinks.items():
            if rehearsal_place(sink) == real_place(owner):
                whose = "the real destination itself" if other == name else f"the real destination of {other}"
                findings.append(
                    Finding(
                        path=f"sinks.{name}.rehearsal",
                        found=f"sinks.{name}.rehearsal is {sink.rehearsal!r}, which is {whose}.",
                        advice="Name a path or table that nobody reads for real.",
                    )
                )
    return findings


def real_place(sink: Sink) -> tuple[str, str]:
    """Where a sink writes for real: the system, and the place in it, such as the address and table of a database."""
    return _place(sink, sink.path, sink.table, sink.to, sink.url)


def rehearsal_place(sink: Sink) -> tuple[str, str]:
    """Where a sink writes in a rehearsal."""
    return _place(sink, sink.rehearsal, sink.rehearsal, sink.rehearsal.split(","), sink.rehearsal)


def _place(sink: Sink, path: str, table: str, to: Sequence[str], url: str) -> tuple[str, str]:
    if sink.table:
        return sink.url, table.lower()
    if sink.to:
        return sink.url, ",".join(sorted(person.strip().lower() for person in to))
    return "", url if sink.url else _tidy(path)


def _tidy(path: str) -> str:
    """A path without the detours that make one place look like two."""
    parts: list[str] = []
    for part in path.strip().split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in (".", "") or not parts:
            parts.append(part)
    return "/".join(part for part in parts if part != ".")


CHECK = PlanCheck(
    name="rehearsal",
    asks="Does a rehearsal go somewhere else than the real thing?",
    why="A rehearsal carries answers that nobody signed for; they must not reach people.",
    fine="Every sink has a rehearsal destination of its own.",
    run=_real,
)
