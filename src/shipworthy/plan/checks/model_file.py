"""A model file comes in a format that cannot run code.

What it asks: is a model file .onnx or .skops? Are types that are
trusted beyond the standard list a known exception?

Why: a pickle or joblib file runs what its maker wants as soon as it is opened. Formats that can run code are refused
when a model is loaded, so a plan that names one can never be fulfilled.

Example: `file: model.pkl`.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan

_SAFE = (".onnx", ".skops")


def _unsafe(plan: Plan) -> list[Finding]:
    file, trusted = plan.model.file, plan.model.extra_trusted_types
    findings = []
    if file and not file.lower().endswith(_SAFE):
        found = f"model.file is {file!r}; known formats are {' and '.join(_SAFE)}."
        why = "Other formats can run code when they are opened, and are refused."
        findings.append(Finding(path="model.file", found=found, why=why, advice="Export the model to ONNX or skops."))
    if trusted and not (file.lower().endswith(".onnx")):
        found = f"model.extra_trusted_types trusts {len(trusted)} type{'s' if len(trusted) > 1 else ''} more: "
        found += f"{', '.join(trusted[:5])}."
        why = "Each of them is code that a model file may call."
        advice = "Let technology and validation see why each of them is needed."
        findings.append(Finding(path="model.extra_trusted_types", found=found, why=why, advice=advice, verdict="warn"))
    return findings


CHECK = PlanCheck(
    name="model_file",
    asks="Is a model file in a format that cannot run code?",
    why="A model file that can run code runs it on the machine that serves everybody.",
    fine="The model is trained here, or comes in a format that cannot run code.",
    run=_unsafe,
)
