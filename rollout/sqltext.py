"""SQL as text: the same online and when it is only printed."""

import re

from sqlalchemy import TextClause, text

NAME_BYTES = 63
"""PostgreSQL cuts longer names, with no more than a notice."""


def verbatim(statement: str) -> TextClause:
    """The statement exactly as written: no ``:name`` in it is taken as a parameter."""
    return text(re.sub(r"(?<!:):(?=\w)", r"\\:", statement))


def literal(value: str | None) -> str:
    """A string as an SQL literal, for statements that must also print offline."""
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def plain(name: str, suffix: str = "") -> str:
    """``name``, known to need no quotes, nor to be cut with ``suffix`` on it.

    Raises:
        ValueError: It would. What is made of it would be another name.
    """
    if not re.fullmatch(r"[^\W\d]\w*", name) or name != name.lower():
        raise ValueError(f"{name}: names that need quotes are not supported here")
    if len(f"{name}{suffix}".encode()) > NAME_BYTES:
        raise ValueError(f"{name}{suffix}: PostgreSQL cuts names at {NAME_BYTES} bytes")
    return name


def split_name(qualified: str) -> tuple[str, str]:
    """Split ``schema.table``.

    Raises:
        ValueError: No schema, or too many dots. A revision always writes it out.
    """
    schema, _, table = qualified.partition(".")
    if not table or "." in table:
        raise ValueError(f"write the schema out, as in public.{qualified}")
    return schema, table
