"""``rollout seed``: an environment's data, and CSV files."""

import sys
import types
from decimal import Decimal

import pytest
import sqlalchemy as sa

from rollout.seeding import Rows
from seeds import portfolio
from seeds.accounts import settled
from seeds.market import DAYS, END, prices
from seeds.people import people
from tests.supabase import as_role

HOLDINGS = "FROM public.user_aggregated_holdings AS h"
EACH = "CROSS JOIN LATERAL jsonb_to_recordset(account_contributions) AS c"
SHAPE = "(account_id uuid, quantity numeric, market_value numeric, cost_basis numeric)"


@pytest.fixture(autouse=True)
def few_users(monkeypatch):
    """Enough to meet every kind of account; the full number takes too long here."""
    monkeypatch.setattr(portfolio, "DEV_USERS", 15)
    monkeypatch.setattr(portfolio, "STAGING_USERS", 4)
    monkeypatch.delenv("ROLLOUT_ENV", raising=False)


@pytest.fixture
def seeded(databases, database_at, rollout, database):
    """A clone of a database at head that was seeded once."""

    at_head = sa.make_url(database_at("head")).database

    def fill(url):
        done = rollout(url, "seed", "dev")
        assert done.status == 0, done.err

    return database(databases.make(databases.template("seeded", fill, at_head)))


def test_holdings_add_up(seeded):
    wrong = f"""
        SELECT count(*) FROM (
            SELECT h.id {HOLDINGS} {EACH} {SHAPE} GROUP BY h.id HAVING
                sum(c.quantity) <> total_quantity
                OR sum(c.market_value) <> total_market_value
                OR sum(c.cost_basis) <> total_cost_basis
                OR total_market_value - total_cost_basis <> unrealized_gain_loss
                OR count(DISTINCT c.account_id) <> account_count
                OR round(total_cost_basis / total_quantity, 8) <> average_cost_basis
                OR (SELECT sum((i.value ->> 'value')::numeric)
                    FROM jsonb_each(institution_breakdown) AS i) <> total_market_value
        ) AS wrong
    """
    assert seeded.value(f"SELECT count(*) > 30 {HOLDINGS}")
    assert seeded.value(wrong) == 0


def test_what_is_held_is_what_was_bought_less_what_was_sold(seeded):
    differences = f"""
        WITH held AS (
            SELECT c.account_id, h.symbol, c.quantity {HOLDINGS} {EACH} {SHAPE}
        ), booked AS (
            SELECT account_id, symbol, sum(
                CASE transaction_type WHEN 'sell' THEN -quantity ELSE quantity END
            ) AS quantity
            FROM public.user_investment_transactions
            WHERE transaction_type IN ('buy', 'sell') GROUP BY 1, 2
            UNION ALL
            SELECT account_id, 'CUR:USD', sum(amount)
            FROM public.user_investment_transactions GROUP BY 1
        )
        SELECT count(*) FROM held FULL JOIN booked USING (account_id, symbol)
        WHERE coalesce(held.quantity, 0) <> coalesce(booked.quantity, 0)
    """
    assert seeded.value(differences) == 0


def test_the_last_snapshot_is_what_is_held(seeded):
    differences = """
        SELECT count(*) FROM (
            SELECT user_id, sum(total_market_value) AS value,
                sum(total_cost_basis) AS cost
            FROM public.user_aggregated_holdings GROUP BY 1
        ) AS held FULL JOIN (
            SELECT * FROM public.user_portfolio_snapshots
            WHERE snapshot_date = '2026-06-30' AND snapshot_type = 'monthly'
        ) AS s USING (user_id)
        WHERE (held.value, held.cost)
                IS DISTINCT FROM (s.total_value, s.total_cost_basis)
            OR s.total_gain_loss <> s.total_value - s.total_cost_basis
            OR s.total_value <> (SELECT sum(v::numeric)
                FROM jsonb_each_text(s.account_type_breakdown) AS t (k, v))
    """
    assert seeded.value(differences) == 0
    kinds = "SELECT count(DISTINCT snapshot_type) FROM public.user_portfolio_snapshots"
    days = (
        "SELECT max(snapshot_date) - min(snapshot_date)"
        " FROM public.user_portfolio_snapshots"
    )
    assert (seeded.value(kinds), seeded.value(days) > 700) == (3, True)


def test_the_old_application_s_rows_agree_with_the_new_ones(seeded):
    checks = seeded.rows(
        "SELECT check_name, status FROM validate_migration_integrity()"
    )
    assert {status for _, status in checks} == {"PASS"}
    unpaired = """
        SELECT count(*) FROM public.user_onboarding AS o
        FULL JOIN public.user_investment_accounts AS a ON a.id = o.id
        WHERE a.provider = 'alpaca' AND o.alpaca_account_id IS DISTINCT FROM
            a.provider_account_id
    """
    assert seeded.value(unpaired) == 0


def test_a_second_run_puts_nothing_in(seeded, rollout):
    before = seeded.contents(("public", "auth"))
    done = rollout(seeded.url, "seed", "dev", "--json")
    assert sum(table["inserted"] for table in done.json["tables"]) == 0
    assert seeded.contents(("public", "auth")) == before


def test_what_is_missing_is_put_back(seeded, rollout):
    gone = seeded.run("DELETE FROM public.user_feature_flags")
    done = rollout(seeded.url, "seed", "dev", "--json")
    inserted = {t["table"]: t["inserted"] for t in done.json["tables"]}
    assert inserted["public.user_feature_flags"] == gone > 0


