"""The signing key of a store: an Ed25519 pair in a folder outside the database, and the copy of what it signed."""

from __future__ import annotations

import os
import secrets
import stat
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from shipworthy.base.digest import digest_of_bytes
from shipworthy.base.errors import Mistake, UserError
from shipworthy.edges.made_once import made_once

_PRIVATE = "signing-key.pem"
_HEADS = "heads.jsonl"
_KEY_ID_DIGITS = 32
_TOO_OPEN = stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH


class Keys:
    """The key that signs heads, made on first use, and the public keys of it and of those before it.

    The folder holds `signing-key.pem` (mode 0600), `public/<key id>.pem` for every key whose signatures are still
    believed, and `heads.jsonl`, a copy of every signed head. One folder belongs to one store. To change the key, move
    `signing-key.pem` away: a new one is made, and the old public key stays.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    @property
    def key_id(self) -> str:
        """The name of the key that signs now: the first 32 hex digits of the SHA-256 of its raw public key."""
        return key_id_of(self._private.public_key())

    @property
    def public_pem(self) -> str:
        """The public key, to be kept by whoever will check a signature later."""
        return pem_of(self._private.public_key())

    def known(self) -> dict[str, str]:
        """Every public key that is believed, as PEM, by its key id; the one that signs now among them."""
        own = {self.key_id: self.public_pem} if (self.folder / _PRIVATE).exists() else {}
        files = sorted((self.folder / "public").glob("*.pem"))
        return {
            key_id_of(key): pem_of(key)
            for key in (read_public_key(file.read_text(errors="replace"), file) for file in files)
        } | own

    def sign(self, content: bytes) -> bytes:
        """The Ed25519 signature over some bytes (RFC 8032), 64 bytes."""
        return self._private.sign(content)

    def verify(self, content: bytes, signature: bytes | str, key_id: str | None = None) -> bool:
        """Whether a signature over some bytes is by a key known here: the one named, or any."""
        if "_private" in self.__dict__ and key_id in (None, self.key_id):  # no file need be read
            own = is_signed(content, signature, self.public_pem)
            if own or key_id is not None:
                return own
        known = self.known()
        named = known.values() if key_id is None else [known[key_id]] if key_id in known else []
        return any(is_signed(content, signature, pem) for pem in named)

    def keep(self, line: str) -> None:
        """Add a signed head to the copy beside the key, on disk when this returns."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        copy = os.open(self.folder / _HEADS, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(copy, "wb", buffering=0) as file:
            # The line break in front leaves a line that a crash cut short a line of its own.
            file.write(b"\n" + line.encode() + b"\n")
            os.fsync(file.fileno())

    def kept(self) -> list[str]:
        """The signed heads in the copy beside the key, oldest first; lines that a crash cut short are left out."""
        file = self.folder / _HEADS
        lines = file.read_text().splitlines() if file.exists() else []
        return [line for line in lines if line.startswith("{") and line.endswith("}")]

    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        file = self.folder / _PRIVATE
        if not file.exists():
            pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            made_once(file, pem)
        self._refuse_open(file)
        try:
            key = load_pem_private_key(file.read_bytes(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: it wants a password
            raise UserError(_broken(file, "is not a PEM file of a private key without a password")) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise UserError(_broken(file, "is not an Ed25519 private key"))
        self._publish(key.public_key())
        return key

    def _publish(self, key: Ed25519PublicKey) -> None:
        file = self.folder / "public" / f"{key_id_of(key)}.pem"
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            draft = file.with_suffix(f".{secrets.token_hex(8)}")
            draft.write_text(pem_of(key))
            draft.replace(file)

    def _refuse_open(self, file: Path) -> None:
        if os.name == "posix" and file.stat().st_mode & _TOO_OPEN:
            raise UserError(
                Mistake(
                    "keys.open_to_others",
                    str(file),
                    f"The signing key has mode {stat.S_IMODE(file.stat().st_mode):04o}: others can read or change it.",
                    "Whoever has the key can sign a forged history.",
                    f"chmod 600 {file}, and make a new key if others may have read it.",
                )
            )


def key_id_of(key: Ed25519PublicKey) -> str:
    """The name of a public key: the first 32 hex digits of the SHA-256 of its 32 raw bytes."""
    return digest_of_bytes(key.public_bytes(Encoding.Raw, PublicFormat.Raw))[:_KEY_ID_DIGITS]


def read_public_key(pem: str, where: Path | str = "the public key") -> Ed25519PublicKey:
    """The key in a PEM text.

    Raises:
        UserError: it is no Ed25519 public key.
    """
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UserError(_broken(where, "is not a PEM file of a public key")) from error
    if not isinstance(key, Ed25519PublicKey):
        raise UserError(_broken(where, "is not an Ed25519 public key"))
    return key


def is_signed(content: bytes, signature: bytes | str, pem: str) -> bool:
    """Whether the signature over the content, as bytes or in hex, is by that public key."""
    key = read_public_key(pem)
    try:
        key.verify(bytes.fromhex(signature) if isinstance(signature, str) else signature, content)
    except (InvalidSignature, ValueError):  # an edited signature may be no hex at all
        return False
    return True


def pem_of(key: Ed25519PublicKey) -> str:
    """The one way to write a public key as PEM."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _broken(where: Path | str, what: str) -> Mistake:
    return Mistake("keys.unreadable", str(where), f"It {what}.", fix="Restore it from a backup, or move it away.")
