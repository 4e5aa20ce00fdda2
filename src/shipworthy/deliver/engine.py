"""What a member of the folder `engines` is: who carries the work of answering many rows, each by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from shipworthy.base.errors import NotFound, UserError
from shipworthy.base.kinds import kind

if TYPE_CHECKING:
    import pyarrow as pa

    from shipworthy.deliver.answering import Answered
    from shipworthy.edges.files import Files

FOLDER = "deliver/engines"
SETTING = "SHIPWORTHY_ENGINE"


class Job(Protocol):
    """Answers some rows: the answers, and the features where they are to be stored beside."""

    def __call__(self, rows: pa.Table) -> tuple[Answered, pa.Table | None]: ...


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to carry a job over all rows of a table.

    Attributes:
        says: one sentence for people who choose.
        run: the answers to the rows of the table with this digest, in its order, some at a time; only these columns
            are read, or all of them.
    """

    says: str
    run: Callable[[Job, Files, str, Sequence[str] | None], Iterator[tuple[Answered, pa.Table | None]]]


def engine_of(environ: Mapping[str, str]) -> Engine:
    """The engine that the setting names; the plain one where it names none.

    Raises:
        NotFound: there is none of that name.
    """
    name = environ.get(SETTING, "") or "plain"
    try:
        return kind(FOLDER, name, Engine)
    except NotFound as unknown:
        raise UserError(*unknown.mistakes) from None
