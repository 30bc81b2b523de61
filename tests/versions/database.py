"""One database under test: SQL as its owner, or as the API would send it."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg2
import psycopg2.extras
import sqlalchemy as sa
from psycopg2.extensions import connection as Connection

from rollout import catalog
from tests.supabase import as_role

psycopg2.extras.register_uuid()

OURS = ("public", "migrations", "parked")
"""The schemas that this project creates objects in."""

TABLES = """
    SELECT c.oid::regclass::text FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY (%s) AND c.relkind IN ('r', 'p')
    ORDER BY 1
"""


class Database:
    """A connection that commits each statement, and what tests ask of it.

    ``auth_admin`` is the role that may write to auth.users. ``ours`` are the schemas
    that the history creates objects in, ``tenant_schemas`` those with people's rows.
    """

    ours: Sequence[str] = OURS
    tenant_schemas: Sequence[str] = ("public",)

    def __init__(
        self,
        url: str,
        connect: Callable[..., Connection],
        auth_admin: str | None = None,
    ) -> None:
        self.url = url
        self._connect = connect
        self._connection = connect(url, autocommit=True)
        self.run("SET statement_timeout = '20s'")  # fail, rather than wait for ever
        self._auth = (
            connect(as_role(url, auth_admin), autocommit=True)
            if auth_admin
            else self._connection
        )

    def another(self, *, autocommit: bool = False) -> Connection:
        """A second connection to the same database."""
        return self._connect(self.url, autocommit=autocommit)

    def run(self, statement: str, *values: Any) -> int:
        """Execute a statement; return how many rows it touched."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return int(cursor.rowcount)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())

    def value(self, query: str, *values: Any) -> Any:
        ((value,),) = self.rows(query, *values)
        return value

    def insert(self, table: str, **values: Any) -> Any:
        """Insert a row; return its id."""
        statement = insert_statement(table, values)
        return self.value(f"{statement} RETURNING id", *values.values())

    def user(self) -> uuid.UUID:
        """Sign a user up, the way the authentication service does."""
        user = uuid.uuid4()
        with self._auth.cursor() as cursor:
            cursor.execute("INSERT INTO auth.users (id) VALUES (%s)", (user,))
        return user

    def delete_user(self, user: uuid.UUID) -> None:
        with self._auth.cursor() as cursor:
            cursor.execute("DELETE FROM auth.users WHERE id = %s", (user,))

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Do the block in a transaction that leaves nothing."""
        self.run("BEGIN")
        try:
            yield
        finally:
            self.run("ROLLBACK")

    @contextmanager
    def acting(
        self,
        role: str,
        claims: Mapping[str, Any] | None = None,
        *,
        commit: bool = False,
    ) -> Iterator[None]:
        """Do the block as the API does a request: in one transaction of that role."""
        with self.rolled_back():
            self.act_as(role, claims)
            yield
            if commit:
                self.run("COMMIT")
                self.run("BEGIN")

    def act_as(self, role: str, claims: Mapping[str, Any] | None = None) -> None:
        """Go on as another role, until the end of the transaction."""
        said = "" if claims is None else json.dumps(claims)
        self.run("SELECT set_config('request.jwt.claims', %s, true)", said)
        self.run(f"SET LOCAL ROLE {role}")

    def as_user(self, user: uuid.UUID, *, commit: bool = False, **claims: Any) -> Any:
        """The API's request of a signed-in user."""
        token = {"sub": str(user), "role": "authenticated", **claims}
        return self.acting("authenticated", token, commit=commit)

    def copy(
        self,
        make_database: Callable[..., str],
        open_database: Callable[[str], "Database"],
    ) -> "Database":
        """A second database just like this one, which must have no other visitor."""
        self._connection.close()
        url = make_database(sa.make_url(self.url).database)
        self._connection = self._auth = self._connect(self.url, autocommit=True)
        return open_database(url)

    def snapshot(self, schemas: Sequence[str] | None = None) -> catalog.Snapshot:
        url = sa.make_url(self.url).set(drivername="postgresql+psycopg2")
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            return catalog.snapshot(connection, schemas or self.ours)

    def contents(self, schemas: Sequence[str] | None = None) -> dict[str, list[str]]:
        """Every row of every table, as text, in an order of its own."""
        return {
            table: [
                row for (row,) in self.rows(f"SELECT t::text FROM {table} t ORDER BY 1")
            ]
            for (table,) in self.rows(TABLES, list(schemas or self.tenant_schemas))
            if table not in BOOKKEEPING
        }


BOOKKEEPING = {
    "migration_log",
    "parked.migration_log",
    "migrations.schema_versions",
    "migrations.migration_locks",
    "migrations.alembic_version",
    "migrations.homeops_version",
}
"""Tables that a migration writes into by itself."""


def insert_statement(table: str, values: Mapping[str, Any]) -> str:
    columns = ", ".join(values)
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * len(values))})"


def refusal(action: Callable[[], Any]) -> str | None:
    """The error class's name with which the database refuses, None if it does not."""
    try:
        action()
    except psycopg2.Error as error:
        return type(error).__name__
    return None
