"""The source that the guide declares is one, and its rows go where the guide says."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import yaml
from integration.data.feed import AS_OF, Feed, intake

from shipworthy.base.kinds import kinds
from shipworthy.data.check import FOLDER
from shipworthy.plan.schema import Source

GUIDE = (Path(__file__).parents[3] / "docs" / "guide" / "data.md").read_text()
ROWS = """order_id,customer_id,date,amount,channel
00012,7,2024-05-01,20,web
00012,7,2024-05-01,20,web
00013,7,2024-05-02,0,web
00014,8,2024-06-01,20,web
00015,8,2024-05-03,"1,5",shop
00016,8,2024-5-3,20,shop
00017,8,2024-05-04,NaN,shop
00018,9,2024-05-05,20,post
00019,9,2024-05-06
00020,9,2024-05-06,20,
00020,9,2024-05-07,20,
"""


def test_the_source_of_the_guide_is_read_as_it_says(feed: Feed) -> None:
    [block] = re.findall(r"\n\n((?:    .*\n)+)", GUIDE)
    source = yaml.safe_load(dedent(block))["sources"]["purchases"]
    Source.model_validate(source)
    feed.lay("feed/purchases-1.csv", ROWS)
    columns = source["contract"].pop("columns")
    taken = feed.take(source["kind"], source["path"], columns, AS_OF, **source["contract"])
    account = intake(taken)
    assert account.accepted == 1
    assert account.removed == {"repeated-row": 1, "zero-value-order": 1, "not-before-as-of": 1}
    assert sum(account.quarantined.values()) == 7
    assert taken.snapshot == ""


def test_the_guide_names_every_check_that_stops_a_feed() -> None:
    named = set(re.findall(r"^\| ([a-z]+) \|", GUIDE, re.MULTILINE)) - {"check"}
    assert named == {"readable", *kinds(FOLDER)}
