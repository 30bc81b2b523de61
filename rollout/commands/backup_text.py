"""What the commands about backups print alike."""

from collections.abc import Sequence

from rollout.backup.manifest import SavedTable
from rollout.commands.output import Output


def tables(out: Output, saved: Sequence[SavedTable]) -> None:
    """A table of the tables that hold rows."""
    full = [(f"{t.schema}.{t.name}", t.rows, short(t.hash)) for t in saved if t.rows]
    out.table(("table", "rows", "hash"), full)
    if empty := len(saved) - len(full):
        out.line(f"and {empty} empty table{'s' if empty > 1 else ''}")


def short(hash_: str) -> str:
    """Enough of a hash to compare it by eye."""
    return f"{int(hash_) % 16**8:08x}"


def size(bytes_: int) -> str:
    """Bytes for people."""
    if bytes_ < 1_000_000:
        return f"{bytes_ / 1000:,.1f} kB"
    return f"{bytes_ / 1_000_000:,.1f} MB"


def listed(names: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
