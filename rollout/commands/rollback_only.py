"""``rollout rollback --only NAME``: shows one component's impact, asks, parks it."""

from sqlalchemy import Connection, text

from rollout.commands import components, view_text
from rollout.commands.alone import EXISTS
from rollout.commands.output import Output
from rollout.commands.target import Target
from rollout.errors import RolloutError


def run(target: Target, name: str, out: Output, *, yes: bool) -> int:
    """``rollout rollback --only NAME``."""
    table = _table(target, name)
    with target.connect() as connection:
        target.current(connection, required=True)
        _refuse_missing(connection, name, table)
        views = view_text.depending(connection, table)
        rows = connection.scalar(text(f"SELECT count(*) FROM {table}"))
    out.line(f"{target.shown}: component {name}\n")
    shown = [(f"table {table}", rows, "parked with every row")]
    shown += [(f"view {v.name}", None, "dropped, remembered") for v in reversed(views)]
    out.table(("what", "rows", "fate"), shown)
    if not out.confirm(f"Take {name} away from {target.shown}?", yes=yes):
        out.line("\nNothing was changed.")
        return 1
    dropped = components.park(target, name, table)
    out.document({"component": name, "table": table, "rows": rows, "views": dropped})
    out.line(f"\n{name} is parked; the rest stays. To bring it back:")
    out.line(f"    rollout restore {name}")
    return 0


def _table(target: Target, name: str) -> str:
    known = components.configured(target)
    if name not in known:
        raise components.UnknownComponent(name, known)
    return known[name]


def _refuse_missing(connection: Connection, name: str, table: str) -> None:
    if connection.scalar(EXISTS, {"table": table}):
        return
    away = name in [row["name"] for row in components.parked(connection)]
    why = "is parked already" if away else "is not applied"
    raise RolloutError(
        f"{table} is not there: {name} {why}.\nNothing was changed.\n"
        f"To bring it back: rollout {f'restore {name}' if away else 'deploy'}"
    )
