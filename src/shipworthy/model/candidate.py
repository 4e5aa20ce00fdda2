"""What a candidate is called by, and whether it is what its name says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipworthy.base.digest import digest_of_parts
from shipworthy.base.errors import Mistake, Tampered
from shipworthy.model.rules import candidate_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shipworthy.model.words import CandidateMade

ANSWERING = ("model", "profile", "terms")
"""The files that together are `the model`: the model itself, the profile that reasons read, the terms it answers by."""


def verify(made: CandidateMade) -> None:
    """Whether a candidate's name is the digest of what it says it consists of.

    Raises:
        Tampered: it is not.
    """
    claims = {
        "the model files": (made.model, model_digest(made.files)),
        "the code": (made.code, made.files.get("code", "")),
        "the environment": (made.environment, made.files.get("environment", "")),
        "the candidate": (
            made.candidate,
            name_of(made),
        ),
    }
    wrong = [
        Mistake(
            "model.digest",
            f"candidate {made.candidate[:12]}",
            f"{name.capitalize()} should be {stated[:12]} and is {found[:12]}.",
            "What was signed is not what is here.",
            "Run `shipworthy ledger`, and go back to a candidate whose digests match.",
        )
        for name, (stated, found) in claims.items()
        if stated != found
    ]
    if wrong:
        raise Tampered(*wrong)


def name_of(made: CandidateMade) -> str:
    """The digest that a candidate must be called by."""
    reading = (made.role, made.format, list(made.features))
    return candidate_digest(made.sections, made.code, made.snapshot, made.environment, made.model, reading)


def model_digest(files: Mapping[str, str]) -> str:
    """The digest of the files that answer."""
    return digest_of_parts((name, files.get(name, "")) for name in ANSWERING)
