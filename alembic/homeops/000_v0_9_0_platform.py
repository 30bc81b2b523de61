"""platform

Locks: none on tables in use.
Rollback: automatic, and does nothing: others may use what the platform offers.

Schema auth and the schema extensions are Supabase's; on a plain PostgreSQL this creates
a stand-in for them. The extensions are created where the server offers them; what is
reduced without one is said.

Revision ID: 000
Revises:
"""

from alembic import op

from rollout.ops import create_extension, run_sql, sql_file

revision = "000"
down_revision = None
branch_labels = None
depends_on = None
schema_version = "0.9.0"
kind = "schema"
phase = 1

# The same names everywhere: what an extension brings is written out as extensions.…
EXTENSIONS_SCHEMA = """
    DO $extensions$
    BEGIN
        IF to_regnamespace('extensions') IS NULL THEN
            CREATE SCHEMA extensions;
            GRANT USAGE ON SCHEMA extensions TO anon, authenticated, service_role;
        END IF;
    END
    $extensions$
"""


def upgrade() -> None:
    run_sql(sql_file(__file__, "000_check.sql"))
    run_sql(sql_file(__file__, "000_auth.sql"))
    op.execute(EXTENSIONS_SCHEMA)
    create_extension(
        "uuid-ossp",
        without="ids come from gen_random_uuid(), which PostgreSQL has itself",
    )
    create_extension(
        "pgcrypto",
        without="passwords are hashed by the application alone, never in SQL",
    )
    create_extension(
        "timescaledb",
        preloaded=True,
        without="device readings are a plain table with a BRIN index on the time",
    )
    # HomeOps has no use for it before 3.0.0, which asks for it again and insists.
    create_extension("vector", without="upgrades stop before 3.0.0, which needs it")
    create_extension(
        "pg_stat_statements",
        without="skipped; it only counts statements, for the operator to look at",
    )
    create_extension(
        "pg_trgm", without="titles are searched without an index on their parts"
    )


def downgrade() -> None:
    """Drop nothing: see above."""
