"""A corrected file is kept until its rows are judged again, and not when the same is handed in once more."""

from __future__ import annotations

from pathlib import Path

from e2e.voyage.shop import PRODUCT, someone
from e2e.voyage.voyage import Voyage

from shipworthy.app.wiring import close_desk
from shipworthy.base.digest import digest_of_bytes
from shipworthy.data.words import ReplayQuarantine, RowsReplayed, TakeSnapshot
from shipworthy.plan.words import AdvanceClock

CORRECTED = "_row,n_cds\n1,2\n"


def test_the_corrected_file_is_forgotten_also_when_the_command_is_given_again(tmp_path: Path) -> None:
    voyage = Voyage(tmp_path)
    feed = tmp_path / "feed" / "purchases-all.csv"
    header, *rows = feed.read_text().splitlines(keepends=True)
    feed.write_text("".join([header, "00000,1997-01-02,many,20.00\n", *rows]))
    voyage.do("night-operator", AdvanceClock(product=PRODUCT, to="1997-07-15"))
    voyage.do("data-scientist", TakeSnapshot(product=PRODUCT))
    command = ReplayQuarantine(product=PRODUCT, source="purchases", corrected=CORRECTED)
    told = [voyage.desk.do(command, someone("data-scientist"), key="mend") for _ in range(2)]
    assert told[0] == told[1]
    assert (told[0].taken, told[0].passed) == (1, 1)
    assert len(voyage.facts(RowsReplayed)) == 1
    digest = digest_of_bytes(CORRECTED.encode())
    kept = {file.parent.name + file.name for file in (tmp_path / ".shipworthy" / "files").rglob("*") if file.is_file()}
    assert kept
    assert digest not in kept
    close_desk(voyage.desk)
