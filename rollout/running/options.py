"""What Alembic is configured with, and what the operator has set."""

from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any

from alembic import context
from alembic.config import Config
from sqlalchemy import URL, MetaData

from rollout import bookkeeping, database
from rollout.bookkeeping import histories
from rollout.bookkeeping.journal import Journal
from rollout.settings import Settings


def database_url(config: Config) -> URL:
    """The database to work on: see :func:`rollout.database.resolve_url`."""
    return database.resolve_url(
        explicit=config.attributes.get("database_url"),
        configured=config.get_main_option("sqlalchemy.url"),
        embedded_database=config.get_main_option("database") or "portfolio",
    )


def options() -> dict[str, Any]:
    """Alembic's own options, from alembic.ini and fixed ones."""
    return {
        "version_table": histories.version_table(context.config),
        "version_table_schema": bookkeeping.SCHEMA,
        "transaction_per_migration": True,
        "compare_server_default": True,
    }


def models() -> dict[str, Any]:
    """Options that import the models: a fifth of a second, not for everybody.

    ``check`` and ``--autogenerate`` need them all, a revision the naming conventions.
    """
    option = context.config.get_main_option
    named = {
        name: resolve_name(value)
        for name in ("include_object", "render_item")
        if (value := option(name))
    }
    metadata = resolve_name(option("metadata") or "")
    if option("include_schemas") == "true":
        named |= {"include_schemas": True, "include_name": _of_schemas(metadata)}
    return named | {"target_metadata": metadata}


def _of_schemas(metadata: MetaData) -> Callable[[str | None, str, Any], bool]:
    """Have Alembic compare the models' schemas, and look at no others."""
    ours = {table.schema for table in metadata.tables.values()}
    return lambda name, type_, parents: type_ != "schema" or name in ours


def read_settings() -> Settings:
    """What ``-x`` and the environment say."""
    return Settings.read(context.get_x_argument(as_dictionary=True))


def new_journal() -> Journal:
    """The journal of this history."""
    return Journal(context.script, context.config.get_main_option("log_table"))


def revision_of(step: Any) -> str:
    """The revision that a step goes through, in either direction."""
    revision: str = step.up_revision_id
    return revision
