"""Bulk upserts under asyncio, with each driver."""

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import UserInvestmentTransaction
from models.bulk import BulkError, upsert
from models.tenant import as_service, as_user
from tests.models.bulk_rows import expect_every_kind, of_every_kind, transactions


def test_every_kind_of_value_arrives_and_stays(run, alice, account_of):
    given = of_every_kind(alice, account_of(alice))

    async def scenario(engine):
        async with AsyncSession(engine) as session:
            for inserted in (True, False):
                async with as_service(session):
                    for model, rows in given.items():
                        counts = await upsert(session, rows, model)
                        assert counts.inserted == (len(rows) if inserted else 0)
                        assert counts.updated == 0
            await session.run_sync(expect_every_kind, alice)

    run(scenario)


def test_a_refused_row_is_named_and_the_transaction_goes_on(run, alice, account_of):
    rows = transactions(alice, account_of(alice), 5)
    count = sa.text("SELECT count(*) FROM user_investment_transactions")
    bad = [
        ("price", -1, "price >= 0"),  # by the statement
        ("amount", 10**18, "overflow"),  # by COPY
        ("provider", "plaid", "row-level security"),
    ]

    async def scenario(engine):
        async with engine.connect() as connection, as_user(connection, alice):
            for column, value, reason in bad:
                wrong = [dict(row, price=0) for row in rows]
                wrong[3][column] = value
                with pytest.raises(BulkError, match=reason) as caught:
                    await upsert(connection, wrong, UserInvestmentTransaction)
                assert caught.value.row == 3
                assert caught.value.column in (column, None)
                assert await connection.scalar(count) == 0
            await upsert(connection, rows, UserInvestmentTransaction)
            assert await connection.scalar(count) == 5

    run(scenario)
