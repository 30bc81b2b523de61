"""What the specification's SQL makes stands in the database, name by name.

Its SQL is run as written in a second database (tests/versions/spec/), and the two
catalogs are compared. Each allowed difference has its reason beside it.
"""

import re

import pytest

from tests.versions.conftest import SPEC

TABLES = (
    "migration_log",
    "user_aggregated_holdings",
    "user_feature_flags",
    "user_investment_accounts",
    "user_investment_transactions",
    "user_onboarding",
    "user_portfolio_snapshots",
)
EXISTING = (
    "user_bank_connections",
    "user_onboarding",
    "user_personalization",
    "user_transfers",
)
VIEWS = ("user_portfolio_legacy", "user_positions_aggregated")

COLUMNS = """
    SELECT a.attname, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attnotnull THEN 'NOT NULL' ELSE 'NULL' END,
        pg_get_expr(d.adbin, d.adrelid)
    FROM pg_attribute AS a
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum
"""
CONSTRAINTS = """
    SELECT pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype <> 'n' AND convalidated
"""
CONSTRAINT_NAMES = "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass"
INDEXES = """
    SELECT c.relname, pg_get_indexdef(c.oid)
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE i.indrelid = %s::regclass AND i.indisvalid
        AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid)
"""
NAMES = {
    "policy": "SELECT polname FROM pg_policy WHERE polrelid = %s::regclass",
    "trigger": """
        SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal
    """,
}

ADDED_CONSTRAINTS = {
    # NaN passes every >= 0.
    "user_aggregated_holdings": {"CHECK 'NaN'"},
    "user_portfolio_snapshots": {"CHECK 'NaN'"},
    # A foreign key on account_id alone does not see row level security.
    "user_investment_transactions": {
        "CHECK 'NaN'",
        "FOREIGN KEY (user_id, account_id) "
        "REFERENCES user_investment_accounts(user_id, id) ON DELETE CASCADE",
    },
    "user_investment_accounts": {"UNIQUE (user_id, id)"},
}
REMOVED_CONSTRAINTS = {
    "user_investment_transactions": {
        "FOREIGN KEY (account_id) "
        "REFERENCES user_investment_accounts(id) ON DELETE CASCADE"
    },
}
ADDED_INDEXES = {
    # At most one primary account a user.
    "user_investment_accounts": {"idx_investment_accounts_one_primary"},
    # For jobs across users.
    "user_investment_transactions": {"idx_investment_transactions_date_brin"},
}
# Every query under row level security names the user, so user_id leads.
REDEFINED_INDEXES = {
    "idx_investment_transactions_account",
    "idx_investment_transactions_symbol",
    "idx_investment_transactions_type_date",
    "idx_investment_transactions_date",
}
ADDED_NAMES = {
    # What a provider reported is the provider's; users write what they enter by hand.
    ("policy", "user_aggregated_holdings"): {
        "Users can add their manual holdings",
        "Users can change their manual holdings",
        "Users can remove their manual holdings",
    },
    ("policy", "user_portfolio_snapshots"): {
        "Users can add their manual snapshots",
        "Users can change their manual snapshots",
        "Users can remove their manual snapshots",
    },
    ("policy", "user_investment_transactions"): {
        "Users can add their manual transactions",
        "Users can change their manual transactions",
        "Users can remove their manual transactions",
    },
    # One policy a command: two permissive ones would both run for every row.
    ("policy", "user_feature_flags"): {
        "Admins can add feature flags",
        "Admins can change feature flags",
        "Admins can remove feature flags",
    },
    # Carries over what the old application writes from now on.
    ("trigger", "user_onboarding"): {"sync_investment_account"},
}
REMOVED_NAMES = {("policy", "user_feature_flags"): {"Admins can manage feature flags"}}


def columns(database, table):
    return {name: rest for name, *rest in database.rows(COLUMNS, f"public.{table}")}


def constraints(database, table):
    """The constraints' meanings; the specification gives none of them a name."""
    return {
        "CHECK 'NaN'" if "NaN" in definition else definition
        for (definition,) in database.rows(CONSTRAINTS, f"public.{table}")
    }


def names(database, kind, table):
    return {name for (name,) in database.rows(NAMES[kind], f"public.{table}")}


