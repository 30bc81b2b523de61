"""Every column of every model takes its limits and gives them back unchanged."""

import datetime as dt
import uuid
from decimal import Decimal
from functools import cache

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from models import AuthUser, Base, UserInvestmentTransaction
from models.exact_json import ExactJson
from models.types import ExactNumeric, SecretText, TextEnum, UtcDateTime
from tests.models.conftest import new_account

MODELS = sorted(
    {mapper.class_ for mapper in Base.registry.mappers} - {AuthUser},
    key=lambda model: model.__name__,
)
MANAGED = [model for model in MODELS if model.__table__.info.get("managed", True)]
NOT_NEGATIVE = {"total_quantity", "total_value", "price", "fees"}
INT4 = 2**31 - 1

by_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)

# PostgreSQL has no \0 in text; lone surrogates are no Unicode.
words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
offsets = st.integers(-14 * 60, 14 * 60).map(
    lambda minutes: dt.timezone(dt.timedelta(minutes=minutes))
)
times = st.one_of(
    st.just(dt.datetime.min.replace(tzinfo=dt.UTC)),
    st.just(dt.datetime.max.replace(tzinfo=dt.UTC)),
    st.datetimes(
        dt.datetime(1, 1, 2),  # noqa: DTZ001
        dt.datetime(9999, 12, 30),  # noqa: DTZ001
        timezones=offsets,
    ),
)
numbers = st.integers() | st.decimals(
    -(10**30), 10**30, allow_nan=False, allow_infinity=False, places=12
)
doubles = st.floats(-1e15, 1e15)


def documents(leaves):
    leaves = st.none() | st.booleans() | words | leaves
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
        ),
        max_leaves=6,
    ).filter(lambda document: document is not None)


def decimals(column):
    largest = 10**column.type.precision - 1
    least = 0 if column.name in NOT_NEGATIVE else -largest
    units = st.sampled_from([least, -1 if least else 0, 0, 1, largest])
    return (units | st.integers(least, largest)).map(
        lambda unit: Decimal(unit).scaleb(-column.type.scale)
    )


@cache
def values(column):
    """Return a strategy for what ``column`` takes."""
    match column.type:
        case ExactNumeric():
            return decimals(column)
        case UtcDateTime():
            return times
        case TextEnum(enum=enum):
            return st.sampled_from(enum)
        case ExactJson():
            return documents(numbers)
        case JSONB():
            return documents(st.integers() | doubles)
        case ARRAY():
            return st.lists(words, max_size=3)
        case sa.Text() | SecretText():
            return words.filter(bool) if column.name == "institution_name" else words
        case sa.Integer():
            return st.integers(1 if column.name == "account_count" else -INT4, INT4)
        case sa.Boolean():
            return st.booleans()
        case sa.Date():
            return st.dates()
        case sa.Uuid():
            return st.uuids()
    raise AssertionError(f"no strategy for {column!r}")


def rows(model):
    """Return a strategy for all columns but the keys, which ``owner`` gives."""
    columns = [
        column
        for column in model.__table__.columns
        if column.name not in ("user_id", "account_id")
    ]
    return st.fixed_dictionaries({column.name: values(column) for column in columns})


@pytest.fixture
def owner(session, alice):
    """A session whose work is undone, and the keys of rows that may be referred to."""
    account = new_account(alice)
    session.add(account)
    session.flush()
    return session, {"user_id": alice, "account_id": account.id}


def keys_for(model, keys):
    return {name: key for name, key in keys.items() if name in model.__table__.columns}


def insert_and_read(session: Session, model, row):
    with session.begin_nested() as savepoint:
        added = model(**row)
        session.add(added)
        session.flush()
        key = added.id
        session.expunge(added)
        read = session.get_one(model, key)
        found = {name: getattr(read, name) for name in row}
        session.expunge(read)
        savepoint.rollback()
    return found


@pytest.mark.slow
@by_model
def test_what_is_written_is_read(model, owner):
    session, keys = owner

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(row=rows(model))
    def check(row):
        row |= keys_for(model, keys)
        assert insert_and_read(session, model, row) == row

    check()


@by_model
def test_huge_text_is_kept(model, owner):
    session, keys = owner
    table = model.__table__
    uniques = [c for c in table.constraints if isinstance(c, sa.UniqueConstraint)]
    # An entry of an index has at most 2.7 kB.
    indexed = {c.name for item in [*table.indexes, *uniques] for c in item.columns}
    row = {"id": uuid.uuid4()} | keys_for(model, keys)
    for column in table.columns:
        is_text = isinstance(column.type, sa.Text | SecretText)
        if is_text and column.name not in indexed:
            row[column.name] = "ж€😀" * 100_000
        elif not column.nullable and column.name not in row:
            row[column.name] = example_of(column)
    assert insert_and_read(session, model, row) == row


def example_of(column):
    match column.type:
        case TextEnum(enum=enum):
            return next(iter(enum))
        case sa.Text():
            return "x"
        case sa.Date():
            return dt.date(2026, 1, 2)
        case sa.Boolean():
            return True
        case ExactNumeric():
            return Decimal(1)
    raise AssertionError(f"no example for {column!r}")


def amounts(model):
    return [c for c in model.__table__.columns if isinstance(c.type, ExactNumeric)]


@by_model
def test_an_amount_past_its_precision_is_refused(model, owner):
    session, keys = owner
    for column in amounts(model):
        over = 10 ** (column.type.precision - column.type.scale)
        with pytest.raises(DataError, match="numeric field overflow"):
            insert_and_read(session, model, filled(model, keys) | {column.name: over})


@pytest.mark.parametrize("model", MANAGED, ids=lambda model: model.__name__)
def test_nan_is_refused_by_the_database(model, owner):
    session, keys = owner
    nan = sa.literal_column("'NaN'::numeric")
    for column in amounts(model):
        with pytest.raises(IntegrityError, match=f"{model.__tablename__}_amounts"):
            insert_and_read(session, model, filled(model, keys) | {column.name: nan})


def filled(model, keys):
    """Return the values of a row that can be saved."""
    row = {"id": uuid.uuid4()} | keys_for(model, keys)
    for column in model.__table__.columns:
        if not column.nullable and column.name not in row:
            row[column.name] = example_of(column)
    return row


def test_json_with_a_null_character_is_refused(owner):
    session, keys = owner
    row = filled(UserInvestmentTransaction, keys)
    with pytest.raises(DataError, match="unsupported Unicode escape"):
        insert_and_read(
            session,
            UserInvestmentTransaction,
            row | {"raw_transaction_data": {"a": "\0"}},
        )
