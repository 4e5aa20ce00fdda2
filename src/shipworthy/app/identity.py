"""Who is who: logins, tokens and sessions."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from shipworthy.app.rights import Identity
from shipworthy.base.digest import canonical
from shipworthy.base.errors import Mistake, NotAllowed, Tampered, UserError, not_found
from shipworthy.edges import database as db
from shipworthy.edges import tables
from shipworthy.edges.keys import Keys

SESSION_LENGTH = timedelta(hours=12)
TOKEN_LENGTH = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Session:
    """A login on the pages: the cookie's secret, and the token that every form must carry."""

    token: str
    csrf: str
    person: str
    expires: datetime


class People:
    """The people of a store and how they prove who they are. Secrets are kept as hashes only.

    Every row carries a signature of the store's key, so that whoever can write to the database, but has no key, can
    make nobody a login, a token, a session or an administrator.
    """

    def __init__(self, engine: sa.Engine, clock: Callable[[], datetime], keys: Keys) -> None:
        self._engine = engine
        self._clock = clock
        self._keys = keys

    def add(self, person: str, store_roles: Iterable[str] = ()) -> str:
        """Make a login, or a new token for an existing one; gives the token, which is shown only once.

        Raises:
            UserError: the name cannot be a login.
        """
        if not person or not person.replace("-", "").replace("_", "").isalnum() or person != person.lower():
            raise UserError(
                Mistake(
                    "people.name",
                    "people add",
                    f"{person!r} cannot be a login.",
                    fix="Use lower-case letters, digits, - and _, such as privacy-owner.",
                )
            )
        token = f"sw_{secrets.token_urlsafe(32)}"
        made = {
            "person": person,
            "kind": "token",
            "secret_hash": _fingerprint(token),
            "created": self._clock().isoformat(),
            "expires": (self._clock() + TOKEN_LENGTH).isoformat(),
            "revoked": False,
        }
        with self._engine.begin() as connection:
            self._know(connection, person, store_roles)
            connection.execute(tables.credential.insert().values(**made, signature=self._sign("credential", made)))
        return token

    def revoke(self, person: str) -> None:
        """End every token and session of a person.

        Raises:
            NotFound: nobody has that login.
        """
        if person not in self.known():
            raise not_found("person", person, self.known(), code="people.unknown")
        with self._engine.begin() as connection:
            # Without its signature, so that no token comes back to life by a change of one row.
            ended = tables.credential.update().where(tables.credential.c.person == person)
            connection.execute(ended.values(revoked=True, signature=""))
            row = connection.execute(sa.select(tables.person).where(tables.person.c.id == person)).one()
            if not self._is_ours("person", row):  # what somebody wrote into it goes, so that the login can be made anew
                made = {"id": person, "roles": db.write_json([]), "active": True}
                cleared = tables.person.update().where(tables.person.c.id == person)
                connection.execute(cleared.values(**made, signature=self._sign("person", made)))
            connection.execute(tables.session.delete().where(tables.session.c.person == person))

    def known(self) -> list[str]:
        """Every login."""
        with self._engine.connect() as connection:
            return list(connection.execute(sa.select(tables.person.c.id).order_by(tables.person.c.id)).scalars())

    def by_token(self, token: str) -> Identity | None:
        """Whose token this is; None for nobody's, an expired or a revoked one.

        Raises:
            Tampered: the token or its person was written into the database by somebody without the store's key.
        """
        now = self._clock().isoformat()
        query = sa.select(tables.credential).where(
            tables.credential.c.secret_hash == _fingerprint(token),
            tables.credential.c.revoked.is_(False),
            tables.credential.c.expires > now,
        )
        with self._engine.connect() as connection:
            found = connection.execute(query).first()
            if not found or not hmac.compare_digest(found.secret_hash, _fingerprint(token)):
                return None
            self._require("credential", found)
            return self._identity(connection, found.person)

    def login(self, person: str, secret: str) -> Session:
        """A session on the pages for a person and their token.

        Raises:
            NotAllowed: name and token do not belong together.
        """
        identity = self.by_token(secret)
        if identity is None or not hmac.compare_digest(identity.person.encode(), person.encode()):
            raise NotAllowed(
                Mistake(
                    "people.login",
                    "login",
                    "This name and token do not belong together, or the token has ended.",
                    fix="Ask an administrator for a new token: `shipworthy people add NAME`.",
                )
            )
        token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        expires = self._clock() + SESSION_LENGTH
        made = {"token_hash": _fingerprint(token), "person": person, "csrf": csrf, "expires": expires.isoformat()}
        with self._engine.begin() as connection:
            connection.execute(tables.session.delete().where(tables.session.c.expires < self._clock().isoformat()))
            connection.execute(tables.session.insert().values(**made, signature=self._sign("session", made)))
        return Session(token, csrf, person, expires)

    def by_session(self, token: str) -> tuple[Identity, str] | None:
        """Whose session this is, with the token its forms carry; None where it has ended.

        Raises:
            Tampered: it was written into the database, or made longer, by somebody without the store's key.
        """
        query = sa.select(tables.session).where(
            tables.session.c.token_hash == _fingerprint(token), tables.session.c.expires > self._clock().isoformat()
        )
        with self._engine.connect() as connection:
            found = connection.execute(query).first()
            if not found:
                return None
            self._require("session", found)
            identity = self._identity(connection, found.person)
            return (identity, found.csrf) if identity else None

    def logout(self, token: str) -> None:
        """End a session."""
        with self._engine.begin() as connection:
            connection.execute(tables.session.delete().where(tables.session.c.token_hash == _fingerprint(token)))

    def _identity(self, connection: sa.Connection, person: str) -> Identity | None:
        row = connection.execute(sa.select(tables.person).where(tables.person.c.id == person)).first()
        if not row:
            return None
        self._require("person", row)
        return Identity(person, frozenset(db.read_json(row.roles))) if row.active else None

    def _know(self, connection: sa.Connection, person: str, store_roles: Iterable[str]) -> None:
        """The person's row, made or with more roles; what is there already must be ours."""
        row = connection.execute(sa.select(tables.person).where(tables.person.c.id == person)).first()
        if row:
            self._require("person", row)
        roles = sorted({*(db.read_json(row.roles) if row else []), *store_roles})
        made = {"id": person, "roles": db.write_json(roles), "active": row.active if row else True}
        kept = tables.person.update().where(tables.person.c.id == person) if row else tables.person.insert()
        connection.execute(kept.values(**made, signature=self._sign("person", made)))

    def _sign(self, table: str, row: Mapping[str, Any]) -> str:
        return self._keys.sign(_statement(table, row)).hex()

    def _is_ours(self, table: str, found: sa.Row[Any]) -> bool:
        row = dict(found._mapping)
        return self._keys.verify(_statement(table, row), str(row["signature"]))

    def _require(self, table: str, found: sa.Row[Any]) -> None:
        if self._is_ours(table, found):
            return
        row = dict(found._mapping)
        raise Tampered(
            Mistake(
                "people.edited",
                f"table {table}",
                f"A row about {row.get('person', row.get('id'))} was written by somebody without the store's key.",
                "It would give rights that nobody here gave.",
                "Find out who could write to the database, `shipworthy people revoke NAME`, and add the login anew.",
            )
        )


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def _statement(table: str, row: Mapping[str, Any]) -> bytes:
    numbered = {"id"} if table == "credential" else set()  # the database gives that number
    return canonical([table, {name: row[name] for name in sorted(row) if name not in {"signature", *numbered}}])


def _fingerprint(secret: str) -> str:
    # Tokens carry 256 random bits, so a plain hash keeps them safe; a slow one is for what people choose.
    return hashlib.sha256(secret.encode()).hexdigest()