@pytest.mark.parametrize("table", TABLES)
def test_columns_have_the_types_nullability_and_defaults_of_the_spec(
    standing, spec, table
):
    assert columns(spec, table)
    assert columns(standing, table) == columns(spec, table)


@pytest.mark.parametrize("table", TABLES)
def test_columns_are_in_the_order_of_the_spec(standing, spec, table):
    assert list(columns(standing, table)) == list(columns(spec, table))


@pytest.mark.parametrize("table", EXISTING)
def test_the_stand_in_has_the_existing_tables_as_the_spec_lists_them(
    at, make_database, open_database, table
):
    text = (SPEC / "existing_tables.sql").read_text()
    text = re.sub(r"^auth\.\w+$", "", text, flags=re.MULTILINE)
    listed = open_database(make_database())
    listed.run("CREATE SCHEMA auth; CREATE TABLE auth.users (id uuid PRIMARY KEY)")
    listed.run(re.sub(r"^public\.", "CREATE TABLE public.", text, flags=re.MULTILINE))
    ours = at("baseline")
    assert columns(ours, table) == columns(listed, table)
    assert constraints(ours, table) == constraints(listed, table)


@pytest.mark.parametrize("table", TABLES)
def test_constraints_mean_what_those_of_the_spec_mean(standing, spec, table):
    wanted = constraints(spec, table) - REMOVED_CONSTRAINTS.get(table, set())
    wanted |= ADDED_CONSTRAINTS.get(table, set())
    assert constraints(standing, table) == wanted


@pytest.mark.parametrize("table", TABLES)
def test_indexes_have_the_names_and_definitions_of_the_spec(standing, spec, table):
    ours = dict(standing.rows(INDEXES, f"public.{table}"))
    theirs = dict(spec.rows(INDEXES, f"public.{table}"))
    assert set(ours) == set(theirs) | ADDED_INDEXES.get(table, set())
    for name in set(theirs) - REDEFINED_INDEXES:
        assert ours[name] == theirs[name]


@pytest.mark.parametrize("name", sorted(REDEFINED_INDEXES))
def test_an_index_that_differs_is_led_by_the_user(standing, name):
    (definition,) = (
        definition
        for index, definition in standing.rows(
            INDEXES, "public.user_investment_transactions"
        )
        if index == name
    )
    assert "USING btree (user_id, " in definition


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("table", TABLES)
def test_policies_and_triggers_have_the_names_of_the_spec(standing, spec, kind, table):
    wanted = names(spec, kind, table) - REMOVED_NAMES.get((kind, table), set())
    assert names(standing, kind, table) == wanted | ADDED_NAMES.get(
        (kind, table), set()
    )


@pytest.mark.parametrize("view", VIEWS)
def test_views_have_the_columns_of_the_spec(standing, spec, view):
    assert columns(spec, view)
    assert columns(standing, view) == columns(spec, view)


@pytest.mark.parametrize("view", ["table_sizes", "index_usage"])
def test_monitoring_views_have_the_columns_that_the_spec_names(standing, view):
    text = (SPEC / "monitoring_views.sql").read_text()
    (body,) = re.findall(rf"VIEW public\.{view} AS\s+SELECT(.*?)\bFROM\b", text, re.S)
    wanted = [line.split(" as ")[-1].strip(" ,") for line in body.strip().splitlines()]
    assert list(columns(standing, view)) == wanted


@pytest.mark.parametrize(
    "function", ["update_updated_at_column()", "validate_migration_integrity()"]
)
def test_functions_return_what_those_of_the_spec_return(standing, spec, function):
    result = "SELECT pg_get_function_result(%s::regprocedure)"
    named = f"public.{function}"
    assert standing.value(result, named) == spec.value(result, named)


def test_no_table_of_the_spec_is_missing_and_none_is_made_up(standing, spec):
    tables = """
        SELECT relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    """
    assert sorted(standing.rows(tables)) == sorted(spec.rows(tables))


def test_no_constraint_has_a_number_for_a_name(standing):
    """So that an error message and a downgrade can rely on it; none is cut short."""
    for table in TABLES:
        for (name,) in standing.rows(CONSTRAINT_NAMES, f"public.{table}"):
            assert name.startswith(table)
            assert not re.search(r"_check\d+$|_key\d+$|_fkey\d+$", name)
