"""Column types: what they refuse, before anything is sent."""

import datetime as dt
import re
import uuid
from decimal import Decimal, localcontext

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import StatementError

from models import Provider, UserAggregatedHolding, UserInvestmentAccount
from models.exact_json import dumps, loads
from models.types import ExactNumeric, TextEnum, UtcDateTime
from tests.models.conftest import new_account

DIALECT = postgresql.dialect()
MONEY = ExactNumeric("Money", 20, 2)
BIG = Decimal("123456789012345678.90")


def test_money_keeps_every_digit_whatever_the_context():
    with localcontext(prec=3):
        assert MONEY.process_bind_param(BIG, DIALECT) == BIG
        assert MONEY.process_bind_param(Decimal("1.2300"), DIALECT) == Decimal("1.23")
    assert MONEY.process_bind_param(7, DIALECT) == Decimal(7)
    assert MONEY.process_bind_param(Decimal("1E+5"), DIALECT) == 100_000


@pytest.mark.parametrize("value", [1.5, True, "1.50", float("nan")])
def test_money_takes_no_float_text_or_bool(value):
    with pytest.raises(TypeError, match=f"Money .* not {type(value).__name__}"):
        MONEY.process_bind_param(value, DIALECT)


@pytest.mark.parametrize("value", ["1.005", "0.001", "1e-30", "NaN", "Infinity"])
def test_money_takes_nothing_that_it_would_change(value):
    with pytest.raises(ValueError, match="Money "):
        MONEY.process_bind_param(Decimal(value), DIALECT)


def test_timestamp_refuses_a_naive_datetime():
    with pytest.raises(ValueError, match="without a time zone"):
        UtcDateTime().process_bind_param(dt.datetime(2026, 1, 1), DIALECT)  # noqa: DTZ001
    with pytest.raises(TypeError, match="takes a datetime"):
        UtcDateTime().process_bind_param(dt.date(2026, 1, 1), DIALECT)


def test_timestamp_refuses_what_has_no_utc_time():
    east = dt.timezone(dt.timedelta(hours=14))
    with pytest.raises(ValueError, match="years 1-9999"):
        UtcDateTime().process_bind_param(dt.datetime.min.replace(tzinfo=east), DIALECT)


def test_an_enum_takes_members_and_their_values_only():
    provider = TextEnum(Provider)
    assert provider.process_bind_param(Provider.PLAID, DIALECT) == "plaid"
    assert provider.process_bind_param("plaid", DIALECT) == "plaid"
    with pytest.raises(ValueError, match="'robinhood' is not a valid Provider"):
        provider.process_bind_param("robinhood", DIALECT)


def test_an_enum_value_of_a_later_version_is_read_as_text():
    provider = TextEnum(Provider)
    assert provider.process_result_value("plaid", DIALECT) is Provider.PLAID
    assert provider.process_result_value("robinhood", DIALECT) == "robinhood"


def test_json_numbers_are_written_digit_by_digit():
    text = dumps({"a": [BIG, 1, None, True, "é\n"], "b": Decimal("1E+3")})
    assert text.startswith('{"a": [123456789012345678.90, 1, null, true, ')
    assert loads(text) == {"a": [BIG, 1, None, True, "é\n"], "b": 1000}


@pytest.mark.parametrize("value", [1.5, {1: 2}, uuid.uuid4(), {"a": {1}}])
def test_json_refuses_what_it_cannot_give_back(value):
    with pytest.raises(TypeError, match=re.compile("not|no")):
        dumps(value)


def test_json_refuses_nan():
    with pytest.raises(ValueError, match="JSON has no NaN"):
        dumps([Decimal("NaN")])


def test_expressions_are_free_of_the_rules_for_stored_values(session):
    holding, account = UserAggregatedHolding, UserInvestmentAccount
    day = dt.timedelta(days=1)
    session.execute(
        sa.select(holding.total_market_value * Decimal("1.005")).where(
            holding.total_quantity > 0.5,
            holding.average_cost_basis.between(Decimal("0.0000000001"), 5),
            holding.last_updated - day < sa.func.now() + day,
            holding.account_contributions.contains([{"account_id": "x"}]),
            holding.institution_breakdown.has_key("Bank"),
            holding.institution_breakdown["Bank"]["value"].astext == "1.00",
        )
    ).all()
    session.execute(sa.select(account).where(account.provider.like("pl%"))).all()
    session.execute(sa.select(account).where(account.provider.in_(["plaid"]))).all()


def test_a_part_of_exact_json_is_exact(session, alice):
    share = {"Bank": {"quantity": Decimal("0.12345678"), "value": BIG}}
    session.add(
        UserAggregatedHolding(user_id=alice, symbol="X", institution_breakdown=share)
    )
    session.flush()
    column = UserAggregatedHolding.institution_breakdown
    assert session.scalar(sa.select(column["Bank"]["value"])) == BIG
    assert session.scalar(sa.select(column["Bank"])) == share["Bank"]
    nested = sa.select(column).subquery()
    assert session.scalar(sa.select(nested)) == share


def test_a_float_in_an_amount_stops_before_the_server(session, alice):
    session.add(UserAggregatedHolding(user_id=alice, symbol="X", total_cost_basis=0.1))
    with pytest.raises(StatementError, match="Money takes Decimal or int, not float"):
        session.flush()


def test_times_come_back_in_utc_whatever_the_connection_says(session, alice):
    session.execute(sa.text("SET LOCAL TIME ZONE 'Asia/Kathmandu'"))
    noon = dt.datetime(2026, 3, 29, 12, tzinfo=dt.timezone(dt.timedelta(hours=-5)))
    account = new_account(alice, last_synced=noon)
    session.add(account)
    session.flush()
    session.refresh(account)
    assert account.last_synced == noon
    assert account.last_synced.tzinfo is dt.UTC
