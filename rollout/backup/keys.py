"""Whether a database has the rows that a backup's foreign keys refer to."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, text

from rollout.backup.manifest import Keys, Manifest, OutsideTable
from rollout.commands.target import Target
from rollout.errors import RolloutError

KEYS_AT_ONCE = 5_000
EXAMPLES = 3
THERE = text("SELECT to_regclass(:name) IS NOT NULL")


class MissingKeys(RolloutError):
    """Rows of the backup refer to rows that are not there; ``missing`` counts those."""

    def __init__(self, into: Target, table: str, missing: list[str]) -> None:
        self.table, self.missing = table, len(missing)
        examples = ", ".join(missing[:EXAMPLES])
        super().__init__(
            f"{into.shown} lacks {len(missing):,} rows of {table} that the backup"
            f" refers to: {examples}{' …' if len(missing) > EXAMPLES else ''}\n"
            "Nothing was changed.\n"
            f"{table} belongs to somebody else (on Supabase: to Auth) and is not in\n"
            "the backup; these were deleted since, or this is another project.\n"
            "Bring them back first, with the same ids, then run the command again."
        )


def refuse_missing_keys(
    into: Target, connection: Connection, manifest: Manifest, emptied: Sequence[str]
) -> None:
    """Raise unless every key that is referred to is there.

    Not asked about tables that come with the backup or get a stand-in.

    Raises:
        MissingKeys: The restore would fail at its very end.
    """
    for table in manifest.outside_tables:
        quoted = f'"{table.schema}"."{table.name}"'
        if table.schema in emptied or not connection.scalar(THERE, {"name": quoted}):
            continue
        for keys in table.keys:
            missing = list(_missing(connection, quoted, table, keys))
            if missing:
                raise MissingKeys(into, f"{table.schema}.{table.name}", missing)


def _missing(
    connection: Connection, quoted: str, table: OutsideTable, keys: Keys
) -> Iterator[str]:
    types = dict(table.columns)
    width = range(len(keys.columns))
    arrays = ", ".join(f"CAST(:k{i} AS text[])" for i in width)
    names = ", ".join(f"k{i}" for i in width)
    same = " AND ".join(
        f"there.{column} = k{i}::{types[column]}"
        for i, column in enumerate(keys.columns)
    )
    query = text(
        f"SELECT concat_ws(', ', {names}) FROM unnest({arrays}) AS saved ({names})"
        f" WHERE NOT EXISTS (SELECT FROM {quoted} AS there WHERE {same})".replace(
            "::", r"\:\:"
        )
    )
    for start in range(0, len(keys.values), KEYS_AT_ONCE):
        part = keys.values[start : start + KEYS_AT_ONCE]
        given = {f"k{i}": [values[i] for values in part] for i in width}
        yield from connection.scalars(query, given)
