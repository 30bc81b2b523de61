"""Down to base step by step while the old application writes, and up again.

Every row that was there is there, byte for byte; what the old application did
meanwhile shows in the accounts.
"""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.commands import alembic_run
from tests.proof.conftest import REVISIONS, below, examples
from tests.proof.portfolio import Portfolio, Write, taken_over, users, writes

pytestmark = pytest.mark.slow

PEOPLE = 4
ACCOUNTS = "public.user_investment_accounts"
TABLES = (
    "public.user_aggregated_holdings", "public.user_portfolio_snapshots",
    "public.user_investment_transactions", "public.user_feature_flags",
)  # fmt: skip
EXISTING = ("public.user_onboarding", "public.user_bank_connections")
NEW_COLUMNS = """
    SELECT id, (onboarding_version, primary_provider, account_aggregation_enabled,
        plaid_link_completed, aggregation_onboarded_at)::text
    FROM public.user_onboarding WHERE user_id <> ALL (:gone)
"""
TAKEN_OVER = """
    SELECT a.id, (a.*)::text FROM public.user_investment_accounts AS a
    JOIN public.user_onboarding AS o ON o.id = a.id AND o.account_aggregation_enabled
    WHERE a.user_id <> ALL (:gone)
"""
"""Accounts that the old application has no more say in."""
KEPT = """
    SELECT id, user_id, provider, institution_id, institution_name, account_name,
        account_type, raw_account_data::text, created_at
    FROM public.user_investment_accounts WHERE user_id <> ALL (:gone)
"""
"""What the new application owns of an account."""
BEHIND = """
    SELECT o.id, o.sync_status, a.sync_status FROM migrations.onboarding_accounts AS o
    LEFT JOIN public.user_investment_accounts AS a ON a.id = o.id
    LEFT JOIN migrations.backfill_rejects AS r ON r.source_id = o.id::text
    WHERE o.claims_account AND NOT migrations.is_aggregated(o.id) AND (
        (a.id IS NULL) = (r.id IS NULL) OR a.sync_status <> o.sync_status
        OR a.is_active <> o.is_active OR a.provider_account_id <> o.provider_account_id
    )
"""
"""Accounts that are not as the old application says."""
PARKED = """
    SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_attribute AS a
        ON a.attrelid = c.oid AND a.attname = 'user_id'
    WHERE c.relnamespace = 'parked'::regnamespace AND c.relkind = 'r'
"""
PARKED_COLUMNS = """
    SELECT p.id FROM parked.user_onboarding__009 AS p
    WHERE NOT EXISTS (SELECT FROM public.user_onboarding AS o WHERE o.id = p.id)
"""


@pytest.fixture(scope="module")
def make_at_head(own_databases):
    template = own_databases.template(
        "head", lambda url: alembic_run(url, "upgrade", "head")
    )
    return lambda: own_databases.make(template)


@examples(5, 40)
@given(
    st.lists(users(), min_size=PEOPLE, max_size=PEOPLE),
    writes(len(REVISIONS), PEOPLE),
)
@example([taken_over()], [Write(12, "status", 0, "owner", "ACCOUNT_CLOSED")])
@example([taken_over(touched="mine")], [Write(8, "id", 0, "service_role", None)])
def test_every_row_comes_back_byte_for_byte(make_at_head, people, old_writes):
    portfolio = Portfolio(make_at_head())
    portfolio.fill(people)
    before = everything(portfolio)
    kept = {query: portfolio.query(query, gone=[]) for query in (NEW_COLUMNS, KEPT)}
    new_ones = dict(portfolio.query(TAKEN_OVER, gone=[]))

    for step, revision in enumerate(reversed(REVISIONS), 1):
        alembic_run(portfolio.url, "downgrade", below(revision))
        for write in old_writes:
            if write.step == step:
                portfolio.write(write)
                check_gone(portfolio)
    alembic_run(portfolio.url, "upgrade", "head")

    check_bytes(portfolio, before)
    check_owned_columns(portfolio, before, kept)
    gone = list(portfolio.gone)
    remaining = of_others(before[ACCOUNTS], gone)
    new_ones = {id_: row for id_, row in new_ones.items() if str(id_) in remaining}
    after = dict(portfolio.query(TAKEN_OVER, gone=gone))
    assert not unlike(new_ones, {id_: after.get(id_) for id_ in new_ones})
    assert portfolio.query(BEHIND) == []


def everything(portfolio):
    return {table: portfolio.rows(table) for table in (ACCOUNTS, *TABLES, *EXISTING)}


def check_bytes(portfolio, before):
    """The new tables' rows whole; the accounts of users whom nobody touched, too."""
    after = everything(portfolio)
    for table, rows in before.items():
        others = portfolio.gone
        if table not in TABLES:
            others = portfolio.gone | portfolio.touched
        assert not unlike(of_others(rows, others), of_others(after[table], others))
    owners = {owner for rows in after.values() for owner, _ in rows.values()}
    assert not owners & portfolio.gone


def of_others(rows, users):
    return {id_: row for id_, (owner, row) in rows.items() if owner not in users}


def unlike(before, after):
    """Rows that differ, before and after."""
    return [
        (before.get(id_), after.get(id_))
        for id_ in before.keys() | after.keys()
        if before.get(id_) != after.get(id_)
    ]


def check_owned_columns(portfolio, before, kept):
    """What the old application does not own, whatever it did."""
    gone = list(portfolio.gone)
    old = {id_ for id_, (owner, _) in before[EXISTING[0]].items() if owner not in gone}
    columns = dict(portfolio.query(NEW_COLUMNS, gone=gone))
    for id_, row in kept[NEW_COLUMNS]:
        assert str(id_) not in old or columns[id_] == row
    accounts = {row.id: row for row in portfolio.query(KEPT, gone=gone)}
    for row in kept[KEPT]:
        assert row.user_id in gone or accounts[row.id] == row


def check_gone(portfolio):
    """A deleted user's rows are not in parked either."""
    for (table,) in portfolio.query(PARKED):
        assert (
            not {owner for owner, _ in portfolio.rows(table).values()} & portfolio.gone
        )
    if portfolio.query("SELECT WHERE to_regclass('parked.user_onboarding__009') > 0"):
        assert portfolio.query(PARKED_COLUMNS) == []
