"""One database, one history: which one a database carries.

``migrations.schema_versions`` has one row a version, so two histories would take each
other's rows for their own.
"""

from alembic.config import Config
from sqlalchemy import Connection, text

from rollout.bookkeeping import OTHERS, SCHEMA, VERSION_TABLE
from rollout.errors import RolloutError


class OtherHistory(RolloutError):
    """The database belongs to another section of alembic.ini."""

    def __init__(self, database: str, config: Config, table: str) -> None:
        self.table, self.theirs = table, section_of(config, table)
        ours = config.config_ini_section
        belongs = (
            f"the history of {self.theirs!r}" if self.theirs else "another history"
        )
        meant = (
            f"If you meant that one: alembic -n {self.theirs} …, "
            f"rollout --schema {self.theirs} …\n"
            if self.theirs
            else ""
        )
        super().__init__(
            f"the database {database} carries {belongs} ({SCHEMA}.{table}).\n"
            "Nothing was changed.\n"
            f"The history of {ours!r} is not put beside it: both would write the same\n"
            f"versions into {SCHEMA}.schema_versions.\n"
            f"{meant}"
            "Otherwise name a database of its own: export DATABASE_URL=postgresql://…"
        )


def version_table(config: Config) -> str:
    """The table in ``migrations`` in which the section keeps its place."""
    return config.get_main_option("version_table") or VERSION_TABLE


def section_of(config: Config, table: str) -> str | None:
    """The section of alembic.ini that keeps its place in ``table``."""
    found = config.file_config
    for section in found.sections():
        if found.has_option(section, "script_location") and table == found.get(
            section, "version_table", fallback=VERSION_TABLE
        ):
            return section
    return None


def refuse_other(connection: Connection, config: Config) -> None:
    """Refuse a database that carries another history than the section's.

    Leaves the transaction as it finds it; only reads.

    Raises:
        OtherHistory: It does.
    """
    own = version_table(config)
    for table in connection.scalars(text(f"{OTHERS} ORDER BY 1")).all():
        if table != own:
            raise OtherHistory(str(connection.engine.url.database), config, table)
