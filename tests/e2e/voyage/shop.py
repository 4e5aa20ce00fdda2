"""A small product that travels the road in seconds: 200 customers of a made-up shop."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from shipworthy.app.desk import Desk
from shipworthy.app.opening import STARTERS, make_store
from shipworthy.app.rights import Identity
from shipworthy.app.settings import Settings, settings
from shipworthy.app.wiring import open_desk
from shipworthy.sign.rules import review_for

PRODUCT = "next-purchase"
OWNERS = ("business", "technology", "privacy", "legal", "compliance", "validation")


@dataclass(frozen=True)
class Shop:
    """A store with the shop's product in it."""

    found: Settings
    root: Path

    def desk(self) -> Desk:
        """A desk on it."""
        return open_desk(self.found, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))


def someone(person: str) -> Identity:
    """A login of the shop."""
    return Identity(person, frozenset({"administrator"}) if person == "administrator" else frozenset())


def settings_of(root: Path) -> Settings:
    """The settings of a shop in a folder; its database is the one that the file `database` there names, if any."""
    named = root / "database"
    environ = {"SHIPWORTHY_DATABASE": named.read_text()} if named.is_file() else {}
    return settings(
        {"SHIPWORTHY_ROOT": str(root), "HOME": str(root), "XDG_CONFIG_HOME": str(root / ".config"), **environ}
    )


def good_answers(function: str) -> dict[str, str]:
    """Answers to a function's questionnaire that go with an approval."""
    return {
        question.name: next(choice for choice in question.choices if choice not in (question.forbids or []))
        if question.choices
        else "Read and accepted."
        for question in review_for(function).questions
    }


def open_shop(root: Path, database: str = "") -> Shop:
    """A shop in an empty folder: its feed, its plan file, nothing in force yet.

    Args:
        database: the address of another database than the shop's own file.
    """
    root.mkdir(parents=True, exist_ok=True)
    if database:
        (root / "database").write_text(database)
    shop = Shop(settings_of(root), root)
    make_store(shop.found, "next-purchase", "administrator")
    (root / "product.yaml").write_text(plan_text())
    write_feed(root / "feed" / "purchases-all.csv")
    return shop


def plan_text() -> str:
    """The starter's plan, fitted to 200 customers."""
    text = (STARTERS / "next-purchase" / "product.yaml").read_text()
    for theirs, ours in (
        ("rows: [500, 20000]", "rows: [1, 20000]"),
        ("top: 200", "top: 20"),
        ("floor: 0.65, beats_baseline_by: 0.0", "floor: 0.3, beats_baseline_by: null"),
        ("calibration_tolerance: 0.05", "calibration_tolerance: 0.4"),
    ):
        assert theirs in text
        text = text.replace(theirs, ours)
    return text


def write_feed(file: Path) -> None:
    """A year and a half of purchases, most by customers who bought lately."""
    generator = np.random.default_rng(7)
    rows: list[tuple[str, str, str, str]] = []
    for customer in range(200):
        day, often = date(1997, 1, 1) + timedelta(days=int(generator.integers(0, 80))), generator.uniform(10, 200)
        while day < date(1998, 7, 1):
            dollars = f"{generator.uniform(12, 60):.2f}"
            rows.append((f"{customer:05d}", day.isoformat(), str(generator.integers(1, 5)), dollars))
            day += timedelta(days=int(generator.exponential(often)) + 1)
    rows.sort(key=lambda row: row[1])
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="") as out:
        sheet = csv.writer(out, lineterminator="\n")
        sheet.writerow(("customer_id", "date", "n_cds", "dollar_value"))
        sheet.writerows(rows)
