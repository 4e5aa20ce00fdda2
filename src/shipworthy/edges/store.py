"""The parts of the outside world that one installation works with, opened once and handed on."""

from __future__ import annotations

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
