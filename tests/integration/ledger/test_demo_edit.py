"""The demo shows what an auditor is told of a copy of the ledger with one word edited; so the word must be in it."""

from __future__ import annotations

from pathlib import Path

from integration.ledger.conftest import NOON

from demo.story import with_a_word_edited
from shipworthy.edges.export import export, verify_export
from shipworthy.edges.ledger import Ledger
from shipworthy.sign.words import SignOffGiven


def test_the_demos_edited_approval_is_found(ledger: Ledger, tmp_path: Path) -> None:
    signed = SignOffGiven(
        product="shop", candidate="c" * 64, function="legal", decision="approve", evidence="e" * 64, sections={}
    )
    ledger.append(lambda past: [signed], product="shop", who="legal-owner", at=NOON)
    export(ledger, tmp_path / "ledger.jsonl.gz")
    copy = tmp_path / "edited.jsonl.gz"
    copy.write_bytes(with_a_word_edited((tmp_path / "ledger.jsonl.gz").read_bytes()))
    assert verify_export(tmp_path / "ledger.jsonl.gz").holds
    [found] = verify_export(copy).findings
    assert found.tampering == "edited"
    assert "SignOffGiven" in found.text
