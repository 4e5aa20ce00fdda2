"""What the mistakes of releasing mean, by code."""

from __future__ import annotations

from shipworthy.base.explained import Explained

_ON_THE_STEPS = {
    "release.no_such_step": Explained(
        "This candidate does not go by that step: the plan does not declare it under `release.steps`, or it is the "
        "shadow, "
        "and a baseline has nothing to be in the shadow of.",
        "A step that was not planned is one that nobody signed for.",
        "Take a step that the plan declares, or add it to `release.steps` and adopt the plan.",
    ),
    "release.step_order": Explained(
        "An earlier step of the plan has not been taken.",
        "Each step shows on few people what would otherwise show on all.",
        "Take the steps in the order that the message names.",
    ),
    "release.trial_missing": Explained(
        "The plan asks that a rehearsal or shadow ends well a number of times before the next step.",
        "A route that was never walked to its end, or a shadow that never answered, has shown nothing.",
        "Run it with `shipworthy score CONSUMER --rehearsal` or --shadow; `shipworthy deliveries` shows what failed.",
    ),
    "release.other_answer": Explained(
        "The plan was changed to another kind of answer (`need.answer`, `need.classes`), and a candidate of each kind "
        "would answer side by side: in shadow, as a canary, or for other cohorts.",
        "Two kinds of answers cannot stand in one list, and there is no loss by which to compare them.",
        "Let the baseline of the new plan answer everybody first, with neither trial nor cohort before it in "
        "`release.steps`; trials then stand beside that. Or take back whoever still answers beside, with `shipworthy "
        "rollback --candidate`.",
    ),
    "release.target_broken": Explained(
        "Model or evidence of the candidate that is to answer is damaged, or no longer what was signed.",
        "It would answer people with something that nobody has proven.",
        "Restore the file from a backup, or release another candidate.",
    ),
}

_ON_EVIDENCE = {
    "release.harm": Explained(
        "Compared with the candidate it stands beside or replaced, on answers whose truth is known, its losses are "
        "higher than the plan tolerates, and not by chance; or the people were not divided as planned.",
        "What is shown to be worse must not reach more people.",
        "Look at what changed (`shipworthy releases`), and make another candidate.",
    ),
    "release.not_shown": Explained(
        "The plan says `release.evidence.required`, and too little is known yet to say that it is not worse.",
        "A candidate that only did not fail has not shown anything.",
        "Wait until more truth is known. Where that takes too long: a wider `release.evidence.margin` needs fewer "
        "rows.",
    ),
}

_ON_GOING_BACK = {
    "release.no_way_back": Explained(
        "Before anybody gets answers from a candidate, those that a rollback could bring back (the champions in use "
        "and the baseline that stands in) are opened, verified and asked for the rows that their proof kept. One of "
        "them did not answer as it was proven to.",
        "A way back that is only found shut when it is needed is none.",
        "Restore the files or the locked software; or take the broken one out of use with `shipworthy rollback "
        "--candidate`, or release a new baseline, and release again.",
    ),
    "release.nothing_live": Explained(
        "Nothing answers people, or not the candidate that was named.",
        "A rollback takes something out of use; here there is nothing to take out.",
        "`shipworthy releases` shows who answers whom.",
    ),
    "release.not_fallen": Explained(
        "The way back is asked for, but the baseline has not taken over: the released candidates answer.",
        "There is nothing to come back from.",
        "`shipworthy releases` shows who answers whom.",
    ),
    "release.not_signed_now": Explained(
        "A candidate would answer again after a fall-back, but an owner took a signature on it back meanwhile.",
        "Nobody gets answers from what is not signed for any more.",
        "Have it signed anew, or release another candidate: that ends the fall-back too.",
    ),
    "release.no_target": Explained(
        "There is neither an earlier candidate nor a signed baseline that could answer instead.",
        "Without one a rollback would leave people with no answer at all.",
        "Prove, sign and release the baseline once (`shipworthy train --baseline`), so that there is always a way "
        "back.",
    ),
}

_ON_THE_POINTER = {
    "release.no_pointer": Explained(
        "The file that tells the prediction server which candidate answers is not there: nothing was ever released.",
        "The server never chooses a candidate by itself.",
        "Release one with `shipworthy release`. Where something was released, `shipworthy releases --repair` writes "
        "the "
        "file anew from the ledger.",
    ),
    "release.pointer_edited": Explained(
        "The release pointer has no good signature of this store: it was edited by hand or copied from elsewhere.",
        "Stepping around the gate by a file must not work; the ledger decides who answers, the pointer only tells.",
        "`shipworthy releases --repair` writes it anew from the ledger. Find out who changed it.",
    ),
    "release.pointer_behind": Explained(
        "The pointer is genuine but older than what the ledger says: a release is just under way, or somebody put an "
        "earlier file back.",
        "A candidate that was taken out of use would answer again.",
        "Wait for a running release; otherwise `shipworthy releases --repair`.",
    ),
}

EXPLAINED: dict[str, Explained] = {**_ON_THE_STEPS, **_ON_EVIDENCE, **_ON_GOING_BACK, **_ON_THE_POINTER}
