"""How pages are written: templates beside the pages, everything escaped, times in the owner's zone."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from shipworthy.base.digest import digest_of_bytes
from shipworthy.base.times import read_moment

LONGEST_HEADING = 90  # letters: about two lines
_HERE = Path(__file__).parent
STATIC = _HERE / "static"


def rendered(template: str, **content: Any) -> str:
    """A template filled in."""
    return environment().get_template(template).render(**content)


@cache
def environment() -> Environment:
    """Templates of this door: every value is escaped, an unknown name is an error."""
    made = Environment(
        loader=FileSystemLoader([_HERE, _HERE / "pages"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        moment=moment,
        day=day,
        short=short,
        words=words,
        number=number,
        sentence=sentence,
        check_name=check_name,
        headline=headline,
        coded=coded,
        pretty=pretty,
        prose=prose,
        run_title=run_title,
    )
    made.globals.update(static=static_address)
    made.tests["owner_role"] = lambda role: role.startswith("owner:")
    return made


@cache
def static_address(name: str) -> str:
    """The address of one of our own files, which changes when the file does."""
    return f"/static/{name}?v={digest_of_bytes((STATIC / name).read_bytes())[:8]}"


def moment(text: str, zone: str = "UTC") -> str:
    """A moment as people in a zone write it.

    >>> moment("1998-01-01T12:30:00+00:00", "America/New_York")
    '1 Jan 1998, 07:30 EST'
    """
    if not text:
        return "–"
    local = read_moment(text).astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b %Y, %H:%M %Z}"


def day(text: str, zone: str = "UTC") -> str:
    """The day before which data was read; a moment within a day is written in full.

    >>> day("1998-01-01T00:00:00+00:00"), day("1998-01-01T06:00:00+00:00")
    ('1 Jan 1998', '1 Jan 1998, 06:00 UTC')
    """
    if not text:
        return "–"
    found = read_moment(text)
    if found.astimezone(UTC) == datetime(found.year, found.month, found.day, tzinfo=UTC):
        return f"{found.day} {found:%b %Y}"
    return moment(text, zone)


def short(digest: str) -> str:
    """The first twelve characters of a digest, enough to tell it from others by eye."""
    return digest[:12]


def words(name: str) -> str:
    """A name as words: ``sign_offs`` and ``SignOffGiven`` as "sign offs" and "sign off given".

    >>> words("SignOffGiven"), words("time_to_act")
    ('sign off given', 'time to act')
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.sub(r"[_-]+", " ", spaced).lower()


def pretty(value: object) -> str:
    """A nested value as indented JSON, for reading."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def run_title(run: str, zone: str = "UTC") -> str:
    """A run as people name it: the list of a moment for a consumer, or as it stands where it is none.

    >>> run_title("shop/sales/1998-02-01T00:00:00+00:00"), run_title("shop/online")
    ('sales, list of 1 Feb 1998', 'shop/online')
    """
    parts = run.split("/")
    if len(parts) != 3 or not re.match(r"\d{4}-\d\d-\d\d", parts[2]):
        return run
    return f"{parts[1]}, list of {day(parts[2], zone)}"


def coded(text: str) -> Markup:
    """A text as HTML whose commands, written `so`, are shown as code.

    >>> str(coded("Run `shipworthy due` & look."))
    'Run <code>shipworthy due</code> &amp; look.'
    """
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def prose(text: str) -> Markup:
    """A text in Markdown as HTML: its headings stand below that of the page, and HTML or pictures in it stay text.

    >>> str(prose("# Read <b>me</b>")).strip()
    '<h2>Read &lt;b&gt;me&lt;/b&gt;</h2>'
    """
    reader = MarkdownIt("commonmark", {"html": False}).disable("image")
    tokens = reader.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
    return Markup(reader.renderer.render(tokens, reader.options, {}))


def headline(text: str) -> str:
    """The first thing a long text says, as a heading.

    >>> headline("data as of 1998-02-01 refused: 461 of 58,934 rows are bad; at most 0.50% may be. Mostly: paid is 0.")
    'Data as of 1998-02-01 refused: 461 of 58,934 rows are bad; at most 0.50% may be'
    >>> headline("Amounts came in cents; who knows why.")
    'Amounts came in cents; who knows why.'
    """
    for end in (r"\. ", "; "):
        if len(text) > LONGEST_HEADING:
            text = re.split(end, text, maxsplit=1)[0]
    return sentence(text)


def check_name(name: str) -> str:
    """A check's name without its stage, as a title.

    >>> check_name("prove.beats_baseline"), check_name("prove.permanent.c19f4d1b5")
    ('Beats baseline', 'Left by an incident')
    """
    if name.startswith("prove.permanent."):
        return "Left by an incident"
    return sentence(words(name.rpartition(".")[2]))


def number(value: float | int | None, places: int = 3) -> str:
    """A number for reading: whole ones with separators, others with so many places.

    >>> number(23570), number(0.74312), number(1e-9), number(None)
    ('23,570', '0.743', '1e-09', '–')
    """
    if value is None:
        return "–"
    if float(value).is_integer() and abs(value) >= 2:
        return f"{int(value):,}"
    if 0 < abs(value) < 0.5 * 10**-places:
        return f"{value:.0e}"
    return f"{value:,.{places}f}"
