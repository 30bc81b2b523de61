"""Disk and WAL, as far as the server tells: it does not say what is free."""

from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from rollout.sqlstate import INSUFFICIENT_PRIVILEGE, sqlstate

DATABASE = text("SELECT pg_database_size(current_database())")
WAL = text("SELECT coalesce(sum(size), 0)::bigint FROM pg_ls_waldir()")
SLOTS = text("""
    SELECT slot_name AS name, active, wal_status AS status,
        pg_wal_lsn_diff(
            CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
                ELSE pg_current_wal_lsn() END, restart_lsn
        )::bigint AS held_bytes,
        age(xmin) AS xmin_age
    FROM pg_catalog.pg_replication_slots ORDER BY held_bytes DESC NULLS LAST
""")


@dataclass(frozen=True)
class Slot:
    """A replication slot; ``held_bytes`` of WAL may not be removed because of it."""

    name: str
    active: bool
    status: str | None
    held_bytes: int | None
    xmin_age: int | None


@dataclass(frozen=True)
class Storage:
    """Bytes; ``wal_bytes`` is None where the role may not see the directory."""

    database_bytes: int
    wal_bytes: int | None
    slots: list[Slot]


def storage(connection: Connection) -> Storage:
    """Ask the server."""
    return Storage(
        connection.scalar(DATABASE) or 0,
        _wal(connection),
        [Slot(**row) for row in connection.execute(SLOTS).mappings()],
    )


def _wal(connection: Connection) -> int | None:
    try:
        with connection.begin_nested():
            return int(connection.scalar(WAL) or 0)
    except DBAPIError as error:
        if sqlstate(error) != INSUFFICIENT_PRIVILEGE:
            raise
        return None


def size(byte_count: int) -> str:
    """Bytes for people."""
    value = float(byte_count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1024:
            return f"{value:,.0f} {unit}"
        value /= 1024
    return f"{value:,.1f} TB"
