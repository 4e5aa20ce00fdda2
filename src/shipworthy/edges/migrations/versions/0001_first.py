"""The first shape: facts and their seal, signed heads, step keys, cached views, people and leases."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table, and give the store its name."""
    _ledger()
    _people()
    op.create_table(
        "lease",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
    )
    store = op.create_table("store", sa.Column("id", sa.Text, primary_key=True))
    op.bulk_insert(store, [{"id": uuid.uuid4().hex}])


def _ledger() -> None:
    texts = [
        sa.Column(name, sa.Text, nullable=False)
        for name in ("kind", "product", "about", "who", "at", "recorded_at", "body", "previous", "digest")
    ]
    seq = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table("fact", sa.Column("seq", seq, primary_key=True, autoincrement=False), *texts)
    op.create_index("fact_of_product", "fact", ["product", "kind", "seq"])
    op.create_index("fact_about", "fact", ["about", "kind", "seq"])
    op.create_table(
        "tip",
        sa.Column("seq", seq, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("digest", "key_id", "signature")),
    )
    op.create_table(
        "step_key",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("first_seq", sa.BigInteger, nullable=False),
        sa.Column("facts", sa.Integer, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
    )
    op.create_table(
        "signed_head",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("store", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
    )
    op.create_table(
        "view_cache",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("product", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
    )


def _people() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
    )
    op.create_table(
        "credential",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.Text, nullable=False, index=True),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("expires", sa.Text, nullable=False),
        sa.Column("revoked", sa.Boolean, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False, index=True),
        sa.Column("csrf", sa.Text, nullable=False),
        sa.Column("expires", sa.Text, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
    )
