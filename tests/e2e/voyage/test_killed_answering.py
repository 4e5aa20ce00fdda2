"""A process killed after every step of what answers trouble leaves what one that was never killed leaves."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from e2e.voyage.shop import OWNERS, PRODUCT, Shop, settings_of
from e2e.voyage.shops import Shops
from e2e.voyage.test_killed import facts, stored

from shipworthy.app.rights import Identity
from shipworthy.app.wiring import close_desk
from shipworthy.app.words import Advance, DoWhatIsDue, ProductRoad
from shipworthy.model.words import CandidateMade
from shipworthy.prove.lasting import in_force
from shipworthy.prove.words import CheckMadePermanent, CheckRetirementSigned
from shipworthy.release.pointer import current_pointer
from shipworthy.release.rules import paused, standing
from shipworthy.respond.words import AttemptFailed, IncidentClosed, PeopleTold, Responses, TriggerFired
from shipworthy.sign.rules import candidate_made
from shipworthy.sign.words import SignEnvelope
from shipworthy.watch.words import AlarmRaised

RETIRED_BY = ["legal-owner", "technology-owner"]
TESTS = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def made(shops: Shops, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shop whose model answers, with an alarm that asks for another one; nobody works on it."""
    voyage = shops.at("august", tmp_path_factory.mktemp("made") / "shop")
    model = voyage.newest()
    raised = AlarmRaised(
        product=PRODUCT, alarm="a" * 64, monitor="calibration", candidate=model,
        window="1997-06-01T00:00:00+00:00", text="The list promised 27 %; 18 % came true.",
        since="1997-05-01T00:00:00+00:00", guarantee="", cause="", advice="",
    )  # fmt: skip
    ledger = voyage.desk.store.ledger
    ledger.append(lambda past: [raised], product=PRODUCT, who="night-operator", at=voyage.desk.now(PRODUCT))
    close_desk(voyage.desk)
    return voyage.shop.root


