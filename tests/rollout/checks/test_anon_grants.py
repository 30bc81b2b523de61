import pytest


@pytest.mark.parametrize(
    "grant",
    [
        "SELECT ON public.user_investment_accounts TO anon",
        "SELECT ON public.user_portfolio_legacy TO PUBLIC",
        "UPDATE (symbol) ON public.user_aggregated_holdings TO anon",
        "TRUNCATE ON public.user_feature_flags TO authenticated",
        "USAGE ON SCHEMA parked TO anon",
        "USAGE ON SCHEMA migrations TO service_role",
    ],
)
def test_what_is_granted_too_widely_fails_until_it_is_revoked(lab, grant):
    lab.run(f"GRANT {grant}")
    assert lab.status("anon_grants") == "FAIL"
    assert len(lab.remedies("anon_grants")) == 1
    lab.mend("anon_grants")
    assert lab.told("anon_grants") == "PASS\nnone"


def test_the_projects_own_tables_are_only_named(lab):
    lab.run("GRANT SELECT ON public.user_transfers TO anon")
    assert lab.status("anon_grants") == "PASS"
    assert "not made by this project: public.user_transfers" in lab.told("anon_grants")


def test_taking_truncate_back_leaves_the_other_rights(lab):
    lab.run("GRANT TRUNCATE ON public.user_feature_flags TO authenticated")
    lab.mend("anon_grants")
    assert lab.value(
        "SELECT has_table_privilege('authenticated', 'public.user_feature_flags',"
        " 'SELECT')"
    )
