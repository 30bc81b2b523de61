"""What the catalog looks like in a database that only the revisions have made.

Made in a scratch database, and remembered in a file until a revision, the layer, or the
server's major version changes: upgrading takes a second or more, reading a file none.
"""

import contextlib
import hashlib
import io
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, text

import rollout
from rollout import catalog, database
from rollout.bookkeeping import PARKED, SCHEMA
from rollout.checks.context import Context
from rollout.checks.reparsed import Variants, variants
from rollout.scratch import scratch_database

SCHEMAS = text("""
    SELECT nspname FROM pg_catalog.pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1
""")


@dataclass(frozen=True)
class Fresh:
    """A fresh database: as it was found (``before``), and at the revision (``after``).

    ``before`` is empty unless alembic.ini names a ``baseline``: the revision that only
    stands for what was there. The bookkeeping schemas are never part of it.
    ``variants`` is how objects of ``after`` may read as well, after a restore.
    """

    before: catalog.Snapshot
    after: catalog.Snapshot
    schemas: list[str]
    variants: Variants


def fresh(context: Context, revision: str) -> Fresh:
    """A fresh database at ``revision``, remembered or made now.

    Raises:
        NoScratch: There is no place to make one.
        RolloutError: The upgrade failed there.
    """
    file = _directory() / f"catalog-{_digest(context, revision)}.json"
    with contextlib.suppress(OSError, ValueError, TypeError):
        return Fresh(**json.loads(file.read_text(encoding="utf-8")))
    with scratch_database(context.target.url) as url:
        made = _make(context, revision, url)
    with contextlib.suppress(OSError):  # not being able to remember is no failure
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(vars(made)), encoding="utf-8")
        new.replace(file)
    return made


def _directory() -> Path:
    if given := os.environ.get("XDG_CACHE_HOME"):
        return Path(given) / "rollout"
    try:
        return Path.home() / ".cache" / "rollout"
    except RuntimeError:  # a container's user that nobody knows by name
        return Path(tempfile.gettempdir()) / f"rollout-{os.getuid()}"


def _digest(context: Context, revision: str) -> str:
    """A name that changes with everything that the catalog follows from."""
    target = context.target
    digest = hashlib.sha256()
    number = context.scalar("SELECT current_setting('server_version_num')")
    baseline = target.option("baseline")
    digest.update(repr((number, revision, baseline, target.section)).encode())
    trees = {revision.path.parent for revision in target.revisions}
    for tree in sorted({*trees, Path(rollout.__file__).parent}):
        for path in sorted(tree.rglob("*")):
            if path.suffix in {".py", ".sql"}:
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:24]


def _make(context: Context, revision: str, url: URL) -> Fresh:
    before: catalog.Snapshot = {}
    if baseline := context.target.option("baseline"):
        _upgrade(context, baseline, url)
        with _connected(url) as connection:
            without = (SCHEMA, PARKED)
            schemas = [s for s in _schemas(connection) if s not in without]
            before = catalog.snapshot(connection, schemas)
    _upgrade(context, revision, url)
    with _connected(url) as connection:
        schemas = _schemas(connection)
        after = catalog.snapshot(connection, schemas)
        return Fresh(before, after, schemas, variants(connection, schemas, after))


def _upgrade(context: Context, revision: str, url: URL) -> None:
    """Run the revisions there; what they say about it is not for the operator."""
    target = context.target
    config = Config(
        target.config.config_file_name,
        ini_section=target.section,
        stdout=io.StringIO(),
    )
    config.attributes["database_url"] = url.render_as_string(hide_password=False)
    with contextlib.redirect_stderr(io.StringIO()):
        command.upgrade(config, revision)


def _connected(url: URL) -> Connection:
    return database.create_engine(url, application_name="rollout").connect()


def _schemas(connection: Connection) -> list[str]:
    return [str(name) for name in connection.scalars(SCHEMAS)]
