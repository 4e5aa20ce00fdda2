"""What a member of the folder `reviews` is: the questions that the owner of one function answers."""

from __future__ import annotations

from dataclasses import dataclass

from shipworthy.sign.words import ReviewQuestion


@dataclass(frozen=True, slots=True)
class Review:
    """A questionnaire of one function.

    Attributes:
        function: who answers it: privacy, legal…
        title: its heading.
        covers: one sentence on what the answers are about.
    """

    function: str
    title: str
    covers: str
    questions: tuple[ReviewQuestion, ...]
