"""monitoring views

Locks: none on tables in use.
Rollback: automatic. Drops the views; they hold no rows.

Revision ID: 010
Revises: 009
"""

from alembic import op

from rollout.ops import drop_view, grant_only

revision = "010"
down_revision = "009"
branch_labels = None
depends_on = None
schema_version = "1.9.0"
kind = "schema"
phase = 3

# By oid: the specification's schemaname || '.' || tablename fails on mixed-case names.
TABLE_SIZES = """
    CREATE VIEW public.table_sizes WITH (security_invoker = true) AS
    SELECT
        n.nspname AS schemaname,
        c.relname AS tablename,
        pg_catalog.pg_size_pretty(pg_catalog.pg_total_relation_size(c.oid)) AS size,
        pg_catalog.pg_total_relation_size(c.oid) AS bytes
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
    ORDER BY bytes DESC
"""
# The specification's names; pg_stat_user_indexes calls them relname and indexrelname.
INDEX_USAGE = """
    CREATE VIEW public.index_usage WITH (security_invoker = true) AS
    SELECT
        schemaname,
        relname AS tablename,
        indexrelname AS indexname,
        idx_tup_read,
        idx_tup_fetch,
        idx_scan
    FROM pg_catalog.pg_stat_user_indexes
    WHERE schemaname = 'public'
    ORDER BY idx_scan DESC
"""
MIGRATION_PROGRESS = """
    CREATE VIEW public.migration_progress WITH (security_invoker = true) AS
    SELECT
        schemaname,
        relname AS tablename,
        n_tup_ins AS inserts,
        n_tup_upd AS updates,
        n_tup_del AS deletes
    FROM pg_catalog.pg_stat_user_tables
    WHERE schemaname = 'public'
    ORDER BY n_tup_ins + n_tup_upd DESC
"""
VIEWS = {
    "public.table_sizes": TABLE_SIZES,
    "public.index_usage": INDEX_USAGE,
    "public.migration_progress": MIGRATION_PROGRESS,
}


def upgrade() -> None:
    for view, definition in VIEWS.items():
        op.execute(definition)
        grant_only(view, {"service_role": "SELECT"})


def downgrade() -> None:
    for view in reversed(VIEWS):
        drop_view(view)
