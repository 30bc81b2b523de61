"""AI procedures

Locks: none on tables in use.
Rollback: automatic. Drops the functions; what they wrote stays.

The nearest of one person, found by whoever may see it: the functions run with the
caller's rights, and choose how to search. And how good predictions were.

Revision ID: 062
Revises: 061
"""

from alembic import op

from rollout.ops import grant_only, run_sql, sql_file

revision = "062"
down_revision = "061"
branch_labels = None
depends_on = None
schema_version = "3.1.0"
kind = "procedures"
phase = 3

FUNCTIONS = {
    "similar_messages": (
        "ai.similar_messages(real[], integer, text, integer)",
        "Messages that the caller may see, the nearest to a vector first",
    ),
    "similar_items": (
        "ai.similar_items(uuid, integer, text)",
        "Works that the caller may see, the most like a given one first",
    ),
    "measure_forecasts": (
        "ai.measure_forecasts()",
        "Writes down how good each model was at each metric; returns how many rows",
    ),
}
CALLERS = {
    "similar_messages": "authenticated, service_role",
    "similar_items": "authenticated, service_role",
    "measure_forecasts": "service_role",
}


def upgrade() -> None:
    for name, (signature, does) in FUNCTIONS.items():
        run_sql(sql_file(__file__, f"062_{name}.sql"))
        grant_only(f"FUNCTION {signature}", {CALLERS[name]: "EXECUTE"})
        run_sql(f"COMMENT ON FUNCTION {signature} IS '{does}'")


def downgrade() -> None:
    for signature, _ in reversed(FUNCTIONS.values()):
        op.execute(f"DROP FUNCTION {signature}")
