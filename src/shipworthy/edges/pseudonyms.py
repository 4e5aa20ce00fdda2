"""Names of people that only whoever holds the key can tell: keyed hashes, and values that can be read again."""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from shipworthy.base.errors import Mistake, Tampered, UserError
from shipworthy.edges.made_once import made_once

_FILE = "person-key"
_BYTES = 32
_TOO_OPEN = stat.S_IRWXG | stat.S_IRWXO


class Pseudonyms:
    """The key of a store for what says something about a person, in the folder of its keys, outside the database.

    It is made on first use, mode 0600. Without it a mark says nothing of a name, and nobody can test a guess; whoever
    loses it cannot read sealed values again, and no longer knows an erased person who comes back.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def mark(self, purpose: str, name: str) -> str:
        """The keyed hash of a name for one purpose: HMAC-SHA256 (RFC 2104), 64 hex digits.

        Args:
            purpose: what it is for, such as the product; the same name has another mark for another purpose.
        """
        return hmac.digest(self._key, f"{purpose}\0{name}".encode(), "sha256").hex()

    def seal(self, purpose: str, text: str) -> str:
        """A text as only the key opens it: AES-SIV (RFC 5297), so the same text is sealed the same way each time."""
        return urlsafe_b64encode(self._cipher.encrypt(text.encode() + b"\0", [purpose.encode()])).decode()

    def opened(self, purpose: str, sealed: str) -> str:
        """The text of a seal.

        Raises:
            Tampered: it was sealed by another key or for another purpose, or was changed.
        """
        try:
            return self._cipher.decrypt(urlsafe_b64decode(sealed), [purpose.encode()])[:-1].decode()
        except (InvalidTag, ValueError):
            found = f"A value of {purpose!r} does not open with the key of this store."
            fix = f"Restore {_FILE} in the folder of keys from a backup."
            raise Tampered(Mistake("keys.sealed", purpose, found, "It was changed, or the key was.", fix)) from None

    @cached_property
    def _cipher(self) -> AESSIV:
        return AESSIV(hmac.digest(self._key, b"cipher", "sha512"))

    @cached_property
    def _key(self) -> bytes:
        file = self.folder / _FILE
        if not file.exists():
            made_once(file, f"{secrets.token_hex(_BYTES)}\n".encode())
        if os.name == "posix" and file.stat().st_mode & _TOO_OPEN:
            found = f"The key has mode {stat.S_IMODE(file.stat().st_mode):04o}: others can read it."
            why = "Whoever has it can test which people were erased, and read what is sealed."
            raise UserError(Mistake("keys.open_to_others", str(file), found, why, f"chmod 600 {file}"))
        try:
            key = bytes.fromhex(file.read_text().strip())
        except ValueError:
            key = b""
        if len(key) != _BYTES:
            found = f"It is no key of {_BYTES} bytes in hex."
            raise UserError(Mistake("keys.unreadable", str(file), found, fix="Restore it from a backup."))
        return key
