"""Ask for an extension that a server may or may not offer."""

from rollout.ops.sql import is_offline, run_sql, scalar
from rollout.sqltext import literal
from rollout.terminal import notice

CREATE = """\
DO $extension$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = {name}) THEN
        RETURN;
    END IF;
    IF {offered} THEN
        BEGIN
            CREATE EXTENSION {quoted} SCHEMA {schema};
            RETURN;
        EXCEPTION WHEN insufficient_privilege THEN
            NULL;  -- as good as not offered
        END;
    END IF;
    {absent};
END
$extension$"""
OFFERED = """EXISTS (
        SELECT FROM pg_catalog.pg_available_extensions WHERE name = {name}
    )"""
# Created without it, some end the connection rather than the statement.
PRELOADED = """
        AND {name} = ANY (
            string_to_array(
                replace(current_setting('shared_preload_libraries'), ' ', ''), ','
            )
        )"""
REDUCED = "RAISE WARNING '%', {said}"
REFUSED = """RAISE EXCEPTION USING MESSAGE = {said},
        HINT = 'Take a server that has it, or ask its administrator to create it.'"""


def create_extension(
    name: str,
    *,
    without: str | None = None,
    schema: str = "extensions",
    preloaded: bool = False,
) -> None:
    """Create extension ``name`` where the server offers it. Can be repeated.

    One that is there stays as it is, in whatever schema. Nothing takes it back:
    others may use it, so a downgrade leaves it.

    Args:
        without: What is reduced, and how, where it cannot be had; said on stderr. By
            default there is no equivalent, and the revision is refused.
        preloaded: It works only if the server loads it when it starts.

    Locks: none on tables.

    Raises:
        RolloutError: It cannot be had, and there is no equivalent.
    """
    quoted = '"' + name.replace('"', '""') + '"'
    offered = (OFFERED + PRELOADED * preloaded).format(name=literal(name))
    what = f"the extension {name} is not to be had here"
    said = f"{what}: {without}" if without else f"{what}, and nothing stands in for it"
    absent = (REDUCED if without else REFUSED).format(said=literal(said))
    run_sql(
        CREATE.format(
            name=literal(name), quoted=quoted, schema=schema, offered=offered,
            absent=absent,
        )
    )  # fmt: skip
    known = "SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = :name)"
    if without and not is_offline() and not scalar(known, name=name):
        notice(f"note: {said}")
