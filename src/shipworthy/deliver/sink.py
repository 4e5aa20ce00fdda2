"""What a member of the folder `sinks` is: a kind of system that answers are brought to."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from shipworthy.base.errors import Mistake, UserError
from shipworthy.edges.secrets import filled, hidden
from shipworthy.plan.schema import Sink


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Which parts of a delivery its receiver has confirmed, so that a later try sends only the rest.

    Nothing but convenience rests on the file: a part that is sent again carries the same id.

    Attributes:
        file: one part to a line; None where every try begins anew, as in a rehearsal.
    """

    file: Path | None = None

    def parts(self) -> set[str]:
        """The names of the parts that were confirmed."""
        if self.file is None or not self.file.exists():
            return set()
        return set(self.file.read_text().split("\n")[:-1])  # a line without its end was never finished

    def add(self, part: str) -> None:
        """Note that a part was confirmed."""
        if self.file is None:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a") as out:
            out.write(f"{part}\n")
            out.flush()
            os.fsync(out.fileno())


_ANEW = Confirmed()
_NOTHING_MORE = Sink(kind="csv", rehearsal="")


@dataclass(frozen=True, slots=True)
class Target:
    """One destination, with everything filled in.

    Attributes:
        folder: the product's folder, which relative paths start from.
        path, url, table: where to; the address may hold a secret and is never recorded.
        run: the run whose rows these are; a second write of the same run replaces the first.
        notice: what the consumer is told beside the rows, empty where all is as planned.
        closed: folders that nothing may be brought into.
        name: the sink's name in the plan, for messages.
        to: addresses of people, where the kind writes to people.
        declared: the sink as the plan declares it, for what only one kind asks.
        product, consumer, as_of: whose list it is, and of which moment (ISO 8601).
        delivery: the digest that names the delivery: the same run to the same sink has the same, however often tried.
        rehearsal: whether it is a rehearsal, or a probe; nobody may act on it.
        environ: environment variables, for ${NAME} in addresses.
        confirmed: which parts were confirmed by earlier tries.
        receipt: the signed link by which the receiver can say that it arrived; empty where there is none. It is never
            recorded, and not the same at each try.
    """

    folder: Path
    path: str
    url: str
    table: str
    run: str
    notice: str = ""
    closed: tuple[Path, ...] = ()
    name: str = ""
    to: tuple[str, ...] = ()
    declared: Sink = _NOTHING_MORE
    product: str = ""
    consumer: str = ""
    as_of: str = ""
    delivery: str = ""
    rehearsal: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    confirmed: Confirmed = _ANEW
    receipt: str = ""

    @property
    def where(self) -> str:
        """The sink in the plan, for messages."""
        return f"sinks.{self.name}" if self.name else "sinks"

    def filled(self, text: str) -> str:
        """A text of the plan with every ${NAME} taken from the environment.

        Raises:
            UserError: a name is not set, or is a setting of the installation.
        """
        return filled(text, self.environ, self.where)

    def hidden(self, error: object) -> str:
        """What an error says, without anything that came from the environment."""
        declared = self.declared
        texts = (self.path, self.url, declared.secret, *declared.headers.values())
        return hidden(" ".join(str(error).split()), self.environ, *texts)

    def require_open(self, file: Path) -> None:
        """Nothing, where a file may be written.

        Raises:
            UserError: it lies in the store's own folders, where it would overwrite what everything else rests on.
        """
        if any(file.resolve().is_relative_to(folder.resolve()) for folder in self.closed):
            found = "The address leads into the folder of the ledger, its files or its keys."
            why = "A delivery there would overwrite what proves it."
            raise UserError(Mistake("deliver.path_closed", "sinks", found, why, "Name a place outside of it."))


Knows = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Gone:
    """What an erasure did at one destination: its rows before and after, and the digests of a rewritten file.

    Attributes:
        remains: what of the rows may still lie there, and why; empty where nothing does.
    """

    rows_before: int
    rows_after: int
    old: str = ""
    new: str = ""
    remains: str = ""


@dataclass(frozen=True, slots=True)
class SinkKind:
    """How one kind of system is written to.

    Attributes:
        write: brings the rows, each once however often it is called; gives the place, without secrets.
            Raises OSError or a UserError where it cannot.
        stream: the same for rows that come some at a time; a kind without it gets all of them at once.
        erase: takes away every row in which a named column holds a value that is known, and gives what it did; None
            where nothing lies there, or no such column does. None itself where what was brought is out of reach.
            Raises as `write`.
        says: one sentence for people who look for a kind.
        needs: the fields of a sink that must be filled in, such as `path`.
        rehearses: the field that `rehearsal` stands for: path, table, url or to.
        probe: sees whether it could be written to, and leaves nothing behind; gives what it found. It gets a target
            and an empty table in the shape of the rows. A rehearsal's target may be written to for a moment; the real
            one may only be looked at. Raises as `write` does.
        receipts: whether what it brings carries the link by which the receiver can say that it arrived.
    """

    name: str
    write: Callable[[Target, pa.Table], str]
    says: str = ""
    needs: tuple[str, ...] = ()
    rehearses: str = "path"
    probe: Callable[[Target, pa.Table], str] | None = None
    erase: Callable[[Target, Mapping[str, Knows]], Gone | None] | None = None
    stream: Callable[[Target, pa.RecordBatchReader], str] | None = None
    receipts: bool = False
