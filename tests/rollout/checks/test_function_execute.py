import pytest

FUNCTION = "public.validate_migration_integrity()"


@pytest.mark.parametrize("grantee", ["PUBLIC", "anon"])
def test_a_function_of_ours_open_to_all_fails_until_it_is_closed(lab, grantee):
    lab.run(f"GRANT EXECUTE ON FUNCTION {FUNCTION} TO {grantee}")
    assert lab.status("function_execute") == "FAIL"
    lab.mend("function_execute")
    assert lab.told("function_execute") == "PASS\nnone"


def test_somebody_elses_counts_when_it_runs_as_its_owner(lab):
    lab.run("CREATE FUNCTION public.theirs() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    assert lab.status("function_execute") == "PASS"
    lab.run("ALTER FUNCTION public.theirs() SECURITY DEFINER")
    assert lab.status("function_execute") == "WARN"
    lab.mend("function_execute")
    assert lab.status("function_execute") == "PASS"
