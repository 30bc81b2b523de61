"""Tables, indexes and views: each defect of the specification's SQL is shown, and gone.

``version`` is the specification's SQL as written and ours in turn.
"""

import re

import pytest

from tests.versions.conftest import SPEC
from tests.versions.database import refusal
from tests.versions.rows import NEW_ROWS, fill_new_tables

NUMERIC = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = %s::regclass AND atttypid = 'numeric'::regtype AND attnum > 0
"""
WITH_AMOUNTS = (
    "user_aggregated_holdings",
    "user_portfolio_snapshots",
    "user_investment_transactions",
)
MONITORING = ("table_sizes", "index_usage", "migration_progress")


def test_a_holding_cannot_be_updated(version):
    fill_new_tables(version, version.user())
    error = refusal(
        lambda: version.run(
            "UPDATE public.user_aggregated_holdings SET symbol = 'X'||id"
        )
    )
    assert error == ("UndefinedColumn" if version.as_written else None)


def test_updating_a_row_sets_its_timestamp(head):
    fill_new_tables(head, head.user())
    for table, column in {
        "user_aggregated_holdings": "last_updated",
        "user_investment_accounts": "updated_at",
        "user_feature_flags": "updated_at",
    }.items():
        head.run(f"UPDATE {table} SET user_id = user_id, {column} = '2000-01-01'")
        newest = f"SELECT min({column}) > now() - interval '1 minute' FROM {table}"
        assert head.value(newest), table


@pytest.mark.parametrize("table", WITH_AMOUNTS)
def test_nan_passes_as_an_amount(version, table):
    fill_new_tables(version, version.user())
    # The specification's trigger refuses every update of a holding, NaN or not.
    version.run(f"ALTER TABLE public.{table} DISABLE TRIGGER USER")
    amounts = [column for (column,) in version.rows(NUMERIC, f"public.{table}")]
    assert len(amounts) >= 4
    for column in amounts:
        update = f"UPDATE public.{table} SET {column} = 'NaN'"
        error = refusal(lambda: version.run(update))  # noqa: B023 - called at once
        assert error == (None if version.as_written else "CheckViolation"), column


def test_a_mixed_case_table_breaks_table_sizes(head):
    head.run('CREATE TABLE public."MixedCase" (id int)')
    query = "SELECT bytes, size FROM public.table_sizes WHERE tablename = 'MixedCase'"
    assert head.rows(query) == [(0, "0 bytes")]
    head.run("DROP VIEW public.table_sizes")
    text = (SPEC / "monitoring_views.sql").read_text()
    head.run(text[: text.index("-- View to monitor index usage")])
    assert refusal(lambda: head.rows(query)) == "UndefinedTable"


def test_index_usage_names_columns_that_do_not_exist(head):
    tables = "SELECT tablename FROM public.index_usage WHERE indexname = %s"
    name = "idx_investment_accounts_user_id"
    assert head.value(tables, name) == "user_investment_accounts"
    head.run("DROP VIEW public.index_usage")
    text = (SPEC / "monitoring_views.sql").read_text()
    view = text[text.index("CREATE VIEW public.index_usage") :]
    assert refusal(lambda: head.run(view)) == "UndefinedColumn"


def test_migration_progress_counts_what_was_written(head):
    head.run("CREATE TABLE public.probe (id int)")
    with head.rolled_back():
        head.run("INSERT INTO public.probe VALUES (1), (2), (3)")
        head.run("UPDATE public.probe SET id = id WHERE id < 3")
        head.run("DELETE FROM public.probe WHERE id = 1")
        head.run("COMMIT")
    head.run("SELECT pg_stat_force_next_flush()")
    counts = "FROM public.migration_progress WHERE tablename = 'probe'"
    assert head.rows(f"SELECT inserts, updates, deletes {counts}") == [(3, 2, 1)]


def test_migration_progress_names_a_column_that_does_not_exist(head):
    query = (SPEC / "migration_progress.sql").read_text()
    assert refusal(lambda: head.rows(query)) == "UndefinedColumn"
    assert head.rows("SELECT schemaname, tablename FROM public.migration_progress")


@pytest.mark.parametrize("view", MONITORING)
def test_monitoring_views_are_for_the_server_only(head, view):
    query = f"SELECT count(*) FROM public.{view}"
    for role in ("anon", "authenticated"):
        with head.acting(role):
            assert refusal(lambda: head.value(query)) == "InsufficientPrivilege"
    with head.acting("service_role"):
        assert head.value(query) > 0


def test_the_specs_monitoring_views_are_open_to_anon(version_at):
    """That table_sizes names every table of the project to anybody."""
    version = version_at("009")
    if version.as_written:
        text = (SPEC / "monitoring_views.sql").read_text()
        version.run(text[: text.index("-- View to monitor index usage")])
    else:
        version.advance("010")
    with version.acting("anon"):
        error = refusal(lambda: version.rows("SELECT * FROM public.table_sizes"))
    assert (error is None) is version.as_written


def test_the_index_of_009_blocks_writers(version_at):
    """A plain CREATE INDEX ends with SHARE on the table, a concurrent one does not."""
    version = version_at("008")
    version.superuser(
        """
        CREATE TABLE public.held (mode text);
        GRANT ALL ON public.held TO postgres;
        CREATE FUNCTION public.note_locks() RETURNS event_trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO public.held SELECT mode FROM pg_locks
            WHERE relation = 'public.user_onboarding'::regclass
                AND pid = pg_backend_pid();
        END $$;
        CREATE EVENT TRIGGER note_locks ON ddl_command_end
            WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION public.note_locks();
        """
    )
    version.advance("009")
    modes = {mode for (mode,) in version.rows("SELECT mode FROM public.held")}
    assert ("ShareLock" in modes) is version.as_written


@pytest.fixture
def busy(version):
    """Transactions of many users; returns one of them. Written on the latest days."""
    version.superuser(
        """
        SET session_replication_role = replica;  -- no foreign keys: it is quicker
        INSERT INTO auth.users (id)
        SELECT gen_random_uuid() FROM generate_series(1, 60);
        INSERT INTO public.user_investment_accounts (
            user_id, provider, provider_account_id, institution_name, account_type
        ) SELECT id, 'plaid', 'a', 'Bank', 'ira' FROM auth.users;
        INSERT INTO public.user_investment_transactions (
            user_id, account_id, provider_transaction_id, provider, symbol,
            transaction_type, transaction_date, amount
        )
        SELECT a.user_id, a.id, n, 'plaid', 'S' || n % 40,
            (ARRAY['buy', 'sell', 'dividend', 'fee'])[1 + n % 4],
            '2020-01-01'::date + (n % 900), n
        FROM public.user_investment_accounts AS a, generate_series(1, 300) AS n;
        ANALYZE public.user_investment_transactions;
        """
    )
    return version.rows("SELECT id FROM auth.users ORDER BY id")[30][0]


@pytest.mark.parametrize(
    ("where", "index"),
    [
        ("true", "idx_investment_transactions_date"),
        ("symbol = 'S7'", "idx_investment_transactions_symbol"),
        ("transaction_type = 'buy'", "idx_investment_transactions_type_date"),
    ],
)
def test_a_page_of_the_feed_reads_more_than_the_page(version, busy, where, index):
    """Newest first: ours finds them in the index; theirs reads or sorts more."""
    with version.as_user(busy):
        plan = "\n".join(
            line
            for (line,) in version.rows(
                "EXPLAIN SELECT * FROM public.user_investment_transactions "
                f"WHERE {where} ORDER BY transaction_date DESC LIMIT 5"
            )
        )
    in_index = re.search(rf"{index} .*\n.*Index Cond: .*user_id", plan)
    straight = in_index is not None and "Sort" not in plan
    assert (not straight) is version.as_written, plan


def test_a_downgrade_loses_rows(version):
    fill_new_tables(version, version.user())
    rows = version.contents()
    if version.as_written:
        for table in reversed(NEW_ROWS):  # as its rollback does
            version.run(f"DROP TABLE public.{table} CASCADE")
        for revision in ("001", "002", "003", "004", "008"):
            version.advance(revision)
    else:
        version.migrate("downgrade", "baseline")
        version.migrate("upgrade", "009")
    lost = any(version.contents()[table] != rows[table] for table in NEW_ROWS)
    assert lost is version.as_written
