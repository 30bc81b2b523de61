"""What Alembic sees of the models."""

from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from alembic.autogenerate import (
    compare_metadata,
    produce_migrations,
    render_python_code,
)
from alembic.migration import MigrationContext

from models import (
    AuthUser,
    UserFeatureFlag,
    UserInvestmentAccount,
    UserOnboarding,
    managed,
    metadata,
    plain_type,
)

OPTIONS = {
    "include_object": managed,
    "render_item": plain_type,
    "compare_type": True,
    "compare_server_default": True,
    "target_metadata": metadata,
}


def context(connection):
    return MigrationContext.configure(connection, opts=dict(OPTIONS))


def test_a_database_at_head_is_what_the_models_say(engine):
    with engine.connect() as connection:
        assert compare_metadata(context(connection), metadata) == []


def test_a_change_to_a_managed_table_is_seen(engine):
    with engine.begin() as connection:
        for statement in (
            "ALTER TABLE public.user_feature_flags DROP COLUMN reason",
            "DROP INDEX public.idx_investment_accounts_one_primary",
            "ALTER TABLE public.migration_log ALTER success DROP DEFAULT",
            "COMMENT ON COLUMN public.migration_log.operation IS 'other'",
        ):
            connection.exec_driver_sql(statement)
        changes = compare_metadata(context(connection), metadata)
    assert len(changes) == 4


def test_existing_and_unknown_tables_are_left_alone(engine):
    with engine.begin() as connection:
        for statement in (
            "ALTER TABLE public.user_onboarding ADD COLUMN extra int",
            "ALTER TABLE public.user_transfers DROP COLUMN status",
            "CREATE INDEX extra ON public.user_onboarding (extra)",
            "CREATE TABLE public.another (id int)",
        ):
            connection.exec_driver_sql(statement)
        assert compare_metadata(context(connection), metadata) == []


@pytest.mark.parametrize(
    ("thing", "kind", "answer"),
    [
        (UserInvestmentAccount.__table__, "table", True),
        (UserInvestmentAccount.__table__.c.provider, "column", True),
        (UserOnboarding.__table__, "table", False),
        (UserOnboarding.__table__.c.onboarding_version, "column", False),
        (AuthUser.__table__, "table", False),
        (sa.Table("users", sa.MetaData()), "table", False),
        (
            sa.Table("user_feature_flags", sa.MetaData(), schema="parked"),
            "table",
            False,
        ),
        (sa.Table("user_feature_flags", sa.MetaData(), schema="public"), "table", True),
    ],
)
def test_managed(thing, kind, answer):
    assert managed(thing, thing.name, kind, True, None) is answer


def test_a_generated_revision_does_not_import_the_models(engine):
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE public.user_aggregated_holdings CASCADE")
        script = produce_migrations(context(connection), metadata)
    code = render_python_code(
        script.upgrade_ops, render_item=plain_type, migration_context=None
    )
    assert "models" not in code
    assert "sa.Numeric(precision=20, scale=8)" in code
    assert "sa.DateTime(timezone=True)" in code
    assert "postgresql.JSONB()" in code


def test_plain_types_leave_the_rest_to_alembic():
    imports = SimpleNamespace(imports=set())
    column = UserFeatureFlag.__table__.c
    assert plain_type("type", column.flag_name.type, imports) is False
    assert plain_type("server_default", column.created_at.type, imports) is False