def test_the_numbers_are_the_same_on_every_machine():
    person = people(7, "dev")[6]
    assert str(person.id) == "e53b467b-1987-5413-9fab-93023513523e"
    assert (person.first, person.last) == ("Jonas", "Lopez")
    assert (len(DAYS), DAYS[-1]) == (516, END)
    assert prices("VTI")[-1] == Decimal("346.37")


def test_staging_has_no_names(head_database, rollout, database):
    rollout(head_database, "seed", "staging")
    db = database(head_database)
    emails = [row[0] for row in db.rows("SELECT email FROM auth.users ORDER BY 1")]
    assert emails[0] == "user.0001.1@staging.invalid"
    named = (
        "SELECT count(*) FROM public.user_personalization WHERE first_name IS NOT NULL"
    )
    assert db.value(named) == 0
    institutions = (
        "SELECT DISTINCT institution_name FROM public.user_investment_accounts"
    )
    assert {name.split()[0] for (name,) in db.rows(institutions)} <= {
        "Alpaca", "Institution",
    }  # fmt: skip


def test_production_has_nothing_to_put_in(head_database, rollout, database):
    done = rollout(head_database, "seed", "production")
    assert (done.status, "nothing to do" in done.out) == (0, True)
    assert database(head_database).value("SELECT count(*) FROM auth.users") == 0


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_production_gets_no_made_up_data(
    head_database, rollout, database, monkeypatch, environment
):
    monkeypatch.setenv("ROLLOUT_ENV", "production")
    done = rollout(head_database, "seed", environment, "--yes")
    assert (done.status, "ROLLOUT_ENV is production" in done.err) == (1, True)
    assert database(head_database).value("SELECT count(*) FROM auth.users") == 0


def test_beside_real_users_it_asks(head_database, rollout, database):
    database(head_database).user()
    done = rollout(head_database, "seed", "dev")
    assert done.status == 1
    assert "1 users whom no seed made" in done.err
    assert rollout(head_database, "seed", "dev", "--yes").status == 0
    # Its own users, and those of another environment, are no strangers.
    database(head_database).run("DELETE FROM auth.users WHERE email IS NULL")
    assert rollout(head_database, "seed", "staging").status == 0


def test_an_older_database_is_told_to_move_on(database_at, rollout):
    done = rollout(database_at("001"), "seed", "dev")
    assert done.status == 1
    assert "public.user_investment_transactions is not there" in done.err


@pytest.mark.slow
def test_an_older_project_takes_users_from_postgres(
    supabase_older, rollout, alembic_run
):
    alembic_run(supabase_older, "upgrade", "head")
    assert rollout(supabase_older, "seed", "dev").status == 0


@pytest.mark.slow
def test_a_newer_project_takes_users_from_auth_s_owner(
    supabase_newer, rollout, alembic_run, database
):
    alembic_run(supabase_newer, "upgrade", "head")
    done = rollout(supabase_newer, "seed", "dev")
    assert (done.status, "--only auth.users" in done.err) == (1, True)
    auth = as_role(supabase_newer, "supabase_auth_admin")
    done = rollout(auth, "seed", "dev", "--only", "auth.users")
    assert done.status == 0, done.err
    assert rollout(supabase_newer, "seed", "dev").status == 0
    tokens = "SELECT count(*) FROM auth.users WHERE confirmation_token IS NULL"
    assert database(supabase_newer).value(tokens) == 0


@pytest.fixture
def another_schema(tmp_path, monkeypatch):
    """A configuration whose schema names seeds of its own: two rooms."""
    rows = [(1, "Kitchen"), (2, None)]
    made = Rows(
        "public.rooms", ("id", "name", "floor"), lambda: rows, frozenset({"floor"})
    )
    module = types.ModuleType("made_up_seeds")
    module.dev = module.staging = lambda: []
    module.production = lambda: [made]
    monkeypatch.setitem(sys.modules, "made_up_seeds", module)
    ini = tmp_path / "alembic.ini"
    ini.write_text("[homeops]\nscript_location = .\nseeds = made_up_seeds\n")
    (tmp_path / "bare.ini").write_text("[alembic]\nscript_location = .\n")
    return ini


def test_another_schema_brings_reference_data(
    empty_database, rollout, database, another_schema
):
    db = database(empty_database)
    db.run("CREATE TABLE public.rooms (id int PRIMARY KEY, name text)")
    db.run("INSERT INTO public.rooms VALUES (2, 'mine')")
    options = ("--config", str(another_schema), "-n", "homeops")
    for put in (1, 0):
        done = rollout(empty_database, "seed", "production", "--json", *options)
        assert done.json["tables"] == [
            {"table": "public.rooms", "rows": 2, "inserted": put}
        ]
    assert db.rows("SELECT * FROM public.rooms ORDER BY 1") == [
        (1, "Kitchen"),
        (2, "mine"),
    ]


def test_a_schema_without_seeds_is_told_how_to_name_them(rollout, another_schema):
    config = str(another_schema.with_name("bare.ini"))
    done = rollout("postgresql://x/y", "seed", "dev", "--config", config)
    assert (done.status, "seeds = seeds.alembic" in done.err) == (1, True)


def test_wrong_usage_is_status_2(rollout):
    for arguments in ([], ["dev", "--table", "x.y"], ["--import", "x.csv"]):
        assert rollout("postgresql://x/y", "seed", *arguments).status == 2


def test_trades_settle_on_a_business_day():
    assert {settled(day, "buy").weekday() for day in DAYS} <= set(range(5))
