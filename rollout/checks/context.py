"""What a check works with: the connection, and what belongs to this project."""

import re
from collections.abc import Sequence
from functools import cached_property
from pkgutil import resolve_name
from typing import Any

from sqlalchemy import Connection, Row, text

from rollout.bookkeeping import PARKED, SCHEMA
from rollout.commands.target import Target

BOOKKEEPING = (SCHEMA, PARKED)
TIMEOUT_S = 60
"""For one statement of one check; a busy server is not to be kept longer."""

BEGIN = f"""
    SET LOCAL transaction_read_only = on;
    SET LOCAL search_path = '';
    SET LOCAL statement_timeout = '{TIMEOUT_S}s'
"""


class Context:
    """One database under check, through one connection.

    A check's transaction is read only, waits for no lock (the target's lock_timeout of
    some ms), and has an empty search_path, so that names are written out in full.
    """

    def __init__(self, target: Target, connection: Connection) -> None:
        self.target, self.connection = target, connection

    def begin(self) -> None:
        """Start a check's transaction."""
        self.connection.rollback()
        self.connection.exec_driver_sql(BEGIN)

    def rows(self, query: str, **values: Any) -> Sequence[Row[Any]]:
        """The rows of ``query``."""
        return self.connection.execute(text(query), values).all()

    def scalar(self, query: str, **values: Any) -> Any:
        """The first value of ``query``."""
        return self.connection.scalar(text(query), values)

    # What alembic.ini says.

    def listed(self, option: str, default: str = "") -> list[str]:
        """A comma-separated option of alembic.ini."""
        given = self.target.option(option, default).split(",")
        return [value.strip() for value in given if value.strip()]

    @property
    def exposed(self) -> list[str]:
        """The schemas that the API serves."""
        return self.listed("exposed_schemas", "public")

    @property
    def api_roles(self) -> list[str]:
        """The roles under which end users' requests run; the anonymous one first."""
        return self.listed("api_roles", "anon, authenticated")

    # What is ours.

    @cached_property
    def _tables(self) -> dict[tuple[str, str], bool]:
        """The models' tables, and whether this project manages them."""
        config = self.target.config
        _ = self.target.script  # puts the project on sys.path
        models = config.get_main_option("metadata")
        if not models:
            return {}
        metadata = resolve_name(models)
        name = config.get_main_option("include_object")
        managed = resolve_name(name) if name else lambda *_: True
        return {
            (table.schema or "public", table.name): bool(
                managed(table, table.name, "table", False, None)
            )
            for table in metadata.tables.values()
        }

    @cached_property
    def _texts(self) -> str:
        """All revisions, with their SQL files, as one text."""
        return "\n".join(
            path.read_text(encoding="utf-8")
            for directory in sorted({r.path.parent for r in self.target.revisions})
            for path in sorted(directory.rglob("*"))
            if path.suffix in {".py", ".sql"}
        )

    @property
    def schemas(self) -> list[str]:
        """The schemas to look into: exposed ones, those of our tables, bookkeeping."""
        ours = {schema for (schema, _), managed in self._tables.items() if managed}
        return sorted({*ours, *self.exposed, *BOOKKEEPING})

    def tables(self) -> list[tuple[str, str]]:
        """Schema and name of the models' tables that this project manages."""
        return sorted(name for name, managed in self._tables.items() if managed)

    def is_ours(self, schema: str, relation: str) -> bool:
        """Whether this project made a table or view."""
        known = self._tables.get((schema, relation))
        if known is None:
            return schema in BOOKKEEPING or self._named(schema, relation)
        return known

    def is_our_function(self, schema: str, name: str) -> bool:
        """Whether this project made a function of this name."""
        shared = {signature.partition("(")[0] for signature in self.may_be_theirs}
        if f"{schema}.{name}" in shared:
            return False
        return schema in BOOKKEEPING or self._named(schema, name)

    @property
    def may_be_theirs(self) -> list[str]:
        """Functions that a revision leaves as they are where it finds them."""
        return self.listed("may_be_theirs")

    def _named(self, schema: str, name: str) -> bool:
        pattern = rf"(?<![\w.]){re.escape(schema)}\.\"?{re.escape(name)}(?!\w)"
        return re.search(pattern, self._texts) is not None
