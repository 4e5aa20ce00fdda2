"""What the mistakes around a proof mean, by code; what its checks ask stands in their files."""

from __future__ import annotations

from shipworthy.base.explained import Explained

EXPLAINED: dict[str, Explained] = {
    "prove.no_candidate": Explained(
        "No candidate has a digest that begins so, or several do. The first 6 digits are enough where only one does.",
        "Proofs, signatures and releases are about exact digests, never about “the latest”.",
        "Copy it from `shipworthy candidates`, with more digits if need be; `shipworthy train` makes a new one.",
    ),
    "prove.no_proof": Explained(
        "The candidate exists, but no check has been run on it.",
        "Not run is never passed: without a proof there is nothing to read, sign or release.",
        "A builder runs `shipworthy prove CANDIDATE`.",
    ),
    "prove.no_snapshot": Explained(
        "The ledger has no record of the data that this candidate was made from, from before it was made.",
        "A proof computes everything again from that very data; other data would prove something about another thing.",
        "Make a new candidate with `shipworthy train`. As no candidate is made without its snapshot, have the ledger "
        "verified too: `shipworthy export` and `shipworthy audit`.",
    ),
    "prove.plan_moved": Explained(
        "Since the candidate was made, a part of the plan has changed that decides answers: need, data, model, "
        "decision, proof or a consumer's contract.",
        "A proof would show that it keeps promises that are no longer the ones made.",
        "Make a new candidate with `shipworthy train` and prove that one, or adopt the earlier plan again.",
    ),
    "prove.permanent": Explained(
        "A check was given when an incident was closed, or is asked by a proof, that cannot be read.",
        "A check that cannot be read would never be run, and the same bug would come again.",
        "Write `floor MEASURE VALUE [where COLUMN=VALUE]`, `column SOURCE.COLUMN median between LOW HIGH` (min, max, "
        "mean, missing) or `golden FEATURE=VALUE score between LOW HIGH`; any other text is only kept.",
    ),
    "prove.too_few_groups": Explained(
        "Groups were to be compared, and there is only one.",
        "How differently groups are treated is a statement about at least two.",
        "Give the rates of at least two groups; in a plan, choose a column under proof.fairness that has several "
        "values.",
    ),
}
