"""Whatever the text: a plan or a mistake comes back, nothing runs, and it does not take long."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shipworthy.base.errors import UserError
from shipworthy.plan.check import fit
from shipworthy.plan.document import MOST_VALUES
from shipworthy.plan.reading import MOST_MISTAKES, marks, read_plan
from shipworthy.plan.reference_examples import WITH_PIPELINE, WITHOUT_CODE
from shipworthy.plan.rules import section_digests
from shipworthy.plan.schema import Plan, plan_of

TOKENS = [
    ": ",
    "\n",
    "  ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!!x ",
    "'",
    '"',
    "|",
    ">",
    "#",
    "---\n",
    "\t",
    "%",
    "@",
]
VALUES = ["true", "null", "~", "-1", "0", "1e308", "9" * 30, ".inf", "0d", "100y", "9999-12-31", "200%", "${X}", "{x}"]


def codes_in(error: UserError) -> list[str]:
    assert error.mistakes
    assert all(mistake.code.startswith("plan.") and mistake.where for mistake in error.mistakes)
    return [mistake.code for mistake in error.mistakes]


def codes_of(text: str | bytes) -> list[str]:
    """The codes of what is wrong, none where a plan comes back; whatever else is raised fails the test."""
    try:
        plan = read_plan(text)
    except UserError as error:
        return codes_in(error)
    assert isinstance(plan, Plan)
    # A plan that is read can be judged, told apart and kept.
    fit(plan, marks(text).at)
    section_digests(plan)
    assert plan_of(plan.values()) == plan
    return []


@given(st.text())
@example("\ud800")
@example("a: \ud800")
@example("? ")
@example("<<: {a: 1}")
def test_any_text_gives_a_plan_or_mistakes(text: str) -> None:
    codes_of(text)


@given(st.binary())
def test_any_bytes_give_a_plan_or_mistakes(content: bytes) -> None:
    codes_of(content)


@given(st.lists(st.one_of(st.sampled_from(TOKENS), st.sampled_from(VALUES), st.sampled_from(list(Plan.model_fields)))))
def test_any_heap_of_yaml_signs_gives_a_plan_or_mistakes(tokens: list[str]) -> None:
    codes_of("".join(tokens))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([WITH_PIPELINE, WITHOUT_CODE]), st.randoms(use_true_random=False))
def test_any_change_of_a_good_file_gives_a_plan_or_mistakes(text: str, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text))
        end = min(len(text), start + chance.choice([0, 1, 1, 3, 10, 80]))
        piece = chance.choice([*TOKENS, *VALUES, "", text[end : end + 40], chr(chance.randrange(1, 0x300))])
        text = text[:start] + piece + text[end:]
    codes_of(text)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([WITH_PIPELINE, WITHOUT_CODE]), st.randoms(use_true_random=False))
def test_any_value_in_place_of_another_gives_a_plan_or_mistakes(text: str, chance: random.Random) -> None:
    lines = text.splitlines()
    for _ in range(chance.randint(1, 3)):
        number = chance.randrange(len(lines))
        key, colon, _ = lines[number].partition(":")
        lines[number] = f"{key}{colon} {chance.choice([*VALUES, '1mo', '5', '0.5', 'word', '[1, 2]', '[a]', '{a: 1}'])}"
    codes_of("\n".join(lines))


HUGE = {
    "a megabyte and more": ("x" * 1_000_001, "plan.too_large"),
    "open brackets": ("[" * 900_000, "plan.too_deep"),
    "open braces": ("{a: " * 200_000, "plan.too_deep"),
    "nested lists": ("- " * 400_000, "plan.too_deep"),
    "many keys": ("\n".join(f"k{number}: 1" for number in range(60_000)), "plan.too_many_values"),
    "many items": ("a: [" + "1," * 400_000 + "]", "plan.too_many_values"),
    "a long key": ("k" * 500 + ": 1", "plan.key_not_text"),
    "a long word": ("k" * 900_000, "plan.not_a_mapping"),
    "colons in an address": (WITH_PIPELINE.replace("path: feed", "url: a://" + ":" * 300_000 + "x #"), "plan.address"),
    "dollars in an address": (WITH_PIPELINE.replace("feed/", "${" * 200_000), "plan.placeholder"),
}


@pytest.mark.parametrize("what", HUGE)
def test_a_huge_text_is_refused_in_time(what: str) -> None:
    text, code = HUGE[what]
    assert code in codes_of(text)


def test_aliases_of_aliases_do_not_explode() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 12)]
    assert codes_of("\n".join(lines)) == ["plan.too_many_values"]


def test_an_alias_of_what_it_is_in_does_not_go_round() -> None:
    assert codes_of("a: &a [*a]") == ["plan.alias"]
    assert codes_of("a: &a {b: *a}") == ["plan.alias"]


def test_deep_nesting_by_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{level}: &a{level} [*a{level - 1}]" for level in range(1, 60)]
    assert codes_of("\n".join(lines)) == ["plan.too_deep"]


def test_thousands_of_mistakes_are_cut_to_those_that_a_person_reads() -> None:
    found = codes_of("\n".join(f"key{number}: 1" for number in range(MOST_VALUES // 2 - 1)))
    assert len(found) == MOST_MISTAKES + 1
    assert found[-1] == "plan.too_many_mistakes"


def test_many_unknown_columns_among_many_known_ones_are_told_in_time() -> None:
    known = "\n".join(f"        column{number}: {{type: text}}" for number in range(3000))
    unknown = ", ".join(f"colunm{number}" for number in range(3000))
    text = WITH_PIPELINE.replace("        cancelled: {type: flag}", known).replace("[subscriber, day]", f"[{unknown}]")
    assert "plan.unknown_column" in codes_of(text)


def test_no_tag_runs_anything(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    for tag in (
        "!!python/object/apply:os.system",
        "!!python/object/new:os.system",
        "!<tag:yaml.org,2002:python/name:os>",
    ):
        assert codes_of(f'product: {tag} ["touch {trace}"]') == ["plan.tag"]
    assert not trace.exists()


def test_merge_keys_are_keys_that_nobody_knows() -> None:
    assert "plan.unknown_key" in codes_of("<<: {product: a}\n")


@pytest.mark.parametrize("text", ['product: "a\\0b"', 'product: "\\x07"', '"a\\0": 1'])
def test_an_escape_for_what_is_no_text_is_refused(text: str) -> None:
    assert codes_of(text) == ["plan.not_text"]
