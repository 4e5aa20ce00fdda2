"""The key of a store: made once, kept from others, changed without losing what it signed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shipworthy.base.errors import Tampered, UserError
from shipworthy.edges.database import migrate, open_engine
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys")


def test_a_key_is_made_once_and_for_its_owner_only(keys: Keys) -> None:
    signature = keys.sign(b"content")
    again = Keys(keys.folder)
    assert (again.key_id, again.public_pem) == (keys.key_id, keys.public_pem)
    assert again.verify(b"content", signature)
    assert again.verify(b"content", signature.hex(), keys.key_id)
    assert not again.verify(b"other content", signature)
    assert not again.verify(b"content", signature, "another key")
    assert (keys.folder / "signing-key.pem").stat().st_mode & 0o777 == 0o600


def test_a_new_key_still_believes_what_the_old_one_signed(keys: Keys) -> None:
    signature, old = keys.sign(b"content"), keys.key_id
    (keys.folder / "signing-key.pem").unlink()
    changed = Keys(keys.folder)
    assert changed.key_id != old
    assert changed.verify(b"content", signature)
    assert set(changed.known()) == {old, changed.key_id}


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o606])
def test_a_key_that_others_can_read_or_change_is_refused(keys: Keys, mode: int) -> None:
    keys.sign(b"content")
    os.chmod(keys.folder / "signing-key.pem", mode)
    with pytest.raises(UserError, match="chmod 600"):
        Keys(keys.folder).sign(b"content")


@pytest.mark.parametrize(
    "content", [b"", b"no key", b"\xff\xfe", b"-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n"]
)
def test_a_broken_key_is_told(keys: Keys, content: bytes) -> None:
    keys.sign(b"content")
    (keys.folder / "signing-key.pem").write_bytes(content)
    with pytest.raises(UserError, match=r"signing-key\.pem") as caught:
        Keys(keys.folder).sign(b"content")
    assert caught.value.mistakes[0].code == "keys.unreadable"
    [public] = (keys.folder / "public").iterdir()
    public.write_bytes(content)
    (keys.folder / "signing-key.pem").unlink()
    with pytest.raises(UserError, match=public.name):
        Keys(keys.folder).known()


def test_a_line_that_a_crash_cut_short_is_passed_over_and_an_edited_one_is_found(keys: Keys, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    migrate(engine)
    ledger = Ledger(engine, keys)
    signed = ledger.sign_head("gate")
    copy = keys.folder / "heads.jsonl"
    with copy.open("a") as file:
        file.write(signed.line()[:40])
    ledger.sign_head("gate")
    assert ledger.verify().seq == 0
    for wrong in (b'{"seq":1}\n', b"{\xff}\n"):
        before = copy.read_bytes()
        copy.write_bytes(before + wrong)
        with pytest.raises(Tampered, match=r"copy of signed heads"):
            ledger.verify()
        copy.write_bytes(before)
    engine.dispose()
