"""Triggers that run as their owner touch nobody's rows but the writer's."""

from tests.isolation.found import rows
from tests.isolation.history import OTHER, OWNER
from tests.isolation.rows import row_id
from tests.isolation.trial import acting

OTHERS_ACCOUNTS = """
    SELECT to_jsonb(a) FROM public.user_investment_accounts AS a
    WHERE user_id <> %s ORDER BY id
"""
OWNERS_ACCOUNT_IS_ALPACAS = f"""
    UPDATE public.user_investment_accounts SET provider = 'alpaca'
    WHERE user_id = '{OWNER}'
"""
SYNC = "SELECT pg_get_functiondef('migrations.sync_account(uuid)'::regprocedure)"
SAME_USER = "AND a.user_id = o.user_id"


def touched(lab, *before):
    """Whether others' accounts change when a user writes as if one were the user's."""
    accounts = lab.history.metadata.tables["user_investment_accounts"]
    theirs = row_id(accounts, OWNER, 0)
    with lab.trial.rolled_back():
        for statement in (OWNERS_ACCOUNT_IS_ALPACAS, *before):
            lab.trial.run(statement)
        there = rows(lab.connection, OTHERS_ACCOUNTS, OTHER)
        lab.trial.run(acting(lab.history.actors["other"]))
        lab.trial.run(
            "INSERT INTO public.user_onboarding (id, user_id, alpaca_account_id, "
            f"alpaca_account_status) VALUES ('{theirs}', '{OTHER}', 'mine', 'ACTIVE')"
        )
        lab.trial.run("UPDATE public.user_onboarding SET alpaca_account_status = 'X'")
        lab.trial.run("RESET ROLE")
        assert len(there) == 5
        return rows(lab.connection, OTHERS_ACCOUNTS, OTHER) != there


def test_nobody_changes_anothers_account_through_the_old_applications_table(lab):
    assert not touched(lab)


def test_it_would_be_noticed_if_one_could(plain):
    ((body,),) = rows(plain.connection, SYNC)
    assert SAME_USER in body
    assert touched(plain, body.replace(SAME_USER, ""))
