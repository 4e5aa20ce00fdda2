"""Who does something: a person or machine that logged in, and the parts it plays."""

from __future__ import annotations

from dataclasses import dataclass

ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Actor:
    """An identity with its roles in the product at hand.

    Attributes:
        person: the login.
        roles: such as ``administrator``, ``product_manager``, ``builder``, ``operator``, ``owner:privacy``,
            ``consumer:sales``, ``auditor``.
    """

    person: str
    roles: frozenset[str]

    @property
    def functions(self) -> frozenset[str]:
        """The functions this identity owns: privacy, legal…"""
        return frozenset(role.removeprefix("owner:") for role in self.roles if role.startswith("owner:"))

    @property
    def consumers(self) -> frozenset[str]:
        """The consumers this identity speaks for."""
        return frozenset(role.removeprefix("consumer:") for role in self.roles if role.startswith("consumer:"))
