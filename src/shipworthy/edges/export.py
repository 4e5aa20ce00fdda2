"""One file that holds a whole ledger, and its verification by whoever has nothing but that file.

Every line is in the one way to write it, so that a file that holds says the same to every reader. What it shows
depends on what the reader brings: with nothing, that facts, heads and keys in the file fit each other; with the public
key, or a head signed earlier and kept elsewhere, that they are this ledger's. Out of scope: whoever holds key and
database can sign another history after the newest head that somebody else keeps.
"""

from __future__ import annotations

import gzip
import os
import secrets
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from shipworthy.base.digest import canonical
from shipworthy.base.errors import Mistake, UserError
from shipworthy.edges.chain import Finding, Head, SignedHead, StoredFact, Tampering, Walk, held_against
from shipworthy.edges.keys import is_signed, key_id_of, pem_of, read_public_key

if TYPE_CHECKING:
    from shipworthy.edges.ledger import Ledger

_FORMAT = "shipworthy-ledger"
_VERSION = 1
_PURPOSE = "export"
_REWRITTEN = "SegmentRewritten"
_LARGEST_NUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What the verification of an export found.

    Attributes:
        store: the ledger's name, as the export gives it.
        facts: how many facts the file holds.
        head: where its chain ends.
        signed: the head that was signed for this export; None where the file has none that is valid.
        keys: the public keys in the file, as PEM by key id.
        findings: every sign of tampering, the first bad fact first; none means that the export holds.
        rewritten: how many stored files were replaced since people were erased from them.
        limits: what this verification could not show, in plain words.
    """

    store: str
    facts: int
    head: Head
    signed: SignedHead | None
    keys: dict[str, str]
    findings: list[Finding]
    limits: list[str]
    rewritten: int = 0

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def export(ledger: Ledger, to: Path) -> SignedHead:
    """Verify the ledger, sign its head and write all of it into one gzipped file of JSON lines.

    The first line says what the file is; then come the public keys, every signed head (the one for this export last)
    and every fact. The file is there in whole or not at all.

    Raises:
        Tampered: the ledger does not verify; a damaged one is not exported.
    """
    signed = ledger.sign_head(_PURPOSE)  # which verifies all of it
    draft = to.with_name(f".{to.name}.{secrets.token_hex(4)}")
    try:
        # No name and no moment in the file's frame: the same ledger and heads give the same bytes.
        with open(draft, "wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
            for line in _lines(ledger, signed):
                file.write(canonical(line) + b"\n")
        os.replace(draft, to)
    finally:
        draft.unlink(missing_ok=True)
    return signed


def verify_export(file: Path, earlier: SignedHead | None = None, trusted_key: str | None = None) -> AuditReport:
    """Find every edited, dropped, inserted, reordered, cut or recomputed fact in an export; needs nothing else.

    Args:
        file: what `export` wrote.
        earlier: a head signed at an earlier time and kept outside the ledger; it shows a history that was rewritten
            up to it, even by someone who has the key.
        trusted_key: the public key, as PEM, or its key id, that the ledger must be signed with; known from elsewhere.
            Where it is not given, the key that signed `earlier`.

    Raises:
        UserError: the file cannot be read at all, or `trusted_key` is no key.
    """
    audit = _Audit()
    try:
        with gzip.open(file, "rb") as opened:
            for number, line in enumerate(opened, start=1):
                audit.take(number, line)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        if not audit.lines:
            raise _unreadable(file, str(error)) from error
        audit.add(0, "damaged", f"the file breaks off or is damaged after line {audit.lines}: {error}.")
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    if audit.header is None:
        raise _unreadable(file, "its first line does not say that it is a ledger's export")
    return audit.report(earlier, trusted_key)


def _lines(ledger: Ledger, signed: SignedHead) -> Iterator[Mapping[str, Any]]:
    yield _header(ledger.store)
    for key_id, pem in ledger.keys.known().items():
        yield {"key": key_id, "pem": pem}
    for head in [*(head for head in ledger.signed_heads() if head != signed), signed]:
        yield {"head": asdict(head)}
    for fact in ledger.stored(signed.seq):
        yield {"fact": fact}


def _header(store: str) -> Mapping[str, Any]:
    return {"format": _FORMAT, "version": _VERSION, "store": store}


@dataclass
class _Audit:
    """What was read of an export so far."""

    header: Mapping[str, Any] | None = None
    lines: int = 0
    facts: int = 0
    rewritten: int = 0
    chain: Walk = field(default_factory=Walk)
    keys: dict[str, str] = field(default_factory=dict)
    heads: list[SignedHead] = field(default_factory=list)
    digests: dict[int, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def add(self, seq: int, tampering: Tampering, text: str) -> None:
        self.findings.append(Finding(seq, tampering, text))

    def take(self, number: int, line: bytes) -> None:
        self.lines = number
        try:
            told = orjson.loads(line)
            if orjson.dumps(told, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE) != line:
                raise ValueError("not in the one way to write it")
            self._told(told)
        except (ValueError, KeyError, TypeError, UserError):
            self.add(self.chain.head.seq + 1 if self.facts else 0, "damaged", f"line {number} cannot be read: damaged.")

    def _told(self, told: Any) -> None:
        names = set(told)
        if self.header is None:
            self._first(told)
        elif names == {"fact"}:
            self._fact(told["fact"])
        elif names == {"head"}:
            self.heads.append(SignedHead.read(told["head"]))
        elif names == {"key", "pem"}:
            self._key(told["key"], told["pem"])
        else:
            raise ValueError("not a line of an export")

    def _first(self, told: Mapping[str, Any]) -> None:
        store = told["store"]
        if not isinstance(store, str) or canonical(told) != canonical(_header(store)):
            raise ValueError("not the first line of an export")
        self.header = told

    def _fact(self, columns: list[Any]) -> None:
        seq, *texts = columns
        if type(seq) is not int or len(texts) != 9 or not all(isinstance(text, str) for text in texts):
            raise ValueError("not the columns of a fact")
        if not 0 < seq <= _LARGEST_NUMBER:
            raise ValueError("not the number of a fact")
        fact = StoredFact(seq, *texts)
        self.facts += 1
        self.rewritten += fact.kind == _REWRITTEN
        self.chain.take(fact)
        self.digests[fact.seq] = fact.digest

    def _key(self, key_id: str, pem: str) -> None:
        if not isinstance(pem, str):
            raise TypeError("not a public key")
        key = read_public_key(pem)
        if (key_id, pem) != (key_id_of(key), pem_of(key)):
            self.add(0, "key", f"the public key {key_id} in the file is another key: its name does not fit it.")
        else:
            self.keys[key_id] = pem

    def report(self, earlier: SignedHead | None, trusted_key: str | None) -> AuditReport:
        store = str((self.header or {}).get("store"))
        trusted = dict(self.keys)
        wanted = trusted_key or (earlier.key_id if earlier else None)
        if trusted_key is not None and trusted_key.startswith("-----"):
            wanted = key_id_of(read_public_key(trusted_key, "the trusted key"))
            trusted[wanted] = trusted_key
        for head in self.heads:
            self._hold(head, store, trusted, "in the file")
        signed = self._own_head(trusted)
        if earlier is not None:
            self._hold(earlier, store, trusted, "that you kept")
        if wanted is not None:
            self._signed_with(signed, wanted, "that you trust" if trusted_key else "of the head that you kept")
        findings = sorted(dict.fromkeys(self.chain.findings + self.findings), key=lambda finding: finding.seq)
        limits = _limits(earlier, wanted is not None)
        return AuditReport(store, self.facts, self.chain.head, signed, self.keys, findings, limits, self.rewritten)

    def _own_head(self, trusted: Mapping[str, str]) -> SignedHead | None:
        signed = self.heads[-1] if self.heads and self.heads[-1].purpose == _PURPOSE else None
        if signed is None:
            self.add(0, "head", "the head that was signed for this export is missing.")
        elif self.chain.head.seq > signed.seq:
            self.add(
                signed.seq + 1,
                "inserted",
                f"fact {signed.seq + 1} and later ones were added after the export was signed at fact {signed.seq}.",
            )
        return signed if signed and self._fits(signed, trusted) else None

    def _hold(self, head: SignedHead, store: str, trusted: Mapping[str, str], where: str) -> None:
        name = f"the head {where} of fact {head.seq}, signed at {head.at} for {head.purpose!r},"
        if head.key_id not in trusted:
            self.add(0, "key", f"{name} carries the signature of the key {head.key_id}, which is not in the file.")
        elif not self._fits(head, trusted):
            self.add(0, "head", f"{name} was edited: its signature does not fit.")
        elif head.store != store:
            self.add(0, "head", f"{name} is of the ledger {head.store}, but this file says it is {store}.")
        found = held_against(head, self.chain.head.seq, self.digests.get(head.seq))
        if found:
            self.findings.append(found)

    def _signed_with(self, signed: SignedHead | None, key_id: str, whose: str) -> None:
        if signed is None or signed.key_id != key_id:
            by = f"with {signed.key_id}" if signed else "by nobody"
            text = f"the export is signed {by}, not with the key {key_id} {whose}. Where the store changed its key on "
            self.add(0, "key", text + "purpose, get the new key's id from its holder and name it (--key).")

    @staticmethod
    def _fits(head: SignedHead, trusted: Mapping[str, str]) -> bool:
        return head.key_id in trusted and is_signed(head.statement(), head.signature, trusted[head.key_id])


def _limits(earlier: SignedHead | None, key_known: bool) -> list[str]:
    if earlier is not None:
        return [
            f"The head that you kept vouches for facts up to {earlier.seq}, the signature of this export for later "
            "ones. Whoever holds both the key and the database could have written those anew: keep this export's head."
        ]
    if key_known:
        return [
            "Whoever holds both the key and the database can write another history and sign it. Only a head that you "
            "got at another time shows that."
        ]
    return [
        "The signatures were checked with the keys in the file itself. Whoever replaced facts, heads and keys "
        "together is only found with a public key or a signed head that you got at another time."
    ]


def _unreadable(file: Path, reason: str) -> UserError:
    return UserError(
        Mistake(
            "export.unreadable",
            str(file),
            f"This is not an export of a ledger that can be read: {reason}.",
            fix="Give the file that the export of the ledger wrote, unchanged.",
        )
    )
