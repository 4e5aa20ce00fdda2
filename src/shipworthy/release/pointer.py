"""The signed release pointer: a small file that prediction servers follow; an edited one is refused."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field

from shipworthy.base.digest import canonical, digest_of
from shipworthy.base.errors import GateShut, Mistake, NotFound, Tampered
from shipworthy.edges.store import Store
from shipworthy.release.words import Standing


@dataclass(frozen=True, slots=True)
class Pointer:
    """Who answers whom, as of one fact of the ledger.

    Attributes:
        head: number of the newest fact it rests on; head_digest: that fact's digest.
        digest: digest of the signed content.
        instead: why the baseline answers in place of a model, by cohort; empty where all is as released.
    """

    product: str
    champion: dict[str, str]
    challenger: str
    challenger_step: str
    baseline: str
    head: int
    head_digest: str
    digest: str
    canary: str = ""
    canary_share: float = 0.0
    paused: dict[str, str] = field(default_factory=dict)
    instead: dict[str, str] = field(default_factory=dict)


def write_pointer(store: Store, product: str, now: Standing) -> Pointer:
    """Sign and write the pointer of a product, in one atomic replacement."""
    head = store.ledger.head()
    content = {
        "product": product,
        "champion": now.champion,
        "challenger": now.challenger,
        "challenger_step": now.challenger_step,
        "baseline": now.baseline,
        "canary": now.canary,
        "canary_share": now.canary_share,
        "paused": now.paused,
        "instead": now.instead,
        "head": head.seq,
        "head_digest": head.digest,
    }
    signature = store.keys.sign(canonical(content)).hex()
    file = store.home / "releases" / f"{product}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(f".{os.getpid()}.new")
    with fresh.open("w") as out:
        json.dump({"content": content, "key": store.keys.key_id, "signature": signature}, out, indent=1, sort_keys=True)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    return Pointer(**content, digest=digest_of(content))  # type: ignore[arg-type]


def read_pointer(store: Store, product: str) -> Pointer:
    """The pointer of a product, its signature verified.

    Raises:
        NotFound: nothing of this product has been released.
        Tampered: the file was not written by this store's key, or was changed since.
    """
    file = store.home / "releases" / f"{product}.json"
    try:
        held = json.loads(file.read_text())
        content, signature, key = held["content"], bytes.fromhex(held["signature"]), str(held["key"])
        good = content["product"] == product and store.keys.verify(canonical(content), signature, key)
        pointer = Pointer(**content, digest=digest_of(content))
    except FileNotFoundError:
        fix = "Release a candidate: `shipworthy release`."
        raise NotFound(Mistake("release.no_pointer", product, "Nothing has been released.", fix=fix)) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        good = False
    if not good:
        raise Tampered(
            Mistake(
                "release.pointer_edited",
                str(file.name),
                "The release pointer does not carry a good signature of this store: it was edited or copied.",
                "Only what a gate let pass may answer people.",
                "Run `shipworthy releases --repair`: it writes the pointer anew from the ledger.",
            )
        )
    return pointer


def current_pointer(store: Store, product: str, now: Standing) -> Pointer:
    """The pointer, where it says what the ledger says.

    Args:
        now: who answers whom by the ledger.

    Raises:
        NotFound, Tampered: as `read_pointer`.
        GateShut: it is older than the ledger: a release is under way, or an earlier pointer was put back.
    """
    pointer = read_pointer(store, product)
    told = (pointer.champion, pointer.baseline, pointer.canary, pointer.canary_share, pointer.paused, pointer.instead)
    if told == (now.champion, now.baseline, now.canary, now.canary_share, now.paused, now.instead):
        return pointer
    found = f"The release pointer is that of fact {pointer.head}; by the ledger others answer now."
    why = "A release or rollback is under way, or an earlier pointer was put back."
    fix = "If no release is running, run `shipworthy releases --repair`."
    raise GateShut(Mistake("release.pointer_behind", f"{product}.json", found, why, fix))
