"""Where a sink's file goes: to disk or to any system that fsspec reaches, whole in one instant or not at all."""

from __future__ import annotations

import glob
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.sink import Target
from shipworthy.edges.drafts import is_alive
from shipworthy.edges.objects import ADDRESS, paths_here, system_of

# Where a file is being written, others see half of it; it is written under another name and moved.
_BY_NAME = ("ftp", "sftp", "ssh", "smb", "hdfs", "webhdfs", "arrow_hdfs", "file", "local")
_PROBE = "shipworthy-probe"


@contextmanager
def replacing(target: Target) -> Iterator[BinaryIO]:
    """A fresh file to write to, which takes the place of what lay at the target's path when all of it is written.

    Raises:
        UserError: the path leads where nothing may be brought.
        OSError: it cannot be written; what lay there before lies there still.
    """
    path = target.filled(target.path)
    if not ADDRESS.match(path):
        with _replacing_here(local(target, path)) as out:
            yield out
        return
    with tempfile.TemporaryDirectory(prefix="shipworthy-") as folder:
        file = Path(folder) / "rows"
        with file.open("wb") as out:
            yield out
        _remotely(target, path, lambda system, inner: _put_there(system, inner, file))


def put(target: Target, content: bytes) -> str:
    """Replace the file at the target's path, see `replacing`; gives the path as the plan has it."""
    with replacing(target) as out:
        out.write(content)
    return target.path


def put_notice(target: Target) -> None:
    """The notice in a file beside the rows; none lies there where all is as planned."""
    beside = beside_it(target, ".notice.txt")
    if target.notice:
        put(beside, f"{target.notice}\n".encode())
    else:
        take_away(beside)


def beside_it(target: Target, suffix: str) -> Target:
    """The target of a file beside the target's own: `list.csv` and `list.notice.txt`."""
    folder, slash, name = target.path.rpartition("/")
    return replace(target, path=f"{folder}{slash}{PurePosixPath(name).stem}{suffix}")


def take_away(target: Target) -> None:
    """See that no file lies at the target's path."""
    path = target.filled(target.path)
    if ADDRESS.match(path):
        _remotely(target, path, lambda system, inner: system.rm_file(inner) if system.exists(inner) else None)
    else:
        local(target, path).unlink(missing_ok=True)


def tried(target: Target, folder: bool = False) -> str:
    """Write a small file beside the place of a rehearsal and take it away; of a real place, look where it leads.

    Args:
        folder: the target's path is a folder, in which files are written.
    """
    if not target.rehearsal:
        return _looked_at(target)
    name = f"{_PROBE}-{target.name}"  # several are tried at the same time
    probe = replace(target, path=f"{target.path}/{name}") if folder else beside_it(target, f".{name}")
    put(probe, b"probe\n")
    take_away(probe)
    return f"{target.path} can be written: a probe was written there and taken away"


def _looked_at(target: Target) -> str:
    path = target.filled(target.path)
    if ADDRESS.match(path):
        _remotely(target, path, _require_root)
        return f"{target.path} can be reached"
    file = local(target, path)
    nearest = next(parent for parent in file.parents if parent.exists())
    if not os.access(nearest, os.W_OK):
        raise OSError(f"{target.path}: this process may not write into its folder")
    return f"{target.path} can be written"


def _require_root(system: Any, path: str) -> None:
    root = path.lstrip("/").split("/")[0]  # the bucket of an object store
    if not system.exists(root if not path.startswith("/") else f"/{root}"):
        raise FileNotFoundError(f"there is no {root}, or these credentials may not see it")


def lying(target: Target) -> bytes | None:
    """What lies at the target's path, here or on another system; None where nothing does. Drafts of ours go.

    Raises:
        OSError: it cannot be read.
    """
    with lying_here(target) as file:
        return file.read_bytes() if file else None


@contextmanager
def lying_here(target: Target) -> Iterator[Path | None]:
    """The same as a file of this machine, which may be larger than memory; of another system it is a copy.

    Raises:
        OSError: it cannot be read.
    """
    path = target.filled(target.path)
    if not ADDRESS.match(path):
        file = local(target, path)
        _sweep_here(file)
        yield file if file.is_file() else None
        return
    with tempfile.TemporaryDirectory(prefix="shipworthy-") as folder:
        copy = Path(folder) / "rows"
        _remotely(target, path, lambda system, inner: _copied_here(system, inner, copy))
        yield copy if copy.is_file() else None


def remains(target: Target) -> str:
    """What a file that was rewritten may leave behind where it lies; empty where nothing."""
    if not ADDRESS.match(target.filled(target.path)):
        return ""
    return "Where that system keeps older versions of a file, they still hold the rows."


def _drafts(file: Path) -> list[Path]:
    return list(file.parent.glob(f".{glob.escape(file.name)}.*.new"))


def _clear_left(file: Path) -> None:
    """Take away what processes that were killed had begun to write in the file's place."""
    for draft in _drafts(file):
        process = draft.name.split(".")[-2]
        if process.isdigit() and not is_alive(int(process)):
            draft.unlink(missing_ok=True)


def _sweep_here(file: Path) -> None:
    for draft in _drafts(file):
        draft.unlink(missing_ok=True)


def _sweep_there(system: Any, path: str) -> None:
    parent, _, name = path.rpartition("/")
    if _written_by_name(system) and system.exists(parent):
        for draft in system.glob(f"{glob.escape(parent)}/.{glob.escape(name)}.*.new"):
            system.rm_file(draft)


def _copied_here(system: Any, path: str, copy: Path) -> None:
    _sweep_there(system, path)
    if system.exists(path):
        system.get_file(path, str(copy))


def local(target: Target, path: str) -> Path:
    """A path on this machine, where a file may be written.

    Raises:
        UserError: it leads out of the product's folder by a detour, or into the store's own folders.
    """
    file = (target.folder / path).resolve()
    if not Path(path).is_absolute() and not file.is_relative_to(target.folder.resolve()):
        raise UserError(
            Mistake(
                "deliver.path_outside",
                target.path,
                "The path leads out of the product's folder.",
                fix="Use a path below product.yaml, or an absolute one.",
            )
        )
    target.require_open(file)
    return file


@contextmanager
def _replacing_here(file: Path) -> Iterator[BinaryIO]:
    file.parent.mkdir(parents=True, exist_ok=True)
    _clear_left(file)
    fresh = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        with fresh.open("wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)  # half a file on a full disk takes the room that the next try needs


def _put_there(system: Any, path: str, file: Path) -> None:
    if not _written_by_name(system):
        system.put_file(str(file), path)  # a put to an object store is whole or not there
        return
    parent, _, name = path.rpartition("/")
    system.makedirs(parent, exist_ok=True)
    fresh = f"{parent}/.{name}.{secrets.token_hex(4)}.new"
    try:
        system.put_file(str(file), fresh)
        system.mv(fresh, path)
    except Exception:
        if system.exists(fresh):
            system.rm_file(fresh)
        raise


def _written_by_name(system: Any) -> bool:
    protocols = (system.protocol,) if isinstance(system.protocol, str) else system.protocol
    return bool(set(protocols) & set(_BY_NAME))


def _remotely(target: Target, address: str, work: Callable[[Any, str], object]) -> None:
    for through in paths_here(address):
        local(target, through)
    system, path = system_of(address, target.environ, target.where)
    if "file" in ((system.protocol,) if isinstance(system.protocol, str) else system.protocol):
        local(target, path)
    try:
        work(system, path)
    except Exception as error:  # each file system raises errors of its own
        raise OSError(f"{target.path}: {type(error).__name__}: {target.hidden(error)}") from None
