"""The parts of the outside world that one installation works with, opened once and handed on."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shipworthy.base.errors import Mistake, NotFound

if TYPE_CHECKING:
    from shipworthy.edges.files import Files
    from shipworthy.edges.keys import Keys
    from shipworthy.edges.ledger import Ledger


@dataclass(frozen=True)
class Store:
    """One ledger with its files and keys, and the folder in which the products lie.

    Attributes:
        root: a product's own folder, or a folder of product folders.
        home: where the store keeps its state, `root/.shipworthy`.
        environ: environment variables, for the ${NAME} in addresses.
        pages: the address under which people reach the pages, without a slash at its end; empty where it is not said.
    """

    root: Path
    home: Path
    ledger: Ledger
    files: Files
    keys: Keys
    environ: Mapping[str, str]
    pages: str = ""

    @property
    def closed(self) -> tuple[Path, ...]:
        """The folders that no address of a plan may lead into: the ledger, its files, its keys."""
        return (self.home, self.keys.folder)

    def folder(self, product: str) -> Path:
        """Where the product.yaml, pipeline and guides of a product lie.

        Raises:
            NotFound: no folder here has a product.yaml of that product.
        """
        own = f"product: {product}"
        for folder in (self.root, self.root / product):
            file = folder / "product.yaml"
            if file.is_file() and any(line.split("#")[0].strip() == own for line in file.read_text().splitlines()):
                return folder
        raise NotFound(
            Mistake(
                "store.no_folder",
                str(self.root),
                f"No product.yaml of {product!r} lies here or in {product}/.",
                "Its sources, pipeline and guides are read from the folder of its product.yaml.",
                f"Put product.yaml into this folder or into {product}/, with the line `{own}`.",
            )
        )

    def text_beside(self, product: str, name: str) -> str:
        """The text of a file that lies beside a product.yaml, such as a guide.

        Raises:
            NotFound: there is no such file in the product's folder, or it is no text.
        """
        folder = self.folder(product)
        file = (folder / name).resolve()
        inside = file.is_relative_to(folder.resolve())
        closed = any(file.is_relative_to(place.resolve()) for place in self.closed)
        if inside and not closed and file.is_file():
            with contextlib.suppress(UnicodeDecodeError):
                return file.read_text("utf-8")
        found = f"{name} is no text that lies beside the product.yaml of {product}."
        fix = "Ask who writes the plan to put it there, or to correct its name in product.yaml."
        raise NotFound(Mistake("store.no_text", name, found, fix=fix))
