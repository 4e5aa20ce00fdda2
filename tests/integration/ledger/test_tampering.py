"""Whatever is changed in an export is found by whoever holds an earlier head, and said in plain words."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from integration.ledger.forger import forgeries, rechained

from shipworthy.base.digest import canonical
from shipworthy.base.errors import UserError
from shipworthy.base.fact import Past
from shipworthy.edges.chain import SignedHead, StoredFact
from shipworthy.edges.database import migrate, open_engine
from shipworthy.edges.export import AuditReport, export, verify_export
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.plan.words import ClockAdvanced

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ODD = 'ünï ☃ 🛳 " back \\ slash\n\t\x01\x7f\u2028'


@dataclass(frozen=True)
class Kept:
    """An export, taken apart, and what an auditor has from before."""

    folder: Path
    file: Path
    store: str
    keys: list[tuple[str, str]]
    heads: list[SignedHead]
    facts: list[StoredFact]
    earlier: SignedHead

    def lines(self, **changed: Any) -> list[dict[str, Any]]:
        """The lines of the file, with other content in some part."""
        now = replace(self, **changed)
        return [
            {"format": "shipworthy-ledger", "version": 1, "store": now.store},
            *({"key": key, "pem": pem} for key, pem in now.keys),
            *({"head": asdict(head)} for head in now.heads),
            *({"fact": fact} for fact in now.facts),
        ]

    def audit(self, content: Iterable[Any] | bytes, **known: Any) -> AuditReport:
        """What an auditor finds in a file of that content."""
        if not isinstance(content, bytes):
            content = b"".join(canonical(line) + b"\n" for line in content)
        file = self.folder / "changed.gz"
        file.write_bytes(gzip.compress(content, 1, mtime=0))
        return verify_export(file, **(known or {"earlier": self.earlier}))


def open_ledger(folder: Path) -> Ledger:
    engine = open_engine(f"sqlite:///{folder / 'ledger.sqlite'}")
    migrate(engine)
    return Ledger(engine, Keys(folder / "keys"))


def fill(ledger: Ledger, texts: Iterable[str], product: str = "shop") -> None:
    for text in texts:
        facts = [ClockAdvanced(product=product, to=text)]
        ledger.append(partial(_given, facts), product=product, who="operator", at=NOON)


def _given(facts: list[ClockAdvanced], _past: Past) -> list[ClockAdvanced]:
    return facts


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    ledger = open_ledger(folder)
    fill(ledger, ["1998-01-01", ODD, "1998-03-01"])
    earlier = ledger.sign_head("release")
    fill(ledger, ["1998-04-01"], "other")
    fill(ledger, ["1998-05-01", "1998-06-01"])
    file = folder / "ledger.jsonl.gz"
    export(ledger, file)
    told = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    ledger.engine.dispose()
    return Kept(
        folder,
        file,
        told[0]["store"],
        [(line["key"], line["pem"]) for line in told if "key" in line],
        [SignedHead.read(line["head"]) for line in told if "head" in line],
        [StoredFact(*line["fact"]) for line in told if "fact" in line],
        earlier,
    )


def kinds(report: AuditReport) -> set[str]:
    return {finding.tampering for finding in report.findings}


def found_in(file: Path, content: bytes, earlier: SignedHead) -> set[str]:
    """What is found in a file of these bytes; the code of the refusal where it is refused."""
    file.write_bytes(content)
    try:
        return kinds(verify_export(file, earlier))
    except UserError as error:
        return {mistake.code for mistake in error.mistakes if mistake.fix}


def test_an_untouched_export_holds_also_with_odd_texts(kept: Kept) -> None:
    report = verify_export(kept.file, kept.earlier)
    assert (report.findings, report.facts, report.head.seq) == ([], 6, 6)
    assert report.signed == kept.heads[-1]
    assert kept.audit(kept.lines()).holds  # so that what follows is found for its change alone
    for trusted in (kept.keys[0][0], kept.keys[0][1], None):
        assert verify_export(kept.file, trusted_key=trusted).holds


def test_what_is_not_shown_is_said(kept: Kept) -> None:
    assert "keys in the file itself" in verify_export(kept.file).limits[0]
    assert "both the key and the database" in verify_export(kept.file, trusted_key=kept.keys[0][0]).limits[0]
    assert "up to 3" in verify_export(kept.file, kept.earlier).limits[0]


def test_every_change_of_facts_is_found(kept: Kept) -> None:
    unseen = [name for name, facts in forgeries(kept.facts) if kept.audit(kept.lines(facts=facts)).holds]
    assert unseen == []


def test_every_change_up_to_the_earlier_head_is_found_by_that_head_alone(kept: Kept) -> None:
    """Also where somebody with a key of their own has signed the changed history as if it were the ledger's."""
    for name, facts in forgeries(kept.facts[:3]):
        chain = rechained([*facts, *kept.facts[3:]])
        if chain[2:3] == kept.facts[2:3]:
            continue  # what came before is as it was; an insertion after it is not about this head
        lines = forged(kept, chain, keep_key=True)
        found = {finding.tampering for finding in kept.audit(lines).findings}
        assert found & {"recomputed", "cut"}, name


