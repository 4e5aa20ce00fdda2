"""What the mistakes of reviewing and signing mean, by code."""

from __future__ import annotations

from shipworthy.base.explained import Explained

_ON_A_REVIEW = {
    "sign.unknown_question": Explained(
        "An answer was given to a question that the review of this function does not ask.",
        "An answer that belongs to no question is one that nobody will ever read.",
        "Use the names that the message lists; on a terminal `shipworthy review` asks each question by itself.",
    ),
    "sign.no_answer": Explained(
        "A question of the review has no answer.",
        "A review is worth what its answers are worth; one that was skipped would look like one that was fine.",
        "Answer every question with --answer NAME=TEXT. Where one truly does not apply, say so and why as its answer.",
    ),
    "sign.choice": Explained(
        "The question is answered by one of a few fixed texts, and this is none of them.",
        "Some choices forbid an approval; free text would pass by them.",
        "Copy one choice exactly as the message quotes it, and put the whole of --answer in quotation marks.",
    ),
    "sign.forbids": Explained(
        "The answers and the decision contradict each other: what you answered is declared as ruling an approval out.",
        "Otherwise a review could say that something is wrong and let it pass all the same.",
        "Reject with --reject and --reason, or have the cause removed and answer about the new candidate.",
    ),
    "sign.reason": Explained(
        "A rejection or revocation needs its reason.",
        "Whoever must put it right, and whoever reads the ledger in a year, has nothing else to go by.",
        'Say in a sentence what is wrong: --reason "…". Name no person in it; facts are kept for ever.',
    ),
    "sign.review_first": Explained(
        "The plan asks this function for a review and a signature, and the review of this very evidence is missing.",
        "A signature says that the questions were answered; proving again voids a review, as its evidence is another.",
        "Give the review with `shipworthy review`, then sign.",
    ),
}

_ON_A_SIGNATURE = {
    "sign.not_owner": Explained(
        "The plan gives this function to somebody else.",
        "Identity comes from the login and a right from the plan, so that nobody can sign in another's name.",
        "Ask its owner to sign. Where ownership has changed, an administrator adopts a plan with the new owner.",
    ),
    "sign.own_candidate": Explained(
        "You made this candidate, or built what it was made from.",
        "Whoever builds does not approve: nobody sees the mistakes in their own work.",
        "Have somebody else own the function in `people.owners`, or have another builder make the candidate.",
    ),
    "sign.not_proven": Explained(
        "There is no proof of this candidate yet.",
        "A signature covers a candidate and its evidence; there is no evidence to cover.",
        "A builder runs `shipworthy prove CANDIDATE`; then review and sign.",
    ),
    "sign.proof_fails": Explained(
        "At least one check of the proof fails, ended in an error, or could not be run.",
        "No signature can make up for a promise of the plan that is not kept, and not run is never passed.",
        "Read what fails in `shipworthy report CANDIDATE`. Then improve the model or the data, wait for more truths, "
        "or "
        "change what the plan promises; each leads to a new candidate and a new proof.",
    ),
    "sign.evidence_changed": Explained(
        "While you were reading, the candidate was proven again.",
        "A signature covers exactly the evidence that was read, or it covers nothing.",
        "Read the newest results, then decide again.",
    ),
    "sign.nothing_given": Explained(
        "There is neither a review nor a signature of this function to take back.",
        "A revocation is a fact about an earlier one; without it there is nothing to void.",
        "`shipworthy gate CANDIDATE` shows what has been given. To keep a candidate out beforehand, reject it.",
    ),
    "sign.gate_shut": Explained(
        "Something that the plan demands before this step is missing, void or failed: a proof, a review or a "
        "signature.",
        "Nothing reaches people that was not planned, proven and signed for; the gate blocks unless all of it is "
        "there.",
        "`shipworthy gate CANDIDATE` lists each missing thing, who can give it and by which command.",
    ),
}

_ON_AN_ENVELOPE = {
    "sign.no_envelope": Explained(
        "The plan declares no bounds inside which a retrained candidate may go live without a new signature.",
        "Signing for whatever comes would be no signature at all.",
        "Declare them under `respond.envelope` and adopt the plan; without one, every candidate is signed by itself.",
    ),
    "sign.envelope_first": Explained(
        "The envelope is to begin from a candidate that you have not approved yourself, or whose approval is void.",
        "What follows by itself can be no better than what it follows from.",
        "Review and sign that candidate first, then the envelope.",
    ),
}

EXPLAINED: dict[str, Explained] = {**_ON_A_REVIEW, **_ON_A_SIGNATURE, **_ON_AN_ENVELOPE}
