"""The tables of a store's database, as its newest migration makes them."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

store = sa.Table("store", metadata, sa.Column("id", sa.Text, primary_key=True))

fact = sa.Table(
    "fact",
    metadata,
    # SQLite keeps rows in the order of an INTEGER key without a second index.
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("product", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Index("fact_of_product", "product", "kind", "seq"),
    sa.Index("fact_about", "about", "kind", "seq"),
)

# The seal of the newest fact: one row, or none before the first fact. See `edges.tip`.
tip = sa.Table(
    "tip",
    metadata,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
)

step_key = sa.Table(
    "step_key",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("first_seq", sa.BigInteger, nullable=False),
    sa.Column("facts", sa.Integer, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
)

signed_head = sa.Table(
    "signed_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("store", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
)

view_cache = sa.Table(
    "view_cache",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("product", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
)

person = sa.Table(
    "person",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("roles", sa.Text, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
)

credential = sa.Table(
    "credential",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("secret_hash", sa.Text, nullable=False, index=True),
    sa.Column("created", sa.Text, nullable=False),
    sa.Column("expires", sa.Text, nullable=False),
    sa.Column("revoked", sa.Boolean, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False, index=True),
    sa.Column("csrf", sa.Text, nullable=False),
    sa.Column("expires", sa.Text, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
)

lease = sa.Table(
    "lease",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
)
