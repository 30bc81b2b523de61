"""Writes the pages of both schemas from the models: ``python -m models.diagram``."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Column, MetaData, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import DefaultClause

from models import homeops, metadata

__all__ = ["main", "schema_page"]

DOCS = Path(__file__).parents[1] / "docs"
PAGE, HOMEOPS_PAGE = DOCS / "schema.md", DOCS / "homeops-schema.md"

HEAD = """\
# Schema

Made from the models; `python -m models.diagram` makes it again. `auth.users` belongs to
Supabase, and tables marked *existing* were there before this project: neither is ever
changed, save for the last five columns of `user_onboarding`, which revision 009 adds.
"""

HOMEOPS_HEAD = """\
# Schema of HomeOps

Made from the models in `models/homeops/`; `python -m models.diagram` makes it again.
How it is migrated is in [homeops.md](homeops.md).
"""

ACCESS = {
    "reference": "Owned by Supabase; only referred to.",
    "existing": "*Existing*; its access rules are left alone.",
    "owner": "Each user reads and writes their own rows.",
    "owner-read": "Each user reads their own rows, and writes those entered by hand.",
    "flags": "Each user reads their own rows; admins write.",
    "closed": "Closed to the API.",
    "members": "The household sees it; administrators or the service change it.",
}
"""What ``info["rls"]`` of a table means, for readers."""

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def schema_page(models: MetaData = metadata, head: str = HEAD) -> str:
    """Return a page: an ER diagram in Mermaid, then each table's columns."""
    tables = sorted(models.tables.values(), key=lambda table: table.fullname)
    lines = [head, "```mermaid", *_diagram(tables), "```"]
    for table in tables:
        lines += _section(table)
    return "\n".join(lines) + "\n"


def _diagram(tables: list[Table]) -> Iterator[str]:
    yield "erDiagram"
    for table in tables:
        yield from (f"    {edge}" for edge in _edges(table))
    for table in tables:
        yield f"    {_entity(table)} {{"
        yield from (f"        {_attribute(column)}" for column in table.columns)
        yield "    }"


def _entity(table: Table) -> str:
    # Mermaid takes no dot in a name.
    return table.fullname.replace(".", "_")


def _edges(table: Table) -> Iterator[str]:
    for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name)):
        # "|o": the row may stand without an owner; "||": it may not.
        end = "|o" if any(column.nullable for column in key.columns) else "||"
        parent, names = _entity(key.referred_table), ", ".join(key.column_keys)
        yield f'{parent} {end}--o{{ {_entity(table)} : "{names}"'


def _attribute(column: Column[object]) -> str:
    keys = ["PK"] if column.primary_key else []
    keys += ["FK"] if _refers(column) else []
    # Mermaid takes neither commas nor spaces in a type.
    kind = _type(column).split("(")[0].replace(" ", "_")
    return " ".join([kind, column.name, ", ".join(keys)]).rstrip()


def _refers(column: Column[object]) -> bool:
    constraints = column.table.foreign_key_constraints
    return any(column.name in key.column_keys for key in constraints)


def _section(table: Table) -> Iterator[str]:
    yield f"\n## {table.fullname}\n"
    yield f"{table.comment}. {ACCESS[table.info['rls']]}\n"
    yield "| column | type | null | default | meaning |"
    yield "| --- | --- | --- | --- | --- |"
    for column in table.columns:
        null = "yes" if column.nullable else "no"
        cells = [f"`{column.name}`", _type(column), null, _default(column)]
        yield f"| {' | '.join([*cells, column.comment or ''])} |"


def _type(column: Column[object]) -> str:
    kind = column.type.compile(DIALECT).lower()
    return kind.replace("timestamp with time zone", "timestamptz")


def _default(column: Column[object]) -> str:
    if not isinstance(column.server_default, DefaultClause):
        return ""
    value = column.server_default.arg
    return f"`'{value}'`" if isinstance(value, str) else f"`{value}`"


def main() -> None:
    """Write the pages."""
    PAGE.write_text(schema_page(), encoding="utf-8")
    page = schema_page(homeops.metadata, HOMEOPS_HEAD)
    HOMEOPS_PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
