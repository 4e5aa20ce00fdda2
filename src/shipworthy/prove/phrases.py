"""How numbers are said in findings, so that a lawyer and a data scientist read the same thing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shipworthy.prove.intervals import Estimate

_MOST_NAMES = 5


def number(value: float) -> str:
    """A measured number with three decimals; large ones with fewer.

    >>> number(0.71234), number(1234.5), number(-0.0001)
    ('0.712', '1,234', '0.000')
    """
    if abs(value) >= 100:
        return f"{value:,.0f}"
    text = f"{value:.2f}" if abs(value) >= 10 else f"{value:.3f}"
    return text.lstrip("-") if float(text) == 0 else text


def percent(share: float) -> str:
    """A share in per cent.

    >>> percent(0.2043), percent(0.0004)
    ('20.4%', '0.04%')
    """
    return f"{share * 100:.2f}%" if 0 < abs(share) < 0.001 else f"{share * 100:.1f}%"


def points(share: float) -> str:
    """A difference of shares in percentage points, with its sign.

    >>> points(-0.0234)
    '-2.3 points'
    """
    return f"{share * 100:+.1f} points"


def spoken(estimate: Estimate, say: Callable[[float], str] = number) -> str:
    """A value with its interval, or why it cannot be told.

    >>> spoken(Estimate(0.7, 0.65, 0.75, 900))
    '0.700 (0.650 to 0.750)'
    """
    if estimate.cannot_tell:
        return f"cannot tell: {estimate.cannot_tell}"
    value, low, high = estimate.known
    return f"{say(value)} ({say(low)} to {say(high)})"


def quoted(name: str) -> str:
    """A name out of the data, so that a group called yes or no does not read as a word of the sentence.

    >>> quoted("no")
    '“no”'
    """
    return f"“{name}”"


def listed(names: Iterable[str]) -> str:
    """Some names, the first few of many.

    >>> listed(["a", "b"]), listed("abcdefg")
    ('a, b', 'a, b, c, d, e and 2 more')
    """
    known = list(names)
    more = f" and {len(known) - _MOST_NAMES} more" if len(known) > _MOST_NAMES else ""
    return ", ".join(known[:_MOST_NAMES]) + more


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun.

    >>> counted(1, "row"), counted(1200, "row"), counted(2, "entity", "entities")
    ('1 row', '1,200 rows', '2 entities')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