def forged(kept: Kept, facts: list[StoredFact], *, keep_key: bool) -> list[dict[str, Any]]:
    """An export of these facts, signed by somebody else."""
    keys = Keys(kept.folder / "forger")
    end = facts[-1]
    unsigned = SignedHead(kept.store, end.seq, end.digest, "export", NOON.isoformat(), keys.key_id, "")
    head = replace(unsigned, signature=keys.sign(unsigned.statement()).hex())
    own = [(keys.key_id, keys.public_pem)]
    return kept.lines(facts=facts, heads=[head], keys=[*kept.keys, *own] if keep_key else own)


@pytest.mark.parametrize("keep_key", [True, False])
def test_a_history_continued_by_another_key_is_found(kept: Kept, keep_key: bool) -> None:
    later = [*kept.facts[:4], kept.facts[4]._replace(who="intruder"), kept.facts[5]]
    lines = forged(kept, rechained(later), keep_key=keep_key)
    assert kinds(kept.audit(lines)) == {"key"}
    assert "the export is signed with" in kept.audit(lines).findings[-1].text
    assert "key" in kinds(kept.audit(lines, trusted_key=kept.keys[0][0]))
    assert "key" in kinds(kept.audit(lines, trusted_key=kept.keys[0][1]))


def test_a_key_that_was_changed_on_purpose_can_be_named(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    fill(ledger, ["1998-01-01"])
    earlier = ledger.sign_head("release")
    (tmp_path / "keys" / "signing-key.pem").rename(tmp_path / "old.pem")
    ledger = Ledger(ledger.engine, Keys(tmp_path / "keys"))
    export(ledger, tmp_path / "export.gz")
    ledger.engine.dispose()
    assert kinds(verify_export(tmp_path / "export.gz", earlier)) == {"key"}
    assert verify_export(tmp_path / "export.gz", earlier, ledger.keys.key_id).holds


def test_the_ledger_of_another_store_does_not_pass(kept: Kept, tmp_path: Path) -> None:
    other = open_ledger(tmp_path)
    fill(other, [json.loads(fact.body)["to"] for fact in kept.facts])
    export(other, tmp_path / "other.gz")
    other.engine.dispose()
    report = verify_export(tmp_path / "other.gz", kept.earlier)
    assert {"key", "recomputed"} <= kinds(report)
    renamed = kept.lines(store=report.store)
    assert "of the ledger" in str(kept.audit(renamed).findings)


@pytest.mark.parametrize("field", SignedHead.__slots__)
def test_every_edit_of_a_signed_head_is_found(kept: Kept, field: str) -> None:
    for place, head in enumerate(kept.heads):
        value = getattr(head, field)
        changed = replace(
            head, **{field: value + 1 if field == "seq" else ("0" if value[0] != "0" else "1") + value[1:]}
        )
        heads = [*kept.heads[:place], changed, *kept.heads[place + 1 :]]
        assert kinds(kept.audit(kept.lines(heads=heads))) & {"head", "key"}


def test_an_export_without_its_heads_or_keys_is_found(kept: Kept) -> None:
    assert "missing" in kept.audit(kept.lines(heads=[])).findings[0].text
    assert "missing" in kept.audit(kept.lines(heads=kept.heads[:-1])).findings[0].text
    assert kinds(kept.audit(kept.lines(keys=[]))) == {"key"}
    assert kinds(kept.audit(kept.lines(heads=[], keys=[], facts=[]))) >= {"head", "cut"}


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_every_changed_byte_is_found(kept: Kept, data: st.DataObject) -> None:
    content = b"".join(canonical(line) + b"\n" for line in kept.lines())
    place = data.draw(st.integers(0, len(content) - 1))
    other = data.draw(st.integers(1, 255))
    changed = content[:place] + bytes([content[place] ^ other]) + content[place + 1 :]
    assert found_in(kept.folder / "flipped.gz", gzip.compress(changed, 1), kept.earlier)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_breaks_off_is_found(kept: Kept, share: float) -> None:
    whole = kept.file.read_bytes()
    found = found_in(kept.folder / "short.gz", whole[: int(len(whole) * share)], kept.earlier)
    assert found & {"damaged", "export.unreadable"}


@pytest.mark.parametrize(
    "change", [lambda whole: whole[:60] + b"\xff\xfe\xfd" + whole[63:], lambda whole: whole + b"x"]
)
def test_damaged_bytes_are_found(kept: Kept, change: Callable[[bytes], bytes]) -> None:
    found = found_in(kept.folder / "damaged.gz", change(kept.file.read_bytes()), kept.earlier)
    assert found & {"damaged", "export.unreadable"}


def no_export(folder: Path) -> dict[str, Path]:
    files = {name: folder / name for name in ("missing", "empty", "text", "noise", "folder", "other")}
    files["empty"].write_bytes(b"")
    files["text"].write_text("no gzip\n")
    files["noise"].write_bytes(gzip.compress(bytes(range(256)) * 9))
    files["folder"].mkdir(exist_ok=True)
    files["other"].write_bytes(gzip.compress(b'{"format":"something else"}\n'))
    return files


@pytest.mark.parametrize("name", ["missing", "empty", "text", "noise", "folder", "other"])
def test_what_is_no_export_is_refused(kept: Kept, name: str) -> None:
    with pytest.raises(UserError) as caught:
        verify_export(no_export(kept.folder)[name], kept.earlier)
    assert caught.value.mistakes[0].code == "export.unreadable"
    assert caught.value.mistakes[0].fix


HOSTILE = [
    b"[" * 100_000,
    b"{}",
    b"5",
    b'["fact"]',
    b'{"fact":null}',
    b'{"fact":["1"]}',
    b'{"fact":[' + b"9" * 5000 + b',"","","","","","","","",""]}',
    b'{"fact":[9223372036854775808,"","","","","","","","",""]}',
    b'{"fact":[-1,"","","","","","","","",""]}',
    b'{"fact":[1.0,"","","","","","","","",""]}',
    b'{"fact":[true,"","","","","","","","",""]}',
    b'{"fact":[1,"\\ud800","","","","","","","",""]}',
    b'{"fact":[1,"\xff","","","","","","","",""]}',
    b'{"fact":[1,"\\u001b[2J","","","","","","","",""]}',
    b'{"head":"text"}',
    b'{"head":{"seq":1}}',
    b'{"key":"k","pem":5}',
    b'{"key":["k"],"pem":"-----BEGIN PUBLIC KEY-----"}',
    b'{"other":1}',
    b"\x00",
    b"",
]


@pytest.mark.parametrize("line", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_line_is_told_and_nothing_else_goes_wrong(kept: Kept, line: bytes) -> None:
    content = b"".join(canonical(told) + b"\n" for told in kept.lines())
    report = kept.audit(content + line + b"\n")
    assert not report.holds
    for finding in report.findings:
        assert str(finding).isprintable()
    canonical(report)  # what is shown as JSON can be written


def test_a_head_or_key_that_nobody_could_have_made_is_told(kept: Kept) -> None:
    half = {**asdict(kept.heads[-1]), "purpose": "half"}
    content = b"".join(canonical(line) + b"\n" for line in kept.lines())
    bad = canonical({"head": half}).replace(b"half", b"\\ud800")
    assert "damaged" in kinds(kept.audit(content + bad + b"\n"))
    pem = X25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert "damaged" in kinds(kept.audit([*kept.lines(), {"key": "k", "pem": pem.decode()}]))


def test_the_command_tells_it_and_ends_with_one(kept: Kept) -> None:
    facts = [*kept.facts[:2], kept.facts[2]._replace(who="e\x1bve"), *kept.facts[3:]]
    kept.audit(kept.lines(facts=facts))
    (kept.folder / "head.json").write_text(kept.earlier.line() + "\n")
    command = [sys.executable, "-c", "import sys, shipworthy.doors.cli.main as main; sys.exit(main.run())"]
    arguments = ["audit", str(kept.folder / "changed.gz"), "--against", str(kept.folder / "head.json")]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "does NOT hold" in done.stdout
    assert "Fact 3 (ClockAdvanced of shop, by e\\x1bve" in " ".join(done.stdout.split())
