def test_a_grant_without_a_policy_is_a_warning_until_it_is_taken_back(lab):
    lab.run("GRANT SELECT ON public.migration_log TO authenticated")
    assert lab.status("policies") == "WARN"
    lab.mend("policies")
    assert lab.status("policies") == "PASS"


def test_a_closed_table_is_only_named(lab):
    assert "closed: public.migration_log" in lab.told("policies")
