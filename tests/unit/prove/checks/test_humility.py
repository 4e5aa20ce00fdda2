"""The proof judges the decisions that will be taken, humility rules included."""

from __future__ import annotations

from dataclasses import replace

from unit.prove.subjects import DECISION, results, subject, verdicts

HUMBLE = (DECISION, "decision:\n  top: 50\n  humility: {missing_at_most: 1}\n")


def test_it_is_asked_only_where_rules_are_declared_and_says_how_many() -> None:
    assert results("humility", subject()) == []
    humble = subject(HUMBLE)
    assert verdicts("humility", humble) == {"humility": "pass"}
    some = replace(humble, now=replace(humble.now, asked=["2 inputs are missing"] * 40 + [""] * 360))
    [found] = results("humility", some)
    assert (found.verdict, found.measured) == ("pass", 0.1)
    assert "must not answer 40 alone (10.0%). First for missing inputs (40)." in found.found
    most = replace(humble, now=replace(humble.now, asked=["2 inputs are missing"] * 300 + [""] * 100))
    assert verdicts("humility", most) == {"humility": "warn"}


def test_other_checks_judge_the_same_decisions() -> None:
    humble = subject(HUMBLE)
    everybody = replace(humble, now=replace(humble.now, asked=["odd"] * 400))
    assert set(everybody.now.decided(humble.plan.decision)) == {"ask a person"}
    assert verdicts("output_contract", everybody) == {"output_contract": "pass"}
    truth = humble.known()
    asked = replace(humble, truth=replace(truth, rows=replace(truth.rows, asked=["odd"] * len(truth.labels))))
    [found] = results("decisions", asked)
    assert found.verdict == "warn"
    assert found.found.startswith("Nobody among")
