"""Through PgBouncer in transaction mode: no session settings, no session locks."""

import shutil
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from rollout.database import is_pooled
from tests.commands import alembic_run
from tests.rollout.pooler import PROGRAM, pgbouncer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not installed"),
]
LEGACY = """
    INSERT INTO public.user_onboarding (id, user_id, alpaca_account_id)
    SELECT gen_random_uuid(), NULL, 'a' FROM generate_series(1, 500)
"""


@pytest.fixture
def pooled(database_at):
    """A database at baseline by way of a pooler, and directly."""
    direct = sa.make_url(database_at("baseline"))
    directory = Path(tempfile.mkdtemp(prefix="rollout-pooler.", dir="/tmp"))
    directory.chmod(0o755)
    try:
        with pgbouncer(direct, directory) as url:
            yield url.render_as_string(hide_password=False), direct
    finally:
        shutil.rmtree(directory)


def test_upgrade_and_downgrade_work_through_a_transaction_pooler(pooled):
    url, direct = pooled
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        assert is_pooled(connection)
    engine = sa.create_engine(direct, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(LEGACY)
    alembic_run(url, "upgrade", "head")
    alembic_run(url, "downgrade", "baseline")
    alembic_run(url, "upgrade", "head")
    with engine.connect() as connection:
        left = (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
            "SELECT count(*) FROM migrations.unfinished",
            "SELECT count(*) FROM migrations.migration_locks WHERE locked_by <> ''",
            "SELECT count(*) FROM pg_index WHERE NOT indisvalid",
        )
        assert [connection.exec_driver_sql(query).scalar() for query in left] == [0] * 4
        rejects = "SELECT count(*) FROM migrations.backfill_rejects"
        assert connection.exec_driver_sql(rejects).scalar() == 500


def test_sessions_of_others_keep_their_settings(pooled):
    url, _ = pooled
    alembic_run(url, "upgrade", "head")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        for name, value in (("lock_timeout", "0"), ("statement_timeout", "0")):
            assert connection.exec_driver_sql(f"SHOW {name}").scalar() == value
