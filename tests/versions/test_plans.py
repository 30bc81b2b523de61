"""The application's queries go by indexes led by user_id: plans, not times.

The queries and the rows are those of bench/reads.py, the rows fewer: a hundred thousand
transactions of a thousand users. The planner may not know who asks, so what it makes
of a query must suit a user with a dozen rows and one with a hundredth of them all.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg2
import pytest
import sqlalchemy as sa

from bench.reading import data, index_sets, plans, queries
from models import metadata
from models.tenant import as_user
from rollout.embedded import url_text
from tests import commands
from tests.databases import Databases

pytestmark = pytest.mark.slow

TRANSACTIONS = 100_000
USERS = {"a user in the middle": 500, "one with very many rows": 1}
SERVERS = {
    "as installed": (),
    "with fast disks": ("random_page_cost = 1.1",),
    "with little memory": ("effective_cache_size = '128MB'",),
    "planning once for all": ("plan_cache_mode = force_generic_plan",),
}

# A user's rows could be read by several; these queries have one made for them.
MADE_FOR = {
    "portfolio_by_value": "idx_aggregated_holdings_value",
    "one_holding": "user_aggregated_holdings_user_id_symbol_key",
    "feed_page": "idx_investment_transactions_date",
    "feed_later_page": "idx_investment_transactions_date",
    "feed_by_symbol": "idx_investment_transactions_symbol",
    "feed_by_type": "idx_investment_transactions_type_date",
    "feed_by_account": "idx_investment_transactions_account",
    "dividends_of_month": "idx_investment_transactions_type_date",
}
PAGES = ("portfolio_by_value", "feed_page", "feed_later_page", "feed_by_type")


each_query = pytest.mark.parametrize(
    "query", queries.QUERIES, ids=lambda query: query.__name__
)
each_server = pytest.mark.parametrize("settings", SERVERS.values(), ids=SERVERS)


class Application:
    """A tenant block, and what the planner makes of queries in it."""

    def __init__(self, connection: sa.Connection, subject: queries.Subject) -> None:
        self.connection = connection
        self.cursor = connection.connection.cursor()
        self.subject = subject

    def set(self, settings: Sequence[str]) -> None:
        for setting in settings:
            self.cursor.execute(f"SET LOCAL {setting}")

    def as_owner(self, statement: str) -> None:
        """Do what the application may not; it is undone with the block."""
        self.cursor.execute("RESET ROLE")
        self.cursor.execute(statement)
        self.cursor.execute("SET LOCAL ROLE authenticated")

    def plan(self, query: queries.Query) -> plans.Plan:
        return plans.explain_prepared(self.cursor, query(self.subject))

    def astray(self, plan: plans.Plan) -> list[str]:
        return plans.astray(self.cursor, plan)


@pytest.fixture(scope="module")
def filled(_databases: Databases) -> sa.URL:
    """A database with the rows, to look at only."""

    def fill(url: str) -> None:
        commands.alembic_run(url, "upgrade", "head")
        connection = psycopg2.connect(url_text(sa.make_url(url)))
        connection.autocommit = True
        with connection.cursor() as cursor:
            data.put_indexes_aside(cursor)
            cursor.execute("SET session_replication_role = replica")
            for _, statement in data.steps(TRANSACTIONS):
                cursor.execute(statement)
        connection.close()

    return _databases.server.set(database=_databases.template("plans", fill))


@pytest.fixture(scope="module")
def engine(filled: sa.URL) -> Iterator[sa.Engine]:
    engine = sa.create_engine(filled)
    yield engine
    engine.dispose()


@pytest.fixture(params=USERS.values(), ids=USERS)
def application(
    engine: sa.Engine, filled: sa.URL, request: pytest.FixtureRequest
) -> Iterator[Application]:
    with block(engine, filled, request.param) as application:
        yield application


@contextmanager
def block(engine: sa.Engine, url: sa.URL, n: int) -> Iterator[Application]:
    ((user, account, symbol),) = data.run(
        url,
        "SELECT id, md5('account ' || n || '-0')::uuid, 'S' || (n * 7) %% 500"
        " FROM bench.users WHERE n = %s",
        n,
    )
    subject = queries.Subject(user, account, symbol)
    with engine.connect() as connection, as_user(connection, user):
        application = Application(connection, subject)
        application.cursor.execute("SELECT current_user")
        assert application.cursor.fetchone() == ("authenticated",)
        yield application
        connection.rollback()


@each_server
def test_each_query_goes_by_indexes_led_by_user_id(application, settings):
    application.set(settings)
    for query in queries.QUERIES:
        plan = application.plan(query)
        assert not application.astray(plan), (query.__name__, plan)


def test_each_query_goes_by_the_index_made_for_it(application):
    found = {
        query.__name__: plan.indexes.keys()
        for query in queries.QUERIES
        if (plan := application.plan(query)) and query.__name__ in MADE_FOR
    }
    assert found == {name: {index} for name, index in MADE_FOR.items()}


@each_server
def test_a_page_comes_out_of_the_index_in_its_order(application, settings):
    """Sorted it would cost a user as much as they have rows, not a page."""
    application.set(settings)
    for name in PAGES:
        plan = application.plan(getattr(queries, name))
        assert "Sort" not in plan.sorts, (name, plan)


def test_a_page_would_be_sorted_if_the_planner_counted_on_average_users(application):
    """Why 002 and 004 set n_distinct."""
    for table in ("user_aggregated_holdings", "user_investment_transactions"):
        application.as_owner(
            f"ALTER TABLE public.{table} ALTER COLUMN user_id RESET (n_distinct);"
            f"ANALYZE public.{table}"
        )
    sorts = [application.plan(getattr(queries, name)).sorts for name in PAGES]
    assert ["Sort"] in sorts


@pytest.mark.parametrize("index", sorted({*MADE_FOR.values()}))
def test_without_its_index_a_query_reads_more(application, index):
    names = [name for name, made in MADE_FOR.items() if made == index]
    before = {name: application.plan(getattr(queries, name)) for name in names}
    drop = f"DROP INDEX public.{index}"
    if index.startswith("user_"):
        table = index.partition("_user_id")[0]
        drop = f"ALTER TABLE public.{table} DROP CONSTRAINT {index}"
    application.as_owner(drop)
    for name in names:
        plan = application.plan(getattr(queries, name))
        assert plan.cost > before[name].cost, (name, plan)
        assert index not in plan.indexes


def test_without_indexes_led_by_user_id_queries_go_astray(application):
    """The check itself: it sees what goes by another index, and by none."""
    leading = [
        index.name
        for table in metadata.tables.values()
        for index in table.indexes
        if table.name in data.TABLES and index.columns.keys()[0] == "user_id"
    ]
    names = ", ".join(f"public.{index}" for index in leading)
    application.as_owner(f"DROP INDEX IF EXISTS {names}")
    application.as_owner(
        "ALTER TABLE public.user_aggregated_holdings DROP CONSTRAINT"
        " user_aggregated_holdings_user_id_symbol_key"
    )
    wrong = {
        query.__name__: application.astray(application.plan(query))
        for query in (queries.feed_page, queries.feed_by_account, queries.one_holding)
    }
    assert all(wrong.values()), wrong
    assert "is not led by user_id" in str(wrong)


def test_an_index_led_by_user_id_has_a_query(application):
    """One that nothing reads by would cost every write for nothing."""
    read = {i for query in queries.QUERIES for i in application.plan(query).indexes}
    leading = {
        index.name
        for name in data.TABLES
        for index in metadata.tables[name].indexes
        if index.columns.keys()[0] == "user_id" and not index.unique
    }
    assert leading - read <= {*index_sets.SPARE}, read
