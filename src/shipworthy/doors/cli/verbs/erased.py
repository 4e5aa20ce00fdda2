"""afterwards: who was erased, by keyed hash, with the certificates.

Example: shipworthy erased
"""

from __future__ import annotations

from shipworthy.deliver.words import Erased, ErasedCard
from shipworthy.doors.cli.screen import AsJson, Product, moment, product_here, session, show


def run(product: Product = "", json: AsJson = False) -> None:
    """List the erasures."""
    with session() as opened:
        found = opened.ask(Erased(product=product_here(product)))
    show(found, json, lambda cards: [_line(card) for card in cards] or ["nobody was erased yet"])


def _line(card: ErasedCard) -> str:
    if card.state == "ordered":
        return f"{moment(card.at)} UTC  {card.person[:12]}  {card.state} by {card.by}, not finished"
    rows = ", ".join(f"{count} {name}" for name, count in card.rows.items())
    return (
        f"{moment(card.at)} UTC  {card.person[:12]}  by {card.by}: {rows}; {card.outside} out of reach; "
        f"certificate {card.certificate[:12]}{'; readmitted since' if card.state == 'readmitted' else ''}"
    )
