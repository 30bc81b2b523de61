"""What a history declares about access; everything else is found in the catalog."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import MetaData

from tests.isolation.policy import KINDS, Access

OWNER = uuid.UUID("a11ce000-0000-4000-8000-000000000001")
"""Whose rows the commands go for."""
OTHER = uuid.UUID("b0b00000-0000-4000-8000-000000000002")
"""Signed in, without a row: whatever this user touches is somebody else's."""
BYSTANDER = uuid.UUID("ca201000-0000-4000-8000-000000000003")
"""Has rows that nobody here may touch, save for who may touch all."""


@dataclass(frozen=True)
class Actor:
    """A role of the API, and what its token says; None where none was sent."""

    role: str
    claims: Mapping[str, Any] | None

    @property
    def subject(self) -> uuid.UUID | None:
        """The user that the token is for."""
        subject = (self.claims or {}).get("sub")
        return uuid.UUID(subject) if subject else None


class UndeclaredError(AssertionError):
    """The matrix cannot say who may use something."""


@dataclass(frozen=True)
class History:
    """Models, and what they cannot say.

    ``relations``       qualified name to kind, for views and tables without a model
    ``closed_schemas``  schemas out of everybody's reach, whatever is in them
    ``functions``       signature to the roles that may execute it; the others: nobody
    ``by_hand``         table to the column and value that mark what the user enters
    ``actors``          who tries
    ``passer_by``       holds every claim there is, in the role that has no grant
    ``found``           tables of others: what their owners may do, found and left so
    ``more_rows``       statements that fill tables without a model, as their owner
    ``samples``         column to a value, where one made up from its type will not do
    """

    metadata: MetaData
    relations: Mapping[str, str]
    closed_schemas: frozenset[str]
    functions: Mapping[str, frozenset[str]]
    by_hand: Mapping[str, tuple[str, str]]
    actors: Mapping[str, Actor]
    passer_by: Actor
    open_schemas: Mapping[str, frozenset[str]]
    found: Mapping[str, frozenset[str]] = field(default_factory=dict)
    more_rows: tuple[str, ...] = ()
    samples: Mapping[str, Any] = field(default_factory=dict)
    kinds: Mapping[str, Mapping[str, Access]] = field(default_factory=lambda: KINDS)
    users: str = "auth.users"
    tenant: str = "user_id"
    declared_in: str = "tests/isolation/portfolio.py"

    @property
    def roles(self) -> list[str]:
        """The roles of the API."""
        return sorted({actor.role for actor in self.actors.values()})

    def kind(self, schema: str, name: str) -> str:
        """What was declared of a relation.

        Raises:
            UndeclaredError: Nothing was.
        """
        qualified = f"{schema}.{name}"
        if qualified in self.found:
            return "found"
        if schema in self.closed_schemas:
            return "closed"
        model = self.model(schema, name)
        kind = self.relations.get(qualified) or (
            model.info.get("rls") if model is not None else None
        )
        if kind is None:
            raise UndeclaredError(
                f"{qualified} is in the database, and nobody declared who may use it.\n"
                'A table: give its model info={"rls": …}, one of '
                f"{', '.join(sorted(self.kinds))}.\n"
                f"A view, or a table without a model: a line in {self.declared_in}."
            )
        if kind not in self.kinds:
            raise UndeclaredError(
                f"{qualified} is declared as {kind!r}, which the matrix cannot judge.\n"
                "Say what that allows to whom: KINDS in tests/isolation/policy.py."
            )
        return kind

    def model(self, schema: str, name: str) -> Any:
        """The model's table, None without one; one that is parked has the same."""
        at_home = "public" if schema in self.closed_schemas else schema
        tables = self.metadata.tables
        found = tables.get(f"{at_home}.{name}")
        return tables.get(name) if found is None and at_home == "public" else found
