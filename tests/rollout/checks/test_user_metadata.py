import pytest

POLICY = """
    CREATE POLICY "For admins" ON public.{} FOR SELECT TO authenticated
    USING (auth.jwt() -> '{}' ->> 'role' = 'admin')
"""


@pytest.mark.parametrize(
    ("table", "status"), [("user_feature_flags", "FAIL"), ("user_transfers", "WARN")]
)
def test_a_policy_that_believes_users_is_found_until_it_is_dropped(lab, table, status):
    lab.run(POLICY.format(table, "user_metadata"))
    assert lab.status("user_metadata") == status
    lab.mend("user_metadata")
    assert lab.status("user_metadata") == "PASS"


def test_app_metadata_is_written_by_the_server_alone(lab):
    lab.run(POLICY.format("user_feature_flags", "app_metadata"))
    assert lab.status("user_metadata") == "PASS"


def test_the_column_behind_it_is_found_in_with_check(lab):
    lab.run("""
        CREATE POLICY "By column" ON public.user_feature_flags FOR INSERT
        WITH CHECK (
            (SELECT raw_user_meta_data ->> 'role' FROM auth.users LIMIT 1) = 'admin'
        )
    """)
    assert lab.status("user_metadata") == "FAIL"
