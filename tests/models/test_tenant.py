"""Blocks that run as one user."""

import contextlib
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from sqlalchemy.orm.exc import DetachedInstanceError

from models import UserInvestmentAccount
from models.tenant import TenantError, as_anon, as_service, as_user
from tests.models.conftest import account_values, new_account

WHO = sa.text(
    "SELECT current_user, nullif(current_setting('request.jwt.claims', true), '')"
)
UID = sa.text("SELECT auth.uid()")
ACCOUNTS = sa.select(UserInvestmentAccount)


def role(target):
    return target.execute(WHO).one()[0]


@pytest.fixture
def login(admin):
    """What a connection is before and after: role, and no claims."""
    with admin.connect() as connection:
        return connection.execute(WHO).one()


@pytest.fixture(params=["session", "connection", "scoped"])
def target(request, engine):
    """Whatever takes a block; all over a pool of one connection."""
    if request.param == "connection":
        with engine.connect() as connection:
            yield connection
        return
    maker = sessionmaker(engine)
    session = scoped_session(maker) if request.param == "scoped" else maker()
    yield session
    session.close()


@pytest.mark.parametrize("drivername", ["postgresql+psycopg2", "postgresql+psycopg"])
def test_a_user_sees_only_their_rows(url, alice, bob, account_of, drivername):
    own = account_of(alice)
    account_of(bob)
    engine = sa.create_engine(url.set(drivername=drivername), poolclass=sa.NullPool)
    with Session(engine) as session:
        with as_user(session, alice) as same:
            assert same is session
            assert [account.id for account in session.scalars(ACCOUNTS)] == [own]
        with as_service(session):
            assert len(session.scalars(ACCOUNTS).all()) == 2
        with as_user(session, uuid.uuid4()):
            assert session.scalars(ACCOUNTS).all() == []


def test_anon_reads_no_account(session):
    with pytest.raises(ProgrammingError, match="permission denied"), as_anon(session):
        session.scalars(ACCOUNTS).all()


def test_the_role_and_the_claims_are_those_of_the_block(target, alice):
    with as_user(target, str(alice), claims={"app_metadata": {"role": "admin"}}):
        assert role(target) == "authenticated"
        assert target.scalar(UID) == alice
        jwt = target.scalar(sa.text("SELECT auth.jwt()"))
        assert jwt == {
            "sub": str(alice),
            "role": "authenticated",
            "app_metadata": {"role": "admin"},
        }
    with as_anon(target):
        assert (role(target), target.scalar(UID)) == ("anon", None)
    with as_service(target):
        assert (role(target), target.scalar(UID)) == ("service_role", None)


def test_nothing_survives_the_block(target, alice, engine, login):
    with as_user(target, alice):
        backend = target.scalar(sa.text("SELECT pg_backend_pid()"))
    assert target.execute(WHO).one() == login
    target.close()
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT pg_backend_pid()")) == backend
        assert connection.execute(WHO).one() == login


def test_nothing_survives_an_error(target, alice, login):
    with contextlib.suppress(KeyError), as_user(target, alice):
        target.execute(insert_account(alice))
        raise KeyError
    assert target.execute(WHO).one() == login
    assert target.scalar(sa.select(sa.func.count(UserInvestmentAccount.id))) == 0


def test_nothing_survives_an_error_of_the_database(target, alice, login):
    with pytest.raises(ProgrammingError), as_user(target, alice):
        target.execute(sa.text("SELECT * FROM nowhere"))
    assert target.execute(WHO).one() == login


def test_a_clean_exit_commits(target, alice, admin):
    with as_user(target, alice):
        target.execute(insert_account(alice))
    with Session(admin) as session:
        assert session.scalars(ACCOUNTS).one().user_id == alice


def insert_account(user):
    return sa.insert(UserInvestmentAccount.__table__).values(account_values(user))


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_the_role_comes_back_after_the_block_ends_a_transaction(target, alice, end):
    with as_user(target, alice):
        for _ in range(3):
            assert (role(target), target.scalar(UID)) == ("authenticated", alice)
            getattr(target, end)()
            with target.begin_nested():
                assert role(target) == "authenticated"
            getattr(target, end)()
        assert target.scalar(UID) == alice


def test_the_role_comes_back_after_the_session_was_closed(session, alice):
    with as_user(session, alice):
        role(session)
        session.close()
        assert role(session) == "authenticated"


def test_the_role_outlives_a_savepoint_that_is_rolled_back(target, alice):
    with as_user(target, alice):
        with target.begin_nested() as savepoint:
            savepoint.rollback()
        assert role(target) == "authenticated"


def test_the_role_holds_for_the_driver_below(session, alice):
    with as_user(session, alice):
        cursor = session.connection().connection.cursor()
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("authenticated",)


def test_blocks_do_not_nest(target, alice, bob):
    with as_user(target, alice):
        with pytest.raises(TenantError, match="do not nest"), as_user(target, bob):
            raise AssertionError
        assert target.scalar(UID) == alice


def test_a_block_inside_is_refused_on_the_sessions_connection(session, alice, bob):
    with as_user(session, alice):
        inner = as_user(session.connection(), bob)
        with pytest.raises(TenantError, match="open already"), inner:
            raise AssertionError


def test_an_open_transaction_is_refused(target, alice, login):
    target.execute(WHO)
    with pytest.raises(TenantError, match="open already"), as_user(target, alice):
        raise AssertionError
    assert target.execute(WHO).one() == login


