from tests.commands import alembic_run

BREAK = "ALTER TABLE public.user_portfolio_snapshots DISABLE ROW LEVEL SECURITY"
REPAIR = "ALTER TABLE public.user_portfolio_snapshots ENABLE ROW LEVEL SECURITY"


def test_the_schemas_own_failures_are_passed_on(lab):
    lab.run(BREAK)
    found = {f.summary.partition(":")[0]: f.status for f in lab.findings("validation")}
    assert found["rls_policies"] == "FAIL"
    assert found["duplicate_accounts"] == "PASS"
    lab.run(REPAIR)
    assert lab.status("validation") == "PASS"


def test_a_function_that_is_missing_at_head_fails(lab):
    lab.run("DROP FUNCTION public.validate_migration_integrity()")
    assert lab.status("validation") == "FAIL"


def test_a_function_that_comes_later_is_a_warning(database_at, lab_of):
    lab = lab_of(database_at("005"))
    assert lab.status("validation") == "WARN"
    alembic_run(lab.url, "upgrade", "007")
    assert lab.status("validation") == "PASS"


def test_a_schema_without_one_says_so(lab):
    lab.target.config.set_main_option("validate", "")
    assert "names none" in lab.told("validation")
