"""Who is who: logins, tokens and sessions."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from shipworthy.app.rights import Identity
from shipworthy.base.errors import Mistake, NotAllowed, UserError, not_found
from shipworthy.edges import database as db

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
    """The people of a store and how they prove who they are. Secrets are kept as hashes only."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

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
        with self._engine.begin() as connection:
            known = connection.execute(sa.select(db.person.c.roles).where(db.person.c.id == person)).scalar()
            roles = sorted({*db.read_json(known or "[]"), *store_roles})
            if known is None:
                connection.execute(db.person.insert().values(id=person, roles=db.write_json(roles), active=True))
            else:
                connection.execute(
                    db.person.update().where(db.person.c.id == person).values(roles=db.write_json(roles))
                )
            connection.execute(
                db.credential.insert().values(
                    person=person,
                    kind="token",
                    secret_hash=_fingerprint(token),
                    salt="",
                    created=self._clock().isoformat(),
                    expires=(self._clock() + TOKEN_LENGTH).isoformat(),
                    revoked=False,
                )
            )
        return token

    def revoke(self, person: str) -> None:
        """End every token and session of a person.

        Raises:
            NotFound: nobody has that login.
        """
        if person not in self.known():
            raise not_found("person", person, self.known(), code="people.unknown")
        with self._engine.begin() as connection:
            connection.execute(db.credential.update().where(db.credential.c.person == person).values(revoked=True))
            connection.execute(db.session.delete().where(db.session.c.person == person))

    def known(self) -> list[str]:
        """Every login."""
        with self._engine.connect() as connection:
            return list(connection.execute(sa.select(db.person.c.id).order_by(db.person.c.id)).scalars())

    def by_token(self, token: str) -> Identity | None:
        """Whose token this is; None for nobody's, an expired or a revoked one."""
        now = self._clock().isoformat()
        query = sa.select(db.credential.c.person, db.credential.c.secret_hash).where(
            db.credential.c.secret_hash == _fingerprint(token),
            db.credential.c.revoked.is_(False),
            db.credential.c.expires > now,
        )
        with self._engine.connect() as connection:
            found = connection.execute(query).first()
            if not found or not hmac.compare_digest(found.secret_hash, _fingerprint(token)):
                return None
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
        with self._engine.begin() as connection:
            connection.execute(db.session.delete().where(db.session.c.expires < self._clock().isoformat()))
            connection.execute(
                db.session.insert().values(
                    token_hash=_fingerprint(token), person=person, csrf=csrf, expires=expires.isoformat()
                )
            )
        return Session(token, csrf, person, expires)

    def by_session(self, token: str) -> tuple[Identity, str] | None:
        """Whose session this is, with the token its forms carry; None where it has ended."""
        query = sa.select(db.session.c.person, db.session.c.csrf).where(
            db.session.c.token_hash == _fingerprint(token), db.session.c.expires > self._clock().isoformat()
        )
        with self._engine.connect() as connection:
            found = connection.execute(query).first()
            identity = self._identity(connection, found.person) if found else None
            return (identity, found.csrf) if found and identity else None

    def logout(self, token: str) -> None:
        """End a session."""
        with self._engine.begin() as connection:
            connection.execute(db.session.delete().where(db.session.c.token_hash == _fingerprint(token)))

    def _identity(self, connection: sa.Connection, person: str) -> Identity | None:
        row = connection.execute(
            sa.select(db.person.c.roles).where(db.person.c.id == person, db.person.c.active.is_(True))
        ).first()
        return Identity(person, frozenset(db.read_json(row.roles))) if row else None


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def _fingerprint(secret: str) -> str:
    # Tokens carry 256 random bits, so a plain hash keeps them safe; a slow one is for what people choose.
    return hashlib.sha256(secret.encode()).hexdigest()
