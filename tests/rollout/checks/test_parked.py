from tests.commands import alembic_run


def test_what_a_downgrade_left_is_a_warning_until_it_is_brought_back(lab):
    lab.run(
        "INSERT INTO auth.users (id) VALUES (gen_random_uuid())",
        "INSERT INTO public.user_feature_flags (user_id, flag_name)"
        " SELECT id, 'beta' FROM auth.users",
    )
    alembic_run(lab.url, "downgrade", "007")
    said = lab.told("parked")
    assert said.startswith("WARN\n")
    assert "parked.user_feature_flags: 1 rows, " in said
    assert ", since 2" in said
    alembic_run(lab.url, "upgrade", "head")
    assert lab.told("parked") == "PASS\nnone"
