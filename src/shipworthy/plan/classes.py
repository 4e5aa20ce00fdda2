"""What must fit together where the answer is one class of a declared list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from shipworthy.plan.raw import Ground, Rule, Values, contract_columns, part, word, words
from shipworthy.plan.slip import Slip, listing, unknown

_LEAST = 2
_RULES = ("top", "share", "threshold")


def class_list(ground: Ground) -> Iterator[Slip]:
    """Classes are declared where the answer is one of them, each once, and nowhere else."""
    need = part(ground.values, "need")
    names = [name for _, name in words(need, "classes")]
    if need.get("answer") != "class":
        if names:
            found = f"need.classes has {listing(names)}, but need.answer is {need.get('answer', 'probability')}."
            yield _slip("need.classes", found, "Only an answer that is a class reads them.", _AS_CLASS)
        return
    if len(set(names)) < _LEAST:
        found = f"need.answer is class, and need.classes has {listing(names) if names else 'nothing'}."
        why = "An answer is one class of a closed list, so that a new word in the data is noticed and not learnt."
        yield _slip("need", found, why, "Add at least two, for example `classes: [repair, replace, none]`.")
    for name, count in Counter(map(str.lower, names)).items():
        if count > 1:
            found = f"need.classes has {name[:60]!r} {count} times, small and capital letters being alike."
            yield Slip("need.classes", "plan.repeated", found, "Each stands for one thing.", "Keep one.")


def class_decision(ground: Ground) -> Iterator[Slip]:
    """The decision about a class is the likeliest one; which of them counts as yes is said."""
    need, decision = part(ground.values, "need"), part(ground.values, "decision")
    if need.get("answer") != "class":
        return
    names = [name for _, name in words(need, "classes")]
    for key in _RULES:
        if decision.get(key) is not None:
            found = f"decision.{key} is given, but need.answer is class."
            why = "The likeliest class is the decision; a class is not chosen by its place in a list."
            fix = f"Remove {key}. `ask: [0, 0.6]` sends answers with a probability of at most 0.6 to a person."
            yield _slip(f"decision.{key}", found, why, fix)
    yield from _left_alone(ground, names)
    yes = word(decision, "yes")
    if not yes and names:
        why = "`only: chosen` and fairness need to know which class is the one that people act on."
        fix = f"Add for example `yes: {names[0]}`."
        yield _slip("decision", "decision.yes is missing, and need.answer is class.", why, fix)
    elif names and yes not in names:
        why = "`only: chosen` and fairness are about the class that counts as yes."
        yield unknown("decision.yes", "plan.unknown_class", "class", yes, names, why)
    ask = word(decision, "ask_name") or "ask a person"
    if ask in names:
        found = f"decision.ask_name is {ask!r}, and so is a class."
        yield _slip("decision.ask_name", found, "Nobody could tell them apart.", "Use another word.")


def _left_alone(ground: Ground, names: list[str]) -> Iterator[Slip]:
    """Where the truth follows the action, `no` may name the one class on which nobody acts."""
    decision = part(ground.values, "decision")
    no = word(decision, "no")
    if not no:
        return
    follows = part(ground.values, "respond", "retraining").get("labels_only_when_acted")
    if decision.get("explore") is None and not follows:
        found = "decision.no is given, but need.answer is class."
        yield _slip("decision.no", found, "Each class is its own word.", "Remove no.")
    elif names and no not in names:
        why = "It names the one class on which nobody acts; those who get it are the ones that are drawn."
        yield unknown("decision.no", "plan.unknown_class", "class", no, names, why)
    elif no == word(decision, "yes"):
        found = f"decision.no and decision.yes are both {no!r}."
        yield _slip("decision.no", found, "Nobody acts on the one, somebody on the other.", "Name another class.")


def class_label(ground: Ground) -> Iterator[Slip]:
    """A label that is declared holds text of which the contract lets nothing through but the classes."""
    need, label = part(ground.values, "need"), part(ground.values, "data", "label")
    if need.get("answer") != "class" or not label:
        return
    if label.get("yes") is not None:
        found = "data.label.yes is given, but need.answer is class."
        yield _slip("data.label.yes", found, "The column holds the class itself.", "Remove yes.")
    names, source, name = [name for _, name in words(need, "classes")], word(label, "source"), word(label, "column")
    column = contract_columns(ground.values, source).get(name)
    if isinstance(column, dict) and names:
        yield from _label_column(f"sources.{source}.contract.columns.{name}", column, names)


def _label_column(path: str, column: Values, names: list[str]) -> Iterator[Slip]:
    type_, given = word(column, "type"), [name for _, name in words(column, "one_of")]
    if type_ and type_ != "text":
        found = f"{path} holds the class, but its type is {type_}."
        yield _slip(f"{path}.type", found, "A class is a text of the declared list.", "Write `type: text`.")
    fix = f"Write `one_of: [{', '.join(names)}]`."
    if not given:
        found = f"{path} holds the class, but says no one_of."
        why = "A class that was never declared would stop every training; with one_of its row goes to quarantine."
        yield _slip(path, found, why, fix)
    for number, one in enumerate(given):
        if one not in names:
            why = "The list of classes is closed: an answer can only be one of them."
            yield unknown(f"{path}.one_of[{number}]", "plan.unknown_class", "class", one, names, why, fix)


def _slip(path: str, found: str, why: str, fix: str) -> Slip:
    return Slip(path, "plan.classes", found, why, fix)


_AS_CLASS = "Write `answer: class`, or remove classes."

RULES: tuple[Rule, ...] = (class_list, class_decision, class_label)
