"""Reads SQL by PostgreSQL's own parser (pglast) into a :class:`Shape`.

Bodies of functions are not looked into: what a revision calls is its own business, save
for the layer's functions that change names (rollout/ops/server_functions.py).
"""

import re
from typing import Any

from pglast import ast, parse_sql

from rollout.reading import plpgsql
from rollout.reading.alters import Alters
from rollout.reading.drops import Drops
from rollout.reading.rows import WRITING, Rows
from rollout.reading.shape import Shape

GEXEC = re.compile(r"\\gexec\s*(?:\\\\)?")
"""psql's command; pglast reads SQL alone. What is behind it are the layer's indexes and
constraints, built under other names."""


def read(shape: Shape, sql: str, *, log_table: str = "") -> None:
    """Apply one revision's ``sql`` to ``shape``.

    Args:
        log_table: A table whose rows are the layer's own, as ``public.migration_log``.

    Raises:
        pglast.parser.ParseError: It is no SQL.
    """
    reader = _Reader(shape, log_table)
    for raw in parse_sql(GEXEC.sub(";", sql)):
        reader.statement(raw.stmt)


class _Reader(Alters, Drops, Rows):
    """One method a kind of statement; what has none changes nothing by name."""

    def statement(self, node: Any) -> None:
        method = getattr(self, f"_{type(node).__name__}", None)
        if method is not None:
            method(node)
        elif isinstance(node, ast.SelectStmt | ast.CallStmt | WRITING):
            self.rows(node)

    def _DoStmt(self, node: Any) -> None:
        options = {option.defname: option.arg for option in node.args}
        if "language" in options and options["language"].sval != "plpgsql":
            self.shape.unread.append(f"DO LANGUAGE {options['language'].sval}")
            return
        for found in plpgsql.of_do(options["as"].sval):
            if isinstance(found, plpgsql.Unread):
                self.shape.unread.append(f"EXECUTE {found.expression}")
            else:
                for raw in parse_sql(found):
                    self.statement(raw.stmt)
