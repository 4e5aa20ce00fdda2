"""Is the file what it says it is, and can it do nothing but answer?

Why: A model file travels. One that can run code, or that is not the one that was proven, may do anything where it is
opened.

What to do: Write it again as skops or ONNX. A type that was reviewed can be named in `model.extra_trusted_types`,
which is signed.
"""

from __future__ import annotations

from shipworthy.base.check import CheckResult, Verdict
from shipworthy.base.digest import digest_of_bytes
from shipworthy.base.errors import UserError
from shipworthy.model.candidate import verify
from shipworthy.model.format import Opening, format_named, runs_code
from shipworthy.prove.check import ProofCheck, Subject, always
from shipworthy.prove.phrases import counted, listed

LARGE = 500_000_000  # bytes


def _run(subject: Subject) -> CheckResult:
    problems = [*_content(subject), *_format(subject), *_environment(subject)]
    size = sum(len(content) for content in subject.stored.values())
    trusted = subject.plan.model.extra_trusted_types
    found = (
        f"{counted(len(subject.stored), 'file')} of together {_size(size)} match their digests; the model is in the "
        f"format {subject.made.format}, which holds no code; the software here is the software it was made with."
    )
    remarks = [f"It trusts types beyond the standard list: {listed(trusted)}."] if trusted else []
    if size > LARGE:
        remarks.append(f"Its files are {_size(size)} large; every server that answers has to load them.")
    verdict: Verdict = "fail" if problems else "warn" if remarks else "pass"
    return CHECK.result(
        verdict,
        " ".join(problems or [found, *remarks]),
        measured=float(size),
        why="A model file that runs code, or that was changed after it was made, can do anything in our name.",
        advice=_advice(bool(problems), bool(trusted)),
    )


def _content(subject: Subject) -> list[str]:
    problems: list[str] = []
    try:
        verify(subject.made)
    except UserError as error:
        problems += [mistake.found for mistake in error.mistakes]
    for name, stated in subject.made.files.items():
        if name not in subject.stored:
            problems.append(f"The file {name} is missing.")
        elif digest_of_bytes(subject.stored[name]) != stated:
            problems.append(f"The file {name} is not the one that was recorded ({stated[:12]}).")
    return problems


def _format(subject: Subject) -> list[str]:
    content = subject.stored.get("model", b"")
    reason = runs_code(content)
    if reason:
        return [reason]
    label = subject.plan.data.label
    opening = Opening(
        where="model",
        answer=subject.plan.need.answer,
        features=subject.made.features,
        trusted=subject.plan.model.extra_trusted_types,
        yes=(label.yes or "") if label else "",
    )
    return [mistake.found for mistake in format_named(subject.made.format).inspect(content, opening)]


def _environment(subject: Subject) -> list[str]:
    return [f"The software differs: {listed(subject.differences)}."] if subject.differences else []


def _advice(problems: bool, trusted: bool) -> str:
    if problems:
        return "Do not open it. Make the candidate again, and find out who changed what."
    return "The technology owner reviews these types before signing." if trusted else ""


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1e3:,.1f} kB"


CHECK = ProofCheck(
    name="artefact_safety",
    title="A file that can do no harm",
    asks="Is every file the recorded one, unable to run code, and at home in this software?",
    applies=always,
    run=_run,
)
