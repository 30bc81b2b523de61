"""Bulk upserts: what they write, what they leave alone, what they refuse."""

import datetime as dt
import threading
import time
import traceback
import uuid
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models import (
    AuthUser,
    UserAggregatedHolding,
    UserBankConnection,
    UserInvestmentAccount,
    UserInvestmentTransaction,
    UserPersonalization,
    UserPortfolioSnapshot,
    metadata,
)
from models.bulk import BulkError, Upserted, upsert
from models.bulk_text import encode
from models.tenant import as_service, as_user
from tests.models.bulk_rows import (
    expect_every_kind,
    of_every_kind,
    transaction,
    transactions,
)
from tests.models.conftest import account_values, new_account

ROWS = sa.text(
    "SELECT provider_transaction_id, amount, symbol, fees, xmin, xmax, ctid, id"
    " FROM user_investment_transactions ORDER BY 1"
)
COUNT = sa.select(sa.func.count()).select_from(UserInvestmentTransaction)
NOWHERE = Session()  # bound to nothing: for what is refused before anything is sent
SOMEBODY = uuid.UUID(int=1)
GOOD = transaction(SOMEBODY, SOMEBODY)
NAIVE = dt.datetime(2026, 7, 1)  # noqa: DTZ001 - what must be refused
HOLDING = {"user_id": SOMEBODY, "symbol": "VTI"}


@pytest.mark.parametrize("drivername", ["postgresql+psycopg2", "postgresql+psycopg"])
def test_every_kind_of_value_arrives_and_stays(drivername, url, alice, account_of):
    given = of_every_kind(alice, account_of(alice))
    engine = sa.create_engine(url.set(drivername=drivername), poolclass=sa.NullPool)
    with Session(engine) as session:
        for inserted in (True, False):
            with as_service(session):
                for model, rows in given.items():
                    counts = upsert(session, rows, model)
                    assert counts.inserted == (len(rows) if inserted else 0)
                    assert counts.updated == 0
        expect_every_kind(session, alice)


def test_rows_that_stand_there_are_neither_written_nor_locked(
    session, alice, account_of
):
    rows = transactions(alice, account_of(alice), 4)
    assert upsert(session, rows, UserInvestmentTransaction) == Upserted(4, 0, 0)
    session.commit()
    before = session.execute(ROWS).all()
    rows[2]["amount"] = Decimal("99.99")
    assert upsert(session, rows, UserInvestmentTransaction) == Upserted(0, 1, 3)
    session.commit()
    after = session.execute(ROWS).all()
    assert [row.ctid == was.ctid for row, was in zip(after, before, strict=True)] == [
        True, True, False, True,
    ]  # fmt: skip
    assert [row.xmax for row in after][:2] == ["0", "0"]
    assert after[2].amount == Decimal("99.99")
    assert after[2].id == before[2].id


def test_an_update_leaves_key_and_trigger_columns_to_the_server(session, alice):
    row = {"user_id": alice, "symbol": "VTI", "total_quantity": 1}
    upsert(session, [row], UserAggregatedHolding)
    session.commit()
    holding = session.scalars(sa.select(UserAggregatedHolding)).one()
    first, at = holding.id, holding.last_updated
    again = {**row, "id": uuid.uuid4(), "last_updated": at - dt.timedelta(days=1)}
    assert upsert(session, [again], UserAggregatedHolding).unchanged == 1
    again["total_quantity"] = 2
    assert upsert(session, [again], UserAggregatedHolding).updated == 1
    # The loaded object is expired, and reads what stands there now.
    assert holding.total_quantity == 2
    assert holding.id == first
    assert holding.last_updated > at


def test_a_missing_column_takes_its_default_or_stays(session, alice, account_of):
    rows = transactions(alice, account_of(alice), 3)
    rows[0]["fees"] = Decimal("1.25")
    rows[1]["symbol"] = "VTI"
    assert upsert(session, rows, UserInvestmentTransaction).inserted == 3
    found = [tuple(row)[2:4] for row in session.execute(ROWS)]
    assert found == [(None, Decimal("1.25")), ("VTI", 0), (None, 0)]
    assert upsert(session, rows, UserInvestmentTransaction).unchanged == 3

    del rows[0]["fees"], rows[1]["symbol"]
    rows[0]["symbol"] = "BND"
    rows[1]["fees"] = None
    rows[2]["fees"] = 0
    assert upsert(session, rows, UserInvestmentTransaction) == Upserted(0, 2, 1)
    found = [tuple(row)[2:4] for row in session.execute(ROWS)]
    assert found == [("BND", Decimal("1.25")), ("VTI", None), (None, 0)]


