"""The guides to answering trouble are true: their commands, in order, by whoever may; and their pieces of a plan."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.voyage.shop import PRODUCT
from e2e.voyage.voyage import Voyage
from integration.cli.test_remote import Told

from shipworthy.app.wiring import close_desk
from shipworthy.plan.reading import read_plan
from shipworthy.plan.words import AdoptPlan
from shipworthy.prove.words import CheckMadePermanent
from shipworthy.respond.words import IncidentOpened
from shipworthy.watch.words import AlarmRaised

GUIDES = Path(__file__).parents[2] / "docs" / "guide"
TOLD = ("respond", "without-labels", "monitors")
COMMAND = re.compile(r"^    shipworthy (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
WHO = {
    "pause": "product-manager", "resume": "product-manager", "fall-back": "product-manager",
    "come-back": "product-manager", "open-incident": "night-operator", "change-incident": "night-operator",
    "label": "sales-lead",
}  # fmt: skip
ALARMS = ("3f2a9c41", "3f9c02ab11de")


def commands(guide: str) -> list[str]:
    """The commands of a guide, in order."""
    return COMMAND.findall((GUIDES / f"{guide}.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def voyage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voyage]:
    """A shop whose model answers, with the alarms of the guides and a sample to label."""
    voyage = Voyage(tmp_path_factory.mktemp("shop"))
    file = voyage.shop.root / "product.yaml"
    file.write_text(file.read_text().replace("watch:\n", "watch:\n  audit: {rows: 3}\n"))
    voyage.do("administrator", AdoptPlan(product=PRODUCT, text=file.read_text()))
    voyage.live_baseline("all")
    voyage.advance("1997-07-01")
    model = voyage.live_model()
    for name in ALARMS:
        raised = AlarmRaised(
            product=PRODUCT, alarm=name.ljust(64, "0"), monitor="calibration", candidate=model, text="18 % came true.",
            window="1997-06-01T00:00:00+00:00", since="1997-06-01T00:00:00+00:00", guarantee="", cause="", advice="",
        )  # fmt: skip
        ledger = voyage.desk.store.ledger
        ledger.append(
            lambda past, raised=raised: [raised],  # type: ignore[misc]
            product=PRODUCT,
            who="night-operator",
            at=voyage.desk.now(PRODUCT),
        )
    yield voyage
    close_desk(voyage.desk)


def test_every_command_of_the_guides_does_what_they_say(voyage: Voyage) -> None:
    root = voyage.shop.root
    people = {*WHO.values(), "technology-owner"}
    tokens = {person: voyage.desk.people.add(person) for person in people}
    story = Told({"SHIPWORTHY_ROOT": str(root), "HOME": str(root)}, root, root, tokens)
    done = []
    for guide in TOLD:
        for line in commands(guide):
            words = shlex.split(as_here(voyage, line))
            if words[:2] == ["label", "tasks.csv"]:
                fill_in(root / "tasks.csv")
            answer = story.step(line, WHO.get(words[0], "technology-owner"), *words)
            assert story.codes[line] == 0, (line, answer)
            done.append(words[0])
    assert len(done) >= 17
    assert story.answers["label tasks.csv"]["told"] > 0


def as_here(voyage: Voyage, line: str) -> str:
    """A command with the names that an incident and its check have in this shop."""
    incidents, checks = voyage.facts(IncidentOpened), voyage.facts(CheckMadePermanent)
    if incidents:
        line = line.replace("I-ac6461c6", incidents[-1].incident)
    return line.replace("c1f0a2b3", checks[-1].check) if checks else line


def fill_in(sheet: Path) -> None:
    """What a person does with a sheet of tasks."""
    header, *rows = sheet.read_text().splitlines()
    sheet.write_text("\n".join([header, *(row + "yes" for row in rows)]) + "\n")


@pytest.mark.parametrize("guide", ["respond", "retraining", "monitors"])
def test_every_piece_of_a_plan_in_the_guides_can_be_read(voyage: Voyage, guide: str) -> None:
    plan = (voyage.shop.root / "product.yaml").read_text()
    blocks = BLOCK.findall((GUIDES / f"{guide}.md").read_text(encoding="utf-8"))
    assert blocks
    for block in blocks:
        key = block.split(":")[0]
        changed, count = re.subn(rf"^{key}:\n(?:[ #].*\n|\n)*", block + "\n", plan, flags=re.MULTILINE)
        assert count == 1
        if "triggers:" in block and "routes:" not in block:
            changed = changed.replace(f"{key}:\n", f"{key}:\n  routes: {{technology: 'file:out/told'}}\n")
        assert read_plan(changed).product == PRODUCT
