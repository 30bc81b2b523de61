def test_a_function_of_ours_without_one_fails_until_it_has_one(lab):
    lab.run("ALTER FUNCTION public.update_last_updated_column() RESET search_path")
    assert lab.status("search_path") == "FAIL"
    lab.mend("search_path")
    assert lab.told("search_path") == "PASS\nall closed"


def test_somebody_elses_counts_when_it_runs_as_its_owner(lab):
    lab.run("CREATE FUNCTION public.theirs() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    assert lab.status("search_path") == "PASS"
    lab.run("ALTER FUNCTION public.theirs() SECURITY DEFINER")
    assert lab.status("search_path") == "WARN"
    lab.mend("search_path")
    assert lab.status("search_path") == "PASS"


def test_one_that_a_revision_may_have_found_there_is_the_projects_own(lab):
    lab.run("ALTER FUNCTION public.update_updated_at_column() RESET search_path")
    assert lab.status("search_path") == "PASS"
