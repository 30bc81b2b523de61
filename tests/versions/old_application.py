"""What the old application does all day: its answers may never change.

Written against the four existing tables as they are; it knows nothing of the rest.
"""

import uuid

from tests.versions.database import Database


def one_day(database: Database) -> None:
    """Sign up, onboard, link a bank, transfer, read, leave; asserts every answer."""
    user, other = database.user(), database.user()
    onboards(database, user)
    links_a_bank(database, user)
    answers_questions(database, user)
    is_told_the_status(database, user)
    sees_own_rows_only(database, user, other)
    leaves(database, user)
    database.delete_user(other)


def one_row(database: Database, statement: str, *values: object) -> None:
    assert database.run(statement, *values) == 1


def onboards(database: Database, user: uuid.UUID) -> None:
    with database.as_user(user, commit=True):
        row = database.insert(
            "public.user_onboarding", id=uuid.uuid4(), user_id=user, status="started",
            onboarding_data='{"step": 1}', created_at="now()", updated_at="now()",
        )  # fmt: skip
        assert row
    with database.as_user(user, commit=True):
        one_row(
            database,
            "UPDATE public.user_onboarding SET status = 'submitted', "
            "onboarding_data = onboarding_data || '{\"step\": 2}', updated_at = now() "
            "WHERE user_id = %s",
            user,
        )
    with database.acting("service_role", commit=True):  # the broker has answered
        one_row(
            database,
            "UPDATE public.user_onboarding SET alpaca_account_id = %s, "
            "alpaca_account_number = '123', alpaca_account_status = 'SUBMITTED' "
            "WHERE user_id = %s",
            str(uuid.uuid4()), user,
        )  # fmt: skip
    with database.acting("service_role", commit=True):  # an upsert, repeated
        upsert = """
            INSERT INTO public.user_onboarding (
                id, user_id, status, alpaca_account_id, alpaca_account_status
            )
            SELECT id, user_id, 'complete', alpaca_account_id, 'APPROVED'
            FROM public.user_onboarding WHERE user_id = %s
            ON CONFLICT (id) DO UPDATE SET status = EXCLUDED.status,
                alpaca_account_status = EXCLUDED.alpaca_account_status
        """
        one_row(database, upsert, user)
        one_row(database, upsert, user)


def is_told_the_status(database: Database, user: uuid.UUID) -> None:
    for status in ("ACTIVE", "ACCOUNT_UPDATED", "nonsense", None, "ACTIVE"):
        with database.acting("service_role", commit=True):
            one_row(
            database,
                "UPDATE public.user_onboarding SET alpaca_account_status = %s "
                "WHERE user_id = %s",
                status, user,
            )  # fmt: skip
    with database.as_user(user):
        assert database.rows(
            "SELECT status, alpaca_account_number, alpaca_account_status "
            "FROM public.user_onboarding"
        ) == [("complete", "123", "ACTIVE")]


def links_a_bank(database: Database, user: uuid.UUID) -> None:
    with database.as_user(user, commit=True):
        bank = database.insert(
            "public.user_bank_connections", id=uuid.uuid4(), user_id=user,
            bank_name="Bank", bank_account_type="CHECKING", last_4="0001",
        )  # fmt: skip
        one_row(
            database,
            "UPDATE public.user_bank_connections SET relationship_id = 'r' "
            "WHERE id = %s",
            bank,
        )
    with database.acting("service_role", commit=True):
        transfer = database.insert(
            "public.user_transfers", id=uuid.uuid4(), user_id=user, amount="99.95",
            relationship_id="r", status="QUEUED",
        )  # fmt: skip
        one_row(
            database,
            "UPDATE public.user_transfers SET status = 'COMPLETE' WHERE id = %s",
            transfer,
        )
    with database.as_user(user):
        joined = database.rows(
            "SELECT bank_name, amount::text, t.status FROM public.user_transfers AS t "
            "JOIN public.user_bank_connections USING (relationship_id, user_id)"
        )
        assert joined == [("Bank", "99.95", "COMPLETE")]


def answers_questions(database: Database, user: uuid.UUID) -> None:
    with database.as_user(user, commit=True):
        id_ = database.insert(
            "public.user_personalization", id=uuid.uuid4(), user_id=user,
            first_name="Ann", investment_goals=["house"], monthly_investment_goal=100,
        )  # fmt: skip
        one_row(
            database,
            "INSERT INTO public.user_personalization (id, user_id, first_name) "
            "VALUES (%s, %s, 'Anna') "
            "ON CONFLICT (id) DO UPDATE SET first_name = EXCLUDED.first_name",
            id_, user,
        )  # fmt: skip


def sees_own_rows_only(database: Database, user: uuid.UUID, other: uuid.UUID) -> None:
    for table in TABLES:
        with database.as_user(user):
            assert database.value(f"SELECT count(*) FROM public.{table}") == 1
        with database.as_user(other):
            assert database.value(f"SELECT count(*) FROM public.{table}") == 0
        with database.acting("service_role"):
            everybodys = f"SELECT count(*) FROM public.{table} WHERE user_id = %s"
            assert database.value(everybodys, user) == 1


def leaves(database: Database, user: uuid.UUID) -> None:
    with database.acting("service_role", commit=True):
        for table in TABLES:
            gone = database.run(f"DELETE FROM public.{table} WHERE user_id = %s", user)
            assert gone == 1
    database.delete_user(user)


TABLES = (
    "user_transfers",
    "user_bank_connections",
    "user_personalization",
    "user_onboarding",
)
