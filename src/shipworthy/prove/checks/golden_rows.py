"""Made-up rows with their scores, kept so that anybody can ask later whether it still answers the same.

Why: Libraries are updated, machines change. Rows with known answers show at once that it no longer answers the same.

What to do: Nothing now; they are kept as evidence. Where a later answer differs, compare the environment with the
locked one.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from shipworthy.base.check import CheckResult
from shipworthy.base.digest import canonical
from shipworthy.prove.check import ProofCheck, Subject, always
from shipworthy.prove.golden import FILE, SAME, made_up, replayed
from shipworthy.prove.intervals import apart
from shipworthy.prove.phrases import counted


def _run(subject: Subject) -> CheckResult:
    rows = made_up(subject.now.features)
    scores = subject.answerer.scores(rows)
    kept = {"features": {name: [_plain(value) for value in rows[name]] for name in rows.columns}, "scores": scores}
    content = canonical(kept)
    again = subject.answerer.scores(replayed(json.loads(content), rows))
    distance = apart(again, scores)
    same = distance <= SAME
    return CHECK.result(
        "pass" if same else "fail",
        f"{counted(len(rows), 'made-up row')} and their scores are kept; read back they give "
        f"{'the same scores' if same else f'scores up to {distance:.2g} apart'}.",
        measured=distance,
        bound=SAME,
        bound_is="at most",
        why="A later change of software or code that changes answers shows on these rows before anybody is harmed.",
        advice="" if same else "Look for a feature whose value does not survive being written down.",
        evidence={FILE: subject.keep(FILE, content)},
    )


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value


CHECK = ProofCheck(
    name="golden_rows",
    title="Rows to replay",
    asks="Are rows kept with which its answers can be replayed later?",
    applies=always,
    run=_run,
)
