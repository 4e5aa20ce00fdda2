"""Where declared paths and addresses lead: files of the product's folder, of fsspec's file systems, nowhere else."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
import fsspec.core

from shipworthy.base.digest import digest_of_bytes
from shipworthy.base.errors import Mistake, UserError
from shipworthy.data.source import Place

_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PATTERN = re.compile(r"[*?\[]")
_ADDRESS = re.compile(r"^[a-z][a-z0-9+.-]*(::|://)")


@dataclass(frozen=True, slots=True)
class Found:
    """One file that a path led to.

    Attributes:
        name: the path relative to the product's folder, or the address.
        system: the fsspec file system that holds it.
        path: its path there.
    """

    name: str
    system: Any
    path: str


@dataclass(frozen=True, slots=True)
class Bytes:
    """The content of a file as it was read, unpacked where it was packed.

    Attributes:
        digest: SHA-256 of the file's own bytes, before unpacking.
    """

    name: str
    content: bytes
    digest: str


def wrong(code: str, where: str, found: str, why: str = "", fix: str = "") -> UserError:
    """The error for one thing that is wrong with a source."""
    return UserError(Mistake(f"data.{code}", where, found, why, fix))


def filled_in(text: str, place: Place, field: str) -> str:
    """A path or address with every ${NAME} taken from the environment.

    Raises:
        UserError: a name is not set there; the message names it and shows no value.
    """
    missing = sorted({name for name in _NAME.findall(text) if name not in place.environ})
    if missing:
        listed = " and ".join(f"${{{name}}}" for name in missing)
        raise wrong(
            "secret_missing",
            f"sources.{place.name}.{field}",
            f"{listed} stands in the address, but is not set in the environment.",
            fix="Set it for the process that reads data, then try again.",
        )
    return _NAME.sub(lambda match: place.environ[match[1]], text)


def inside(path: str, place: Place) -> Path:
    """A relative path as a path in the product's folder; an absolute one as it is.

    Raises:
        UserError: the relative path leads out of the folder, by `..` or by a link.
    """
    if Path(path).is_absolute():
        return Path(path)
    folder = place.folder.resolve()
    whole = folder / path
    fixed = _PATTERN.split(path)[0]
    for end in ((folder / fixed).resolve(), whole.resolve()):
        if ".." in Path(path).parts or not end.is_relative_to(folder):
            raise wrong(
                "path_leaves_folder",
                f"sources.{place.name}.path",
                f"{path!r} leads out of the folder of product.yaml.",
                "A product reads its own folder, or what its plan names by a full address.",
                "Put the file under the product's folder, or write its absolute path.",
            )
    return whole


def files(path: str, place: Place) -> list[Found]:
    """The files that a path, pattern or fsspec address names, sorted by name.

    Raises:
        UserError: there is none, the path leads out of the folder, or the file system cannot be reached.
    """
    written = filled_in(path, place, "path")
    if _ADDRESS.match(written):
        return _remote(written, path, place)
    whole = inside(written, place)
    system = fsspec.filesystem("file")
    if whole.is_file():
        return [Found(_name(whole, place), system, str(whole))]
    start, pattern = (Path(whole.anchor), str(whole.relative_to(whole.anchor)))
    if not Path(written).is_absolute():
        start, pattern = place.folder.resolve(), written
    kept = sorted(file for file in start.glob(pattern) if file.is_file()) if _PATTERN.search(written) else []
    if not kept:
        raise _none(path, place, str(_nearest(whole)))
    for file in kept:  # a link inside the folder may still lead out of it
        inside(_name(file, place), place)
    return [Found(_name(file, place), system, str(file)) for file in kept]


def content(file: Found, place: Place) -> Bytes:
    """All bytes of a file; `.gz` is unpacked.

    Raises:
        UserError: it cannot be read, is empty, was cut off, or changed while it was read.
    """
    try:
        before = file.system.info(file.path)["size"]
        raw: bytes = file.system.cat_file(file.path)
        after = file.system.info(file.path)["size"]
    except OSError as error:
        raise _unreachable(file.name, place, error) from error
    if before != after or (after is not None and after != len(raw)):
        raise half_written(file.name, f"The file grew from {before} to {after} bytes while it was read.")
    unpacked = _unpacked(file.name, raw)
    if not unpacked.strip():
        raise wrong(
            "empty_file",
            file.name,
            f"The file of source {place.name} is empty ({len(raw)} bytes).",
            "An empty feed is a failed feed; nothing is concluded from it.",
            "Ask for the file again, or take the empty one away.",
        )
    return Bytes(file.name, unpacked, digest_of_bytes(raw))


def half_written(name: str, found: str) -> UserError:
    """The error for a file that is still being written, or was cut off."""
    return wrong(
        "half_written",
        name,
        found,
        "It is still being written or was cut off; rows would be lost without a word.",
        "Wait until it is complete; have it written under another name and renamed when it is done.",
    )


def _unpacked(name: str, raw: bytes) -> bytes:
    if not name.endswith(".gz"):
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, OSError) as error:
        raise half_written(name, f"The packed file cannot be unpacked: {error}.") from error


def _remote(written: str, path: str, place: Place) -> list[Found]:
    try:
        system, inner = fsspec.core.url_to_fs(written)
        found = sorted(system.glob(inner)) if _PATTERN.search(inner) else [inner]
        kept = [name for name in found if system.isfile(name)]
    except (OSError, ValueError, ImportError) as error:
        raise _unreachable(path, place, error) from error
    if not kept:
        raise _none(path, place, "its address")
    return [Found(_without_secrets(system.unstrip_protocol(name)), system, name) for name in kept]


def _without_secrets(address: str) -> str:
    return re.sub(r"//[^/@]*@", "//", address)


def _none(path: str, place: Place, where: str) -> UserError:
    return wrong(
        "no_file",
        f"sources.{place.name}.path",
        f"No file matches {path!r}; looked in {where}.",
        fix="Put the file there, or correct the path; a relative path starts at the folder of product.yaml.",
    )


def _unreachable(name: str, place: Place, error: Exception) -> UserError:
    return wrong(
        "unreachable",
        name,
        f"The file of source {place.name} cannot be read: {type(error).__name__}: {_without_secrets(str(error))}",
        fix="See that the file is there, that its system is up and that this process may read it.",
    )


def _name(file: Path, place: Place) -> str:
    folder = place.folder.resolve()
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)


def _nearest(path: Path) -> Path:
    return next((parent for parent in path.parents if parent.is_dir()), path)
