"""Answers that come page by page: which address is next, as the plan says that its system tells."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from shipworthy.data.places import Bytes, wrong
from shipworthy.data.source import Place
from shipworthy.plan.schema import Pages

MOST_PAGES = 100_000
PAGE_BYTES = 16 << 20
_NEXT = re.compile(r"<([^<>]*)>((?:\s*;\s*[^,;]+)*?)\s*;\s*rel=\"?next\"?\s*(?=[,;]|$)", re.IGNORECASE)
_PARAMETERS = {"number": "page", "offset": "offset"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One page as it came, with its headers by small letters."""

    file: Bytes
    headers: Mapping[str, str]


def paged(
    pages: Pages, url: str, fetch: Callable[[str, int], Answer], count: Callable[[Bytes], int], place: Place
) -> Iterator[Bytes]:
    """Every page, one after the other, JSON as the list of its rows.

    Args:
        fetch: asks an address for its answer, and is told the number of the page.
        count: how many rows a page has.

    Raises:
        UserError: a page is not what the plan says, or leads to another host, back, or on without end.
    """
    before, rows = "", 0
    address = _with(pages, url, pages.first if pages.by == "number" else 0)
    seen = {address}
    for number in range(MOST_PAGES):
        answer = fetch(address, number + 1)
        value = _json(answer.file, place) if pages.rows or pages.by == "body" else None
        page = answer.file if value is None else _rows(pages, answer.file, value, place)
        found = count(page)
        if found and page.digest == before:
            raise _astray(place, f"Page {number + 1} is the same as the one before.")
        if found or not number or pages.by in ("link", "body"):
            yield page
        before, rows = page.digest, rows + found
        if pages.by in _PARAMETERS:
            if not found:
                return
            address = _with(pages, url, pages.first + number + 1 if pages.by == "number" else rows)
            continue
        onward = _next(pages, answer, value)
        if not onward:
            return
        address = _joined(address, onward, place)
        if address in seen:
            raise _astray(place, f"Page {number + 1} leads back to one that was read.")
        seen.add(address)
    raise _astray(place, f"There are more than {MOST_PAGES:,} pages.")


def _next(pages: Pages, answer: Answer, value: Any) -> str:
    if pages.by == "body":
        found = _at(value, pages.name or "next")
        return found if isinstance(found, str) else ""
    told = _NEXT.search(answer.headers.get("link", ""))
    return told[1] if told else ""


def _with(pages: Pages, url: str, number: int) -> str:
    import httpx

    if pages.by not in _PARAMETERS:
        return url
    return str(httpx.URL(url).copy_set_param(pages.name or _PARAMETERS[pages.by], str(number)))


def _joined(before: str, onward: str, place: Place) -> str:
    import httpx

    try:
        here = httpx.URL(before)
        there = here.join(onward)
    except httpx.InvalidURL:
        raise _astray(place, "A page names a next one that is no address.") from None
    if (here.scheme, here.host, here.port) != (there.scheme, there.host, there.port):
        raise _astray(place, f"A page leads on to {there.host}, another host, which would be handed the key.")
    return str(there)


def _json(file: Bytes, place: Place) -> Any:
    try:
        return json.loads(file.content)
    except (ValueError, RecursionError):
        raise _astray(place, f"{file.name} did not answer with JSON, in which the next page would stand.") from None


def _rows(pages: Pages, file: Bytes, value: Any, place: Place) -> Bytes:
    if not pages.rows:
        return file
    rows = _at(value, pages.rows)
    if not isinstance(rows, list):
        raise _astray(place, f"{file.name} has no list under {pages.rows}.")
    return replace(file, content=json.dumps(rows, ensure_ascii=False).encode())


def _at(value: Any, path: str) -> Any:
    """What stands under keys that are joined by dots; None where nothing does."""
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _astray(place: Place, found: str) -> Exception:
    why = "Pages that were not read are rows that would be missing without a word."
    fix = "See how its system tells of the next page, and say so under `pages`."
    return wrong("pages", f"sources.{place.name}.pages", found, why, fix)