def test_objects_are_taken_and_what_is_pending_goes_first(session, alice):
    account = new_account(alice, id=uuid.uuid4())
    session.add(account)
    objects = [
        UserInvestmentTransaction(**row) for row in transactions(alice, account.id, 2)
    ]
    assert upsert(session, objects).inserted == 2
    session.add(objects[0])
    with pytest.raises(BulkError, match="is in a session") as caught:
        upsert(session, objects)
    assert caught.value.row == 0
    with pytest.raises(BulkError, match="One call writes one model"):
        upsert(session, [objects[1], new_account(alice)])


def test_a_user_writes_their_own_manual_rows_and_no_others(
    session, alice, bob, account_of
):
    account, other = account_of(alice), account_of(bob)
    rows = transactions(alice, account, 5)
    with as_user(session, alice):
        assert upsert(session, rows, UserInvestmentTransaction).inserted == 5
    reported = transaction(alice, account, provider="plaid")
    with as_service(session):
        upsert(session, [reported], UserInvestmentTransaction)
    for wrong in (
        transaction(alice, account, provider_transaction_id="p", provider="plaid"),
        transaction(bob, other),
        transaction(alice, account),  # there already, as the provider's
    ):
        with as_user(session, alice):
            given = [*rows[2:4], wrong, rows[4]]
            with pytest.raises(BulkError, match="as_service") as caught:
                upsert(session, given, UserInvestmentTransaction)
            assert caught.value.row == 2
    assert session.scalar(COUNT) == 5


def test_a_row_changes_no_hands(session, alice, bob, account_of):
    account = account_of(alice)
    rows = transactions(alice, account, 3)
    with as_service(session):
        upsert(session, rows, UserInvestmentTransaction)
    rows[2]["amount"] = Decimal(8)
    for amount in (7, 1):  # another one, and the one that stands there
        rows[1] |= {"user_id": bob, "amount": Decimal(amount)}
        with as_service(session):
            with pytest.raises(BulkError, match="another owner") as caught:
                upsert(session, rows, UserInvestmentTransaction)
            assert (caught.value.row, caught.value.column) == (1, "user_id")
            assert [row.amount for row in session.execute(ROWS)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("price", Decimal("-0.01"), "It must hold that price >= 0"),
        ("amount", 10**18, "overflow"),
        ("raw_transaction_data", {"a": "\0"}, "Unicode"),
        ("account_id", SOMEBODY, "an account before its transactions"),
    ],
)
def test_what_the_server_refuses_is_named(
    column, value, reason, session, alice, account_of
):
    rows = [dict(r, price=0) for r in transactions(alice, account_of(alice), 7)]
    for row in rows:
        row["raw_transaction_data"] = {}
    rows[4][column] = value
    with pytest.raises(BulkError, match=reason) as caught:
        upsert(session, rows, UserInvestmentTransaction)
    error = caught.value
    assert (error.row, error.key["provider_transaction_id"]) == (4, "t4")
    assert column in error.column
    assert "row 4 (account_id=" in str(error)
    assert session.scalar(COUNT) == 0
    good = [row for row in rows if row is not rows[4]]
    assert upsert(session, good, UserInvestmentTransaction).inserted == 6


def test_a_second_primary_account_is_the_row_that_is_refused(session, alice):
    rows = [account_values(alice, is_primary=n in (1, 5)) for n in range(6)]
    with pytest.raises(BulkError, match="one_primary") as caught:
        upsert(session, rows, UserInvestmentAccount)
    assert (caught.value.row, caught.value.column) == (5, "user_id")


