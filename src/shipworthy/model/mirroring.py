"""What the registry mirror shows of a candidate."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shipworthy.edges.registry import Entry
from shipworthy.model.format import format_named

if TYPE_CHECKING:
    from shipworthy.edges.files import Files
    from shipworthy.model.words import CandidateMade

_LONGEST = 500  # MLflow refuses longer parameters


def entry_of(files: Files, made: CandidateMade) -> Entry:
    """A candidate as an entry of the mirror: its digests as tags, its profile as metrics, its files as artifacts."""
    profile = json.loads(files.get(made.files["profile"]))
    metrics = {"rows": float(made.rows), "reference_rows": float(profile["rows"])}
    metrics["mean_score"] = float(profile["scores"]["mean"])
    if profile["labels"]:
        metrics["mean_label"] = float(profile["labels"]["mean"])
    shown = {"trained_on": ", ".join(made.trained_on), "features": ", ".join(made.features), "format": made.format}
    tags = {name: getattr(made, name) for name in ("snapshot", "code", "environment", "model", "role", "author")}
    suffixes = {"model": format_named(made.format).suffix, "code": ".code.json"}
    return Entry(
        product=made.product,
        name=made.product if made.role == "model" else f"{made.product}-baseline",
        candidate=made.candidate,
        params={name: value[:_LONGEST] for name, value in shown.items() if value},
        metrics=metrics,
        tags={f"shipworthy.{name}": value for name, value in tags.items()},
        files={f"{name}{suffixes.get(name, '.json')}": files.get(digest) for name, digest in made.files.items()},
    )
