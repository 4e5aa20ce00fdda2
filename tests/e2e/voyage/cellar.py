"""A small product whose answers are classes: the plan and the data of the guide to classes."""

from __future__ import annotations

import re
from contextlib import chdir
from pathlib import Path

from e2e.voyage.shop import Shop, settings_of
from e2e.voyage.voyage import Voyage
from sklearn.datasets import load_wine

from shipworthy.app.opening import make_store
from shipworthy.plan.words import AdoptPlan

CELLAR = "which-grower"
CLASSES = ("barolo", "barbera", "grignolino")
INPUTS = [name.replace("/", "_per_") for name in load_wine().feature_names]
GUIDE = (Path(__file__).parents[3] / "docs" / "guide" / "classes.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(python|yaml|sh|json)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
PLAN = next(text for language, text in BLOCKS if language == "yaml")
FEED = next(text for language, text in BLOCKS if language == "python")


class Cellar(Voyage):
    """The cellar with its plan in force, and everybody's commands in short."""

    product = CELLAR

    def __init__(self, root: Path) -> None:
        """Open it: 118 bottles of the first month, 60 of the second; one was tasted as nobody's."""
        root.mkdir(parents=True, exist_ok=True)
        self.shop = Shop(settings_of(root), root)
        make_store(self.shop.found, "blank", "administrator")
        (root / "product.yaml").write_text(PLAN)
        with chdir(root):
            exec(FEED, {})  # the guide's own lines
        self.desk = self.shop.desk()
        self.do("administrator", AdoptPlan(product=CELLAR, text=PLAN))