def test_a_session_in_someone_elses_transaction_is_refused(engine, alice):
    # Its commit would not end that transaction, and the role would stay.
    with engine.connect() as connection, connection.begin():
        session = Session(connection, join_transaction_mode="create_savepoint")
        with pytest.raises(TenantError, match="open already"), as_user(session, alice):
            raise AssertionError


def test_a_session_on_a_connection_leaves_it_clean(engine, alice, login):
    with engine.connect() as connection:
        with as_user(Session(connection), alice) as session:
            assert role(session) == "authenticated"
        assert connection.execute(WHO).one() == login


@pytest.mark.parametrize("kind", ["session", "connection"])
def test_autocommit_is_refused_again_and_again(url, alice, kind):
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    if kind == "connection":
        with (
            engine.connect() as target,
            pytest.raises(TenantError, match="AUTOCOMMIT"),
            as_user(target, alice),
        ):
            raise AssertionError
    else:
        with Session(engine) as target, as_user(target, alice):
            for _ in range(3):
                with pytest.raises(TenantError, match="The statement was not sent"):
                    target.execute(WHO)


def test_autocommit_cannot_be_slipped_in_later(session, alice):
    with as_user(session, alice):
        session.execute(WHO)
        session.commit()
        autocommit = {"isolation_level": "AUTOCOMMIT"}
        with pytest.raises(TenantError, match="AUTOCOMMIT"):
            session.connection(execution_options=autocommit)
        with pytest.raises(TenantError, match="AUTOCOMMIT"):
            session.execute(WHO)


def test_a_role_that_may_not_be_taken_stops_the_block(engine, admin, alice):
    stranger = f"stranger_{uuid.uuid4().hex[:8]}"
    with admin.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {stranger}")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"SET SESSION AUTHORIZATION {stranger}")
            connection.commit()
            block = as_user(connection, alice)
            with pytest.raises(ProgrammingError, match="permission denied"), block:
                raise AssertionError
            connection.invalidate()
    finally:
        with admin.begin() as connection:
            connection.exec_driver_sql(f"DROP ROLE {stranger}")


@pytest.mark.parametrize("expire", [True, False])
def test_no_object_is_handed_on_to_the_next_user(
    engine, alice, bob, account_of, expire
):
    account = account_of(alice)
    with Session(engine, expire_on_commit=expire) as session:
        with as_user(session, alice):
            mine = session.get_one(UserInvestmentAccount, account)
        assert session.expire_on_commit is expire
        assert mine not in session
        with as_user(session, bob):
            assert session.get(UserInvestmentAccount, account) is None


def test_objects_stay_readable_but_load_nothing_more(session, alice, account_of):
    account_of(alice)
    with as_user(session, alice):
        account = session.scalars(ACCOUNTS).one()
        account.account_name = "Nest egg"
    assert (account.user_id, account.account_name) == (alice, "Nest egg")
    with pytest.raises(DetachedInstanceError):
        _ = account.transactions


def test_what_was_loaded_before_is_read_again_as_the_user(
    engine, alice, bob, account_of
):
    account = account_of(alice)
    with Session(engine, expire_on_commit=False) as session:
        session.get_one(UserInvestmentAccount, account)
        session.commit()
        with as_user(session, bob):
            assert session.get(UserInvestmentAccount, account) is None


def test_what_was_loaded_before_can_be_changed_as_the_user(
    session, admin, alice, account_of
):
    account = session.get_one(UserInvestmentAccount, account_of(alice))
    session.commit()
    with as_user(session, alice):
        account.account_name = "Nest egg"
    with Session(admin) as outside:
        assert outside.scalars(ACCOUNTS).one().account_name == "Nest egg"


def test_a_commit_that_fails_at_the_exit_leaves_nothing(session, alice, login):
    twice = {"provider_account_id": "same"}
    with (
        pytest.raises(IntegrityError, match="provider_account_key"),
        as_user(session, alice),
    ):
        session.add_all([new_account(alice, **twice), new_account(alice, **twice)])
    assert list(session) == []
    assert session.execute(WHO).one() == login
    assert session.scalars(ACCOUNTS).all() == []


def test_writing_as_another_user_is_refused(session, alice, bob):
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        as_user(session, alice),
    ):
        session.add(new_account(bob))


def test_other_sessions_are_left_alone(admin, alice, login):
    with Session(admin) as inside, Session(admin) as outside, as_user(inside, alice):
        assert role(inside) == "authenticated"
        assert outside.execute(WHO).one() == login
        with admin.connect() as connection:
            assert connection.execute(WHO).one() == login


def test_a_block_that_does_nothing_is_fine(target, alice):
    with as_user(target, alice):
        pass
    with as_user(target, alice):
        assert target.scalar(UID) == alice


@pytest.mark.parametrize("claim", ["sub", "role"])
def test_claims_do_not_override_user_or_role(session, alice, claim):
    with pytest.raises(ValueError, match=f"may not set {claim}"):
        as_user(session, alice, claims={claim: "service_role"})


def test_bad_arguments_are_refused(session, alice):
    with pytest.raises(ValueError, match="badly formed"):
        as_user(session, "' OR 1=1")
    with pytest.raises(TypeError, match="not Engine"):
        as_user(session.bind, alice)
