"""SQL as text: the same online and when it is only printed."""

import re

from sqlalchemy import TextClause, text


def verbatim(statement: str) -> TextClause:
    """The statement exactly as written: no ``:name`` in it is taken as a parameter."""
    return text(re.sub(r"(?<!:):(?=\w)", r"\\:", statement))


def literal(value: str | None) -> str:
    """A string as an SQL literal, for statements that must also print offline."""
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def split_name(qualified: str) -> tuple[str, str]:
    """Split ``schema.table``.

    Raises:
        ValueError: No schema, or too many dots. A revision always writes it out.
    """
    schema, _, table = qualified.partition(".")
    if not table or "." in table:
        raise ValueError(f"write the schema out, as in public.{qualified}")
    return schema, table