def test_no_secret_is_in_an_error(session, alice):
    token = "token-of-alice"
    row = account_values(alice, access_token_encrypted=token, institution_name="")
    for wrong in ({}, {"access_token_encrypted": token + "\0"}):
        with pytest.raises(BulkError) as caught:
            upsert(session, [row | wrong], UserInvestmentAccount)
        assert token not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("amount", 1.5, "not float: 1.5"),
        ("amount", True, "not bool"),
        ("amount", "1.5", "not str"),
        ("amount", Decimal("NaN"), "takes no NaN"),
        ("price", Decimal("-Infinity"), "takes no -Infinity"),
        ("amount", Decimal("0.001"), "would be rounded"),
        ("amount", Decimal("1E-3"), "would be rounded"),
        ("created_at", NAIVE, "without a time zone"),
        ("created_at", dt.date(2026, 7, 1), "takes a datetime"),
        ("transaction_date", dt.datetime(2026, 7, 1, tzinfo=dt.UTC), "takes a date"),
        ("transaction_date", "2026-07-01", "takes a date"),
        ("transaction_type", "bought", "one of buy, sell"),
        ("raw_transaction_data", {"price": [1.5]}, "parse_float=Decimal"),
        ("raw_transaction_data", {"price": Decimal("NaN")}, "JSON has no NaN"),
        ("raw_transaction_data", {1: 2}, "JSON keys are text"),
        ("symbol", "a\0b", "NUL"),
        ("symbol", "\ud83d", "surrogate"),
        ("symbol", 5, "takes text"),
        ("account_id", "not one", "takes a UUID"),
        ("account_id", None, "part of the key"),
        ("provider", None, "may not be NULL"),
        ("simbol", "VTI", "Is symbol meant"),
    ],
)
def test_what_would_be_lost_is_refused_before_anything_is_sent(column, value, reason):
    row = {**GOOD, "provider_transaction_id": "t2", column: value}
    good = {**GOOD, "symbol": None} if column == "symbol" else GOOD
    with pytest.raises(BulkError, match=reason) as caught:
        upsert(NOWHERE, [good, row], UserInvestmentTransaction)
    assert (caught.value.row, caught.value.column) == (1, column)
    if column != "account_id":
        assert f"row 1 (account_id={SOMEBODY}, provider_tr" in str(caught.value)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("account_count", 1.0, "takes an int"),
        ("account_count", True, "takes an int"),
        ("account_contributions", [{"quantity": 0.5}], "not float"),
    ],
)
def test_holdings_are_as_strict(column, value, reason):
    with pytest.raises(BulkError, match=reason) as caught:
        upsert(NOWHERE, [{**HOLDING, column: value}], UserAggregatedHolding)
    assert caught.value.column == column


@pytest.mark.parametrize("name", ["account_id", "user_id", "amount"])
def test_a_row_without_what_it_needs_is_refused(name):
    row = {**GOOD, "provider_transaction_id": "t2"}
    del row[name]
    with pytest.raises(BulkError, match="is missing") as caught:
        upsert(NOWHERE, [GOOD, row], UserInvestmentTransaction)
    assert (caught.value.row, caught.value.column) == (1, name)


def test_a_key_is_defaulted_by_nobody():
    row = {"user_id": SOMEBODY, "snapshot_date": dt.date(2026, 7, 1)}
    with pytest.raises(BulkError, match="part of the key"):
        upsert(NOWHERE, [row], UserPortfolioSnapshot)


def test_a_key_given_twice_is_refused():
    same = {**GOOD, "account_id": str(SOMEBODY), "amount": 5}
    rows = [*transactions(SOMEBODY, SOMEBODY, 3), same]
    with pytest.raises(BulkError, match="same key as row 1") as caught:
        upsert(NOWHERE, rows, UserInvestmentTransaction)
    assert caught.value.row == 3


def test_a_table_without_a_natural_key_wants_a_constraint(session, alice):
    goals = ["home", None, 'a "b" \\ \t{,}']
    row = {"id": alice, "user_id": alice, "investment_goals": goals}
    with pytest.raises(BulkError, match="names no natural key"):
        upsert(NOWHERE, [row], UserPersonalization)
    with pytest.raises(BulkError, match="has no nothing"):
        upsert(NOWHERE, [HOLDING], UserAggregatedHolding, constraint="nothing")
    key = "user_personalization_pkey"
    assert upsert(session, [row], UserPersonalization, constraint=key).inserted == 1
    assert session.scalar(sa.select(UserPersonalization.investment_goals)) == goals
    with pytest.raises(BulkError, match="whose row it is"):
        upsert(NOWHERE, [row | {"user_id": None}], UserPersonalization, constraint=key)


def test_every_table_of_the_portfolio_names_its_natural_key():
    portfolio = {"owner", "owner-read", "flags"}
    tables = [t for t in metadata.sorted_tables if t.info["rls"] in portfolio]
    assert len(tables) == 5
    for table in tables:
        assert table.info["natural_key"] in {str(c.name) for c in table.constraints}


def test_auth_users_cannot_be_written():
    with pytest.raises(BulkError, match="do not write this table"):
        upsert(NOWHERE, [{"id": SOMEBODY}], AuthUser, constraint="users_pkey")


def test_every_type_of_the_models_can_be_written():
    columns = [c for table in metadata.sorted_tables for c in table.columns]
    assert len(columns) > 100
    for column in columns:
        assert encode(column.type, []) == []
        assert encode(column.type, [None]) == [r"\N"]


def test_no_rows_are_no_statement():
    assert upsert(NOWHERE, iter([])) == Upserted(0, 0, 0)
    with pytest.raises(TypeError, match="their model"):
        upsert(NOWHERE, [GOOD])
    with pytest.raises(TypeError, match="not str"):
        upsert("session", [GOOD])


