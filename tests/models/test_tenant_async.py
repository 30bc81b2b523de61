"""The same blocks under asyncio."""

import asyncio
import contextlib

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from models import UserInvestmentAccount
from models.tenant import TenantError, as_service, as_user
from tests.models.conftest import new_account

WHO = sa.text(
    "SELECT current_user, nullif(current_setting('request.jwt.claims', true), '')"
)
UID = sa.text("SELECT auth.uid()")
ACCOUNTS = sa.select(UserInvestmentAccount)


def test_a_user_sees_only_their_rows(run, alice, bob, account_of):
    own = account_of(alice)
    account_of(bob)

    async def scenario(engine):
        async with AsyncSession(engine) as session:
            async with as_user(session, alice) as same:
                assert same is session
                assert [a.id for a in await session.scalars(ACCOUNTS)] == [own]
            async with as_service(session):
                assert len((await session.scalars(ACCOUNTS)).all()) == 2
            async with as_user(session, bob):
                assert await session.get(UserInvestmentAccount, own) is None

    run(scenario)


def test_what_is_written_can_be_read_after_the_block(run, alice):
    async def scenario(engine):
        async with AsyncSession(engine) as session:
            async with as_user(session, alice):
                account = new_account(alice)
                session.add(account)
                await session.flush()
                account.account_name = "Nest egg"
            assert account.updated_at >= account.created_at
            async with as_user(session, alice):
                query = ACCOUNTS.options(
                    selectinload(UserInvestmentAccount.transactions)
                )
                again = (await session.scalars(query)).one()
            assert (again.account_name, again.transactions) == ("Nest egg", [])

    run(scenario)


@pytest.mark.parametrize("kind", ["session", "connection"])
def test_nothing_survives_the_block_or_an_error(run, alice, kind):
    async def scenario(engine):
        async with opened(engine, kind) as target:
            login = (await target.execute(WHO)).one()
            await target.rollback()
            async with as_user(target, alice):
                assert (await target.scalar(UID)) == alice
            assert (await target.execute(WHO)).one() == login
            await target.rollback()
            with contextlib.suppress(KeyError):
                async with as_user(target, alice):
                    await target.execute(WHO)
                    raise KeyError
            assert (await target.execute(WHO)).one() == login
        async with engine.connect() as connection:
            assert (await connection.execute(WHO)).one() == login

    run(scenario)


def opened(engine, kind):
    return AsyncSession(engine) if kind == "session" else engine.connect()


@pytest.mark.parametrize("kind", ["session", "connection"])
def test_the_role_comes_back_after_a_commit(run, alice, kind):
    async def scenario(engine):
        async with opened(engine, kind) as target, as_user(target, alice):
            for end in (target.commit, target.rollback):
                await target.execute(WHO)
                await end()
                assert (await target.execute(WHO)).one()[0] == "authenticated"

    run(scenario)


def test_a_cancelled_block_leaves_nothing(run, alice):
    async def work(session, started):
        async with as_user(session, alice):
            session.add(new_account(alice))
            await session.flush()
            started.set()
            await asyncio.sleep(60)

    async def scenario(engine):
        async with AsyncSession(engine) as session:
            started = asyncio.Event()
            task = asyncio.create_task(work(session, started))
            await started.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await session.scalars(ACCOUNTS)).all() == []
            assert (await session.execute(WHO)).one()[0] != "authenticated"

    run(scenario)


def test_blocks_do_not_nest_or_join(run, alice):
    async def scenario(engine):
        async with AsyncSession(engine) as session:
            block = as_user(session, alice)
            async with block:
                with pytest.raises(TenantError, match="do not nest"):
                    await block.__aenter__()
                assert await session.scalar(UID) == alice
            await session.execute(WHO)
            with pytest.raises(TenantError, match="open already"):
                await as_user(session, alice).__aenter__()

    run(scenario)
