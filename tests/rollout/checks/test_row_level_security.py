def test_a_table_of_ours_without_it_fails_until_it_is_enabled(lab):
    lab.run("ALTER TABLE public.user_feature_flags DISABLE ROW LEVEL SECURITY")
    assert lab.status("row_level_security") == "FAIL"
    lab.mend("row_level_security")
    assert lab.told("row_level_security") == "PASS\non everywhere"


def test_somebody_elses_table_is_a_warning(lab):
    lab.run('CREATE TABLE public."Their table" (id int)')
    assert lab.status("row_level_security") == "WARN"
    lab.mend("row_level_security")
    assert lab.status("row_level_security") == "PASS"


def test_a_schema_that_is_not_exposed_needs_none(lab):
    lab.run("CREATE SCHEMA internal", "CREATE TABLE internal.t (id int)")
    assert lab.status("row_level_security") == "PASS"


def test_alembic_ini_says_what_is_exposed(lab):
    lab.run("CREATE SCHEMA internal", "CREATE TABLE internal.t (id int)")
    lab.target.config.set_main_option("exposed_schemas", "public, internal")
    assert lab.status("row_level_security") == "WARN"