def test_only_key_columns_are_a_row_too(session, alice):
    rows = [{"user_id": alice, "symbol": symbol} for symbol in ("VTI", "BND")]
    assert upsert(session, rows, UserAggregatedHolding).inserted == 2
    assert upsert(session, rows, UserAggregatedHolding).unchanged == 2


def test_a_call_leaves_nothing_but_its_rows(engine, alice):
    mine = sa.text("SELECT count(*) FROM pg_class WHERE relpersistence = 't'")
    with engine.connect() as connection, as_service(connection):
        for quantity in (1, 2):
            row = {"user_id": alice, "symbol": "VTI", "total_quantity": quantity}
            upsert(connection, [row], UserAggregatedHolding)
            assert connection.scalar(mine) == 0
        connection.rollback()
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM auth.users")) == 1
        query = sa.text("SELECT count(*) FROM user_aggregated_holdings")
        assert connection.scalar(query) == 0


def test_without_temporary_the_error_says_what_to_grant(session, admin, alice):
    with admin.begin() as connection:
        name = connection.scalar(sa.text("SELECT current_database()"))
        connection.execute(sa.text(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC"))
    with as_service(session), pytest.raises(BulkError, match="GRANT TEMPORARY"):
        upsert(session, [{**HOLDING, "user_id": alice}], UserAggregatedHolding)


def test_autocommit_is_refused(engine, alice):
    with engine.connect() as connection:
        plain = connection.execution_options(isolation_level="AUTOCOMMIT")
        with pytest.raises(BulkError, match="AUTOCOMMIT"):
            upsert(plain, [{**HOLDING, "user_id": alice}], UserAggregatedHolding)


def test_rows_are_locked_in_the_order_of_their_key(url, alice, account_of, admin):
    """Whoever waits for t1 has t0, and not t2, whatever the order given."""
    rows = transactions(alice, account_of(alice), 3)
    with Session(admin) as session, session.begin():
        upsert(session, rows, UserInvestmentTransaction)
    changed = [dict(row, amount=Decimal(50)) for row in reversed(rows)]
    counts: list[Upserted] = []

    def work() -> None:
        with Session(admin) as session, session.begin():
            counts.append(upsert(session, changed, UserInvestmentTransaction))

    lock = sa.text(
        "SELECT FROM user_investment_transactions"
        " WHERE provider_transaction_id = :id FOR UPDATE NOWAIT"
    )
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    worker = threading.Thread(target=work)
    with admin.connect() as holder, admin.connect() as other:
        holder.execute(lock, {"id": "t1"})
        worker.start()
        while not other.scalar(waiting):
            time.sleep(0.01)
        other.execute(lock, {"id": "t2"})
        other.rollback()
        with pytest.raises(DBAPIError, match="could not obtain lock"):
            other.execute(lock, {"id": "t0"})
        other.rollback()
        holder.rollback()
        worker.join()
    assert counts == [Upserted(0, 3, 0)]


@pytest.mark.parametrize("values", [{}, {"total_quantity": 1}])
def test_a_row_that_somebody_inserts_meanwhile_is_left_as_it_is(values, admin, alice):
    row = {"user_id": alice, "symbol": "VTI", **values}
    counts: list[Upserted] = []

    def work() -> None:
        with Session(admin) as session, session.begin():
            counts.append(upsert(session, [row], UserAggregatedHolding))

    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    worker = threading.Thread(target=work)
    with Session(admin) as first, admin.connect() as other:
        upsert(first, [row], UserAggregatedHolding)
        worker.start()
        while not other.scalar(waiting):
            time.sleep(0.01)
        first.commit()
        worker.join()
    assert counts == [Upserted(0, 0, 1)]


def test_what_no_row_is_to_blame_for_stays_a_database_error(
    admin, session, alice, account_of
):
    rows = transactions(alice, account_of(alice), 2)
    with admin.connect() as holder:
        holder.execute(sa.text("LOCK TABLE user_investment_transactions"))
        session.execute(sa.text("SET LOCAL lock_timeout = '10ms'"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            upsert(session, rows, UserInvestmentTransaction)
    session.rollback()
    with admin.begin() as connection:
        connection.execute(
            sa.text("REVOKE UPDATE ON user_investment_transactions FROM service_role")
        )
    with pytest.raises(DBAPIError, match="permission denied for table"):  # noqa: SIM117
        with as_service(session):
            upsert(session, rows, UserInvestmentTransaction)


def test_only_what_was_declared_has_no_key():
    with pytest.raises(BulkError, match="user_bank_connections_pkey"):
        upsert(NOWHERE, [{"id": SOMEBODY}], UserBankConnection)
