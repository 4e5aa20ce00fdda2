"""The colours of the pages can be read by people with weak sight (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re

import pytest

from shipworthy.doors.web.render import STATIC

# (what is written, on what); 4.5 : 1 is asked for text.
TEXT = [
    (colour, ground)
    for ground in ("paper", "card", "wash")
    for colour in ("ink", "soft", "accent", "good", "wait", "bad")
] + [
    ("accent-ink", "accent"),
    ("hull-ink", "hull"),
    ("hull-soft", "hull"),
    ("good", "good-wash"),
    ("wait", "wait-wash"),
    ("bad", "bad-wash"),
    ("ink", "bad-wash"),
]
SCHEMES = ("light", "dark")


def tokens(scheme: str) -> dict[str, str]:
    """The colours of a scheme, as the sheet gives them."""
    sheet = (STATIC / "site.css").read_text()
    blocks = re.findall(r":root \{(.*?)\n\s*\}", sheet, re.DOTALL)
    assert len(blocks) == 2
    light = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", blocks[0]))
    return light if scheme == "light" else light | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", blocks[1]))


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour. Source: WCAG 2.2, definition of relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21. Source: WCAG 2.2, definition of contrast ratio."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("colour", "ground"), TEXT)
def test_text_stands_out(scheme: str, colour: str, ground: str) -> None:
    known = tokens(scheme)
    assert contrast(known[colour], known[ground]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_frame_of_a_field_stands_out(scheme: str) -> None:
    known = tokens(scheme)
    assert contrast(known["soft"], known["card"]) >= 3


def test_pages_use_only_these_colours_and_load_nothing_from_elsewhere() -> None:
    sheet = (STATIC / "site.css").read_text()
    assert not re.search(r"#[0-9a-f]{3,8}", re.sub(r"--[a-z-]+: #[0-9a-f]{6};", "", sheet))
    assert "url(" not in sheet
    assert "@import" not in sheet
    assert "http" not in "".join(file.read_text() for file in STATIC.parent.rglob("*.html"))