def answered(root: Path, how: str) -> int:
    """How many lives it took to answer the trouble."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}
    command = [sys.executable, str(Path(__file__).parent / "responder.py"), str(root), how]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return int(done.stdout)


def without_marks(told: list[str]) -> list[str]:
    """Facts without the names that follow from the digest of another fact, in which stands when it was written down."""
    return [re.sub(r'"(cause|made|message)": "[0-9a-f]{64}"', r'"\1": ""', one) for one in told]


def test_training_that_fails_is_told_and_tried_later_and_later_and_then_given_up(made: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(made, tmp_path / "shop"))
    pipeline = root / "pipeline.py"
    pipeline.write_text(pipeline.read_text() + "\n\ndef train(*_, **__):\n    raise ValueError('no such column')\n")
    desk = Shop(settings_of(root), root).desk()
    try:
        looks = [desk.do(DoWhatIsDue(product=PRODUCT), Identity("night-operator")) for _ in range(3)]
        trained = [[line for line in look if "train candidate" in line] for look in looks]
        assert [len(lines) for lines in trained] == [1, 0, 0], trained
        assert "respond: broken-route: notify" in looks[0][-1], "people are told at the same look"
        past = desk.store.ledger.past(PRODUCT)
        [failed] = past.of(AttemptFailed)
        assert (failed.what.about, "no such column" in failed.what.reason) == ("retrain", True)
        told = {fact.what.to for fact in past.of(PeopleTold) if "no such column" in fact.what.subject}
        assert "technology" in told
        first = desk.now(PRODUCT)
        desk.do(Advance(product=PRODUCT, to=(first + timedelta(days=5)).isoformat()), Identity("night-operator"))
        past = desk.store.ledger.past(PRODUCT)
        tried = [(fact.at - first) // timedelta(hours=1) for fact in past.of(AttemptFailed)]
        assert tried == [0, 1, 3, 7, 15, 31, 55, 79], "time stops where something is tried again"
        last = [fact.what.subject for fact in past.of(PeopleTold) if "not tried any more" in fact.what.subject]
        assert last, "that it is given up is told"
        assert all("by hand: `shipworthy train`" in one for one in last)
    finally:
        close_desk(desk)


def test_a_release_by_itself_that_is_stopped_is_on_record_told_and_goes_on_once_it_can(
    made: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(made, tmp_path / "shop"))
    (root / "out" / "rehearsal").rename(root / "out" / "rehearsals before")
    (root / "out" / "rehearsal").write_text("a file where the folder of rehearsals should be")
    desk = Shop(settings_of(root), root).desk()
    operator = Identity("night-operator")
    try:
        model = standing(desk.store.ledger.past(PRODUCT)).champion["north"]
        for owner in OWNERS:
            desk.do(SignEnvelope(product=PRODUCT, candidate=model, function=owner), Identity(f"{owner}-owner"))
        lines = desk.do(DoWhatIsDue(product=PRODUCT), operator)
        assert any("not rehearsed for sales: sales-list: FileExistsError" in line for line in lines)
        state = desk.ask(ProductRoad(product=PRODUCT), operator)
        assert any("for sales, which the trigger stale-model asked" in step.text for step in state.next_steps)
        (root / "out" / "rehearsal").unlink()
        first = desk.now(PRODUCT)
        past = desk.store.ledger.past(PRODUCT)
        digest = candidate_made(past, model).files["model"]
        kept = root / ".shipworthy" / "files" / digest[:2] / digest[2:]
        kept.chmod(0o644)
        good = kept.read_bytes()
        kept.write_bytes(b"something else")
        lines = desk.do(Advance(product=PRODUCT, to=(first + timedelta(hours=2)).isoformat()), operator)
        assert any("score sales: 200 answered" in line for line in lines), "the rehearsal comes again after an hour"
        past = desk.store.ledger.past(PRODUCT)
        challenger = standing(past).challenger
        tried = [(fact.at - first, fact.what.about, fact.what.reason[:24]) for fact in past.of(AttemptFailed)]
        one = ("release " + challenger + " cohort north", "It answers people now, o")
        assert tried[1:] == [(timedelta(hours=1), *one), (timedelta(hours=2), *one)]
        assert any("to the step cohort north" in fact.what.subject for fact in past.of(PeopleTold))
        kept.write_bytes(good)
        desk.do(Advance(product=PRODUCT, to=(first + timedelta(hours=4)).isoformat()), operator)
        assert standing(desk.store.ledger.past(PRODUCT)).champion["south"] == challenger
        assert not desk.ask(Responses(product=PRODUCT), operator).failing
    finally:
        close_desk(desk)


def test_killed_after_every_step_of_answering_nothing_differs(made: Path, tmp_path: Path) -> None:
    calm, rough = (Path(shutil.copytree(made, tmp_path / name)) for name in ("calm", "rough"))
    assert answered(calm, "calm") == 1
    assert answered(rough, "steps") > 15, "there are more steps than that; it was not killed after each"
    assert without_marks(facts(rough)) == without_marks(facts(calm))
    assert stored(rough) == stored(calm)
    assert all((rough / f"decided-{owner}").exists() for owner in RETIRED_BY), "each was killed before it was written"
    desk = Shop(settings_of(rough), rough).desk()
    try:
        desk.store.ledger.verify()
        past = desk.store.ledger.past(PRODUCT)
        assert current_pointer(desk.store, PRODUCT, standing(past)).paused == paused(past) == {}
        assert not standing(past).held
        [kept] = [fact.what for fact in past.of(CheckMadePermanent)]
        assert [fact.what.check for fact in past.of(IncidentClosed)] == [kept.text]
        assert [fact.who for fact in past.of(CheckRetirementSigned, about=kept.check)] == RETIRED_BY
        assert not in_force(past), "two owners have retired it"
        [asked] = [fact for fact in past.of(TriggerFired) if fact.what.action == "retrain"]
        [learnt] = [fact for fact in past.of(CandidateMade) if fact.what.notes.get("cause") == asked.digest]
        assert learnt.seq > asked.seq
    finally:
        close_desk(desk)
