"""Output in another form than agreed is found before anybody waits for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from unit.prove.subjects import DECISION, subject, verdicts


def test_output_in_another_form_than_agreed_is_found() -> None:
    good = subject()
    now = good.now

    def verdict(**values: Any) -> str:
        return verdicts("output_contract", replace(good, now=replace(now, **values)))["output_contract"]

    assert verdict(scores=now.scores[:-1]) in ("fail", "error")
    assert verdict(scores=np.where(np.arange(400) == 3, np.nan, now.scores)) == "fail"
    assert verdict(scores=now.scores + 1) == "fail"
    assert verdict(features=now.features.set_axis(["same"] * 400)) == "fail"
    assert verdict(scores=np.full(400, 0.5)) == "warn"
    wide = subject((DECISION, "decision:\n  share: 100%\n"), ("    capacity: 50\n", ""))
    assert verdicts("output_contract", wide) == {"output_contract": "pass"}
    bound = wide.plan.consumers["service"].model_copy(update={"capacity": 50})
    tight = replace(wide, plan=wide.plan.model_copy(update={"consumers": {"service": bound}}))
    assert verdicts("output_contract", tight) == {"output_contract": "fail"}
