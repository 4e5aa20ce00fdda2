"""What lies beside a product.yaml is read from there and from nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from shipworthy.app.settings import settings
from shipworthy.app.wiring import close_desk, open_desk
from shipworthy.base.errors import NotFound


def test_a_text_beside_the_plan_is_read_and_nothing_outside_the_folder(tmp_path: Path) -> None:
    root = tmp_path / "product"
    root.mkdir()
    (root / "product.yaml").write_text("product: p\n")
    (root / "guide.md").write_text("Call the first ones first.\n")
    (root / "picture.md").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "secret.md").write_text("secret")
    (root / "link.md").symlink_to(tmp_path / "secret.md")
    desk = open_desk(settings({"SHIPWORTHY_ROOT": str(root)}), make=True)
    try:
        assert desk.store.text_beside("p", "guide.md") == "Call the first ones first.\n"
        (desk.store.home / "note.md").write_text("kept by the store")
        outside = ("../secret.md", str(tmp_path / "secret.md"), "link.md", f"{desk.store.home}/note.md")
        for name in (*outside, "missing.md", "", "picture.md"):
            with pytest.raises(NotFound, match="is no text that lies beside"):
                desk.store.text_beside("p", name)
        with pytest.raises(NotFound, match=r"No product\.yaml"):
            desk.store.text_beside("q", "guide.md")
    finally:
        close_desk(desk)
