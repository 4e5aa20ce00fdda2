"""Where declared paths and addresses lead: files of the product's folder, of fsspec's file systems, nowhere else."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from shipworthy.base.digest import digest_of_bytes
from shipworthy.base.errors import Mistake, UserError
from shipworthy.data.source import Place
from shipworthy.edges import secrets
from shipworthy.edges.objects import ADDRESS, paths_here, system_of
from shipworthy.edges.secrets import NAME, OWN

_PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Found:
    """One file that a path led to.

    Attributes:
        name: the path relative to the product's folder, or the address.
        system: the fsspec file system that holds it.
        path: its path there.
        address: what the plan says, with ${NAME} as it stands there.
    """

    name: str
    system: Any
    path: str
    address: str


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


def undecodable(name: str, line: int) -> UserError:
    """The error for a file of text that is no UTF-8 from that line on."""
    return wrong(
        "encoding",
        f"{name}:{line}",
        f"Line {line} holds bytes that are not UTF-8.",
        "Names and words would come out garbled, and the same customer under two names.",
        "Write the file as UTF-8.",
    )


def filled_in(text: str, place: Place, field: str) -> str:
    """A path or address with every ${NAME} taken from the environment.

    Raises:
        UserError: a name is not set there; the message names it and shows no value.
    """
    own = sorted({name for name in NAME.findall(text) if name.startswith(OWN)})
    if own:
        found = f"${{{own[0]}}} is a setting of the installation."
        why = "It may hold a token or lead to the ledger."
        raise wrong("own_setting", f"sources.{place.name}.{field}", found, why, "Use a variable of its own.")
    missing = sorted({name for name in NAME.findall(text) if name not in place.environ})
    if missing:
        listed = " and ".join(f"${{{name}}}" for name in missing)
        raise wrong(
            "secret_missing",
            f"sources.{place.name}.{field}",
            f"{listed} stands in the address, but is not set in the environment.",
            fix="Set it for the process that reads data, then try again.",
        )
    return NAME.sub(lambda match: place.environ[match[1]], text)


def hidden(text: str, address: str, place: Place) -> str:
    """A text for people and facts, in which what an address took from the environment is ${NAME} again.

    >>> hidden("no file /in/s3cret/a.csv", "/in/${KEY}/a.csv", Place("orders", Path(), {"KEY": "s3cret"}))
    'no file /in/${KEY}/a.csv'
    """
    return secrets.hidden(text, place.environ, address)


def inside(path: str, place: Place, field: str = "path") -> Path:
    """A relative path as a path in the product's folder; an absolute one as it is.

    Raises:
        UserError: the relative path leads out of the folder, by `..` or by a link; or the path leads to what is closed.
    """
    whole = Path(path) if Path(path).is_absolute() else _below(path, place, field)
    if _is_closed(whole, place):
        raise wrong(
            "path_is_closed",
            f"sources.{place.name}.{field}",
            "The address leads into the folder of the ledger, its files or its keys.",
            "What they hold is shown only to those who may see it, and never through a source.",
            "Name a file outside of it.",
        )
    return whole


def _is_closed(path: Path, place: Place) -> bool:
    return any(path.resolve().is_relative_to(folder.resolve()) for folder in place.closed)


def _below(path: str, place: Place, field: str) -> Path:
    folder = place.folder.resolve()
    whole = folder / path
    fixed = _PATTERN.split(path)[0]
    for end in ((folder / fixed).resolve(), whole.resolve()):
        if ".." in Path(path).parts or not end.is_relative_to(folder):
            raise wrong(
                "path_leaves_folder",
                f"sources.{place.name}.{field}",
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
    if not path.strip() or "\0" in written:
        found = f"{path!r} names no file." if path.strip() else "No path is named."
        raise wrong("no_file", f"sources.{place.name}.path", found, fix="Write the path of a file, or a pattern.")
    if ADDRESS.match(written):
        return _remote(written, path, place)
    whole = inside(written, place)
    system = fsspec.filesystem("file")
    if whole.is_file():
        return [Found(hidden(_name(whole, place), path, place), system, str(whole), path)]
    start, pattern = (Path(whole.anchor), str(whole.relative_to(whole.anchor)))
    if not Path(written).is_absolute():
        start, pattern = place.folder.resolve(), written
    matched = start.glob(pattern) if _PATTERN.search(written) else []
    kept = sorted(file for file in matched if file.is_file() and not _is_closed(file, place))
    if not kept:
        raise _none(path, place, hidden(str(_nearest(whole)), path, place), is_folder=whole.is_dir())
    for file in kept:  # a link inside the folder may still lead out of it
        inside(_name(file, place), place)
    return [Found(hidden(_name(file, place), path, place), system, str(file), path) for file in kept]


def content(file: Found, place: Place) -> Bytes:
    """All bytes of a file; `.gz` is unpacked.

    Raises:
        UserError: it cannot be read, is empty, was cut off, or changed while it was read.
    """
    try:
        before = state(file)
        raw: bytes = file.system.cat_file(file.path)
        after = state(file)
    except Exception as error:  # each file system raises errors of its own
        raise _unreachable(file.name, place, error, file.address) from None
    if before != after or after["size"] not in (None, len(raw)):
        sizes = f"{before['size']} bytes before, {len(raw)} read, {after['size']} after"
        raise half_written(file.name, f"The file changed while it was read: {sizes}.")
    unpacked = _unpacked(file.name, raw)
    if not unpacked.strip():
        raise empty(file.name, place, len(raw))
    return Bytes(file.name, unpacked, digest_of_bytes(raw))


def state(file: Found) -> dict[str, Any]:
    """What tells one state of a file from the next, as far as its file system knows."""
    info = file.system.info(file.path)
    return {key: info.get(key) for key in ("size", "mtime", "LastModified", "ETag")}


@contextmanager
def unchanged(found: list[Found]) -> Iterator[None]:
    """While files are read some rows at a time.

    Raises:
        UserError: at the end, where one of them changed meanwhile.
    """
    before = [state(file) for file in found]
    yield
    for file, earlier in zip(found, before, strict=True):
        if (now := state(file)) != earlier:
            sizes = f"{earlier['size']} bytes before, {now['size']} after"
            raise half_written(file.name, f"The file changed while it was read: {sizes}.")


@contextmanager
def at_hand(found: list[Found], place: Place) -> Iterator[list[Path]]:
    """The files as files of this machine, as long as they are needed; those of elsewhere are fetched.

    Raises:
        UserError: a file cannot be read.
    """
    with ExitStack() as kept:
        here = []
        for file in found:
            if isinstance(file.system, LocalFileSystem):
                here.append(Path(file.path))
                continue
            folder = Path(kept.enter_context(TemporaryDirectory(prefix="shipworthy-")))
            try:
                file.system.get_file(file.path, str(folder / "file"))
            except Exception as error:  # each file system raises errors of its own
                raise _unreachable(file.name, place, error, file.address) from None
            here.append(folder / "file")
        yield here


def empty(name: str, place: Place, size: int) -> UserError:
    """The error for a file in which nothing stands."""
    return wrong(
        "empty_file",
        name,
        f"The file of source {place.name} is empty ({size} bytes).",
        "An empty feed is a failed feed; nothing is concluded from it.",
        "Ask for the file again, or take the empty one away.",
    )


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
    except (EOFError, OSError, zlib.error) as error:
        raise half_written(name, f"The packed file cannot be unpacked: {error}.") from error


def _remote(written: str, path: str, place: Place) -> list[Found]:
    for through in paths_here(written):
        inside(through, place)
    try:
        system, inner = system_of(written, place.environ, f"sources.{place.name}.path")
        found = sorted(system.glob(inner)) if _PATTERN.search(inner) else [inner]
        kept = [name for name in found if _is_file(system, name)]
    except UserError:
        raise
    except Exception as error:  # each file system raises errors of its own
        raise _unreachable(path, place, error, path) from None
    if not kept:
        raise _none(path, place, "its address")
    if isinstance(system, LocalFileSystem):
        for name in kept:
            inside(name, place)
    named = [hidden(_without_secrets(system.unstrip_protocol(name)), path, place) for name in kept]
    return [Found(shown, system, name, path) for shown, name in zip(named, kept, strict=True)]


def _is_file(system: Any, name: str) -> bool:
    try:
        return bool(system.info(name)["type"] == "file")  # `isfile` takes a system that is down for a missing file
    except FileNotFoundError:
        return False


def _without_secrets(address: str) -> str:
    return re.sub(r"//[^/@]*@", "//", address)


def _none(path: str, place: Place, where: str, *, is_folder: bool = False) -> UserError:
    if is_folder:
        found = f"{path!r} is a folder."
        fix = f"Name its files by a pattern, such as {path.rstrip('/')}/*, so that no file is read by accident."
        return wrong("no_file", f"sources.{place.name}.path", found, fix=fix)
    return wrong(
        "no_file",
        f"sources.{place.name}.path",
        f"No file matches {path!r}; looked in {where}.",
        why="A feed that did not come is a failed feed; nothing is concluded from it.",
        fix="Put the file there, or correct the path; a relative path starts at the folder of product.yaml.",
    )


def _unreachable(name: str, place: Place, error: Exception, address: str = "") -> UserError:
    said = hidden(_without_secrets(str(error)), address, place)
    return wrong(
        "unreachable",
        name,
        f"The file of source {place.name} cannot be read: {type(error).__name__}: {said}",
        fix="See that the file is there, that its system is up and that this process may read it.",
    )


def _name(file: Path, place: Place) -> str:
    folder = place.folder.resolve()
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)


def _nearest(path: Path) -> Path:
    return next((parent for parent in path.parents if parent.is_dir()), path)
