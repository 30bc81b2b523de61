"""Rows: relationships, defaults, reprs."""

import datetime as dt
import secrets
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from models import (
    AuthUser,
    SyncStatus,
    TransactionType,
    UserAggregatedHolding,
    UserInvestmentAccount,
    UserInvestmentTransaction,
)
from tests.models.conftest import new_account

TOKEN = "token-of-alice"


def new_transaction(**values):
    return UserInvestmentTransaction(
        provider_transaction_id="t1",
        provider="manual",
        transaction_type=TransactionType.BUY,
        transaction_date=dt.date(2026, 1, 2),
        amount=Decimal("-10.00"),
        **values,
    )


def test_defaults_are_the_servers_and_read_back_at_once(session, alice):
    account = new_account(alice)
    session.add(account)
    session.flush()
    loaded = sa.inspect(account).dict
    assert loaded["sync_status"] is SyncStatus.PENDING
    assert loaded["is_active"] is True
    assert loaded["raw_account_data"] == {}
    assert loaded["created_at"].tzinfo is dt.UTC
    assert loaded["id"]


def test_an_update_reads_back_what_the_trigger_wrote(session, alice):
    account = new_account(alice)
    session.add(account)
    session.commit()
    before = account.updated_at
    account.account_name = "new"
    session.flush()
    assert sa.inspect(account).dict["updated_at"] > before


def test_a_transaction_takes_both_keys_from_its_account(session, alice):
    account = new_account(alice)
    account.transactions.append(new_transaction())
    session.add(account)
    session.commit()
    (transaction,) = session.scalars(sa.select(UserInvestmentTransaction))
    assert transaction.account is account
    assert (transaction.user_id, transaction.account_id) == (alice, account.id)


def test_no_one_books_on_anothers_account(session, alice, bob, account_of):
    session.add(new_transaction(user_id=bob, account_id=account_of(alice)))
    with pytest.raises(IntegrityError, match="transactions_account_fkey"):
        session.flush()


def test_deleting_an_account_leaves_its_transactions_to_the_database(session, alice):
    account = new_account(alice)
    account.transactions.append(new_transaction())
    session.add(account)
    session.commit()
    assert account.transactions  # loaded, and still not touched by the ORM
    session.delete(account)
    session.commit()
    assert session.scalars(sa.select(UserInvestmentTransaction)).all() == []


def test_a_user_leads_to_everything_and_back(session, alice):
    session.add(new_account(alice))
    session.add(UserAggregatedHolding(user_id=alice, symbol="VTI"))
    session.commit()
    user = session.get_one(AuthUser, alice)
    assert [account.user for account in user.investment_accounts] == [user]
    assert [holding.user for holding in user.aggregated_holdings] == [user]
    assert user.portfolio_snapshots == []
    assert user.investment_transactions == []
    assert user.feature_flags == []


def test_auth_users_cannot_be_written(session, alice):
    session.delete(session.get_one(AuthUser, alice))
    with pytest.raises(TypeError, match=r"auth\.users belongs to Supabase"):
        session.flush()
    session.rollback()
    session.add(AuthUser())
    with pytest.raises(TypeError, match="cannot be written"):
        session.flush()


def test_a_repr_shows_no_token_and_needs_no_database(session, alice):
    account = new_account(alice, access_token_encrypted=TOKEN)
    session.add(account)
    session.commit()
    session.expunge(account)
    assert repr(account) == "<UserInvestmentAccount>"
    account = session.scalars(sa.select(UserInvestmentAccount)).one()
    assert repr(account).startswith(f"<UserInvestmentAccount id={account.id} user_id=")
    assert "provider=manual" in repr(account)
    assert TOKEN not in repr(account)


def test_a_token_is_fetched_only_when_asked_for(session, alice):
    session.add(new_account(alice, access_token_encrypted=TOKEN))
    session.commit()
    account = session.scalars(sa.select(UserInvestmentAccount)).one()
    assert "access_token_encrypted" not in sa.inspect(account).dict
    assert account.access_token_encrypted == TOKEN


def test_a_token_is_not_in_the_parameters_of_an_error(session, alice):
    # Too long for an index: an error whose own text does not quote the row.
    bad = {"provider_account_id": secrets.token_hex(9000), "account_name": "shown"}
    session.add(new_account(alice, access_token_encrypted=TOKEN, **bad))
    with pytest.raises(DBAPIError) as caught:
        session.flush()
    assert "'access_token_encrypted': '***'" in str(caught.value)
    assert "shown" in str(caught.value)
    assert TOKEN not in str(caught.value)
