"""Write down the result of a long query without a long writing transaction."""

from sqlalchemy import text

from rollout.ops.autocommit import autocommit
from rollout.ops.sql import bind, is_offline, run_sql

CHUNK_ROWS = 1_000


def collect(target: str, columns: str, query: str) -> None:
    """Insert the rows of ``query`` into ``target``, in short transactions.

    The query runs read-only on a connection of its own and is streamed; it takes no
    lock that a reader would not. Repeatable: what is there already is left alone.

    Args:
        columns: The target's columns, comma separated, in the query's order.

    Locks: ACCESS SHARE on what ``query`` reads.
    """
    insert = f"INSERT INTO {target} ({columns})"
    with autocommit():
        if is_offline():
            run_sql(f"{insert}\n{query}\nON CONFLICT DO NOTHING")
            return
        values = ", ".join(f":{name.strip()}" for name in columns.split(","))
        write = text(f"{insert} VALUES ({values}) ON CONFLICT DO NOTHING")
        with bind().engine.connect() as reader:
            reader.exec_driver_sql("SET TRANSACTION READ ONLY")
            rows = reader.execution_options(stream_results=True).execute(text(query))
            for chunk in rows.mappings().partitions(CHUNK_ROWS):
                bind().execute(write, [dict(row) for row in chunk])
