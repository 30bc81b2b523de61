VIEW = "public.user_portfolio_legacy"


def test_a_view_of_ours_that_runs_as_its_owner_fails_until_it_does_not(lab):
    lab.run(f"ALTER VIEW {VIEW} RESET (security_invoker)")
    assert lab.status("definer_views") == "FAIL"
    assert f"{VIEW}: read by authenticated" in lab.told("definer_views")
    lab.mend("definer_views")
    assert lab.told("definer_views") == "PASS\nnone"


def test_security_invoker_off_does_not_count(lab):
    lab.run(f"ALTER VIEW {VIEW} SET (security_invoker = off)")
    assert lab.status("definer_views") == "FAIL"
    lab.run(f"ALTER VIEW {VIEW} SET (security_invoker = on)")
    assert lab.status("definer_views") == "PASS"


def test_somebody_elses_is_a_warning(lab):
    lab.run("CREATE VIEW public.theirs AS SELECT 1 AS one")
    assert lab.status("definer_views") == "WARN"


def test_a_materialized_view_is_a_warning_until_the_api_cannot_read_it(lab):
    lab.run(
        "CREATE MATERIALIZED VIEW public.theirs AS SELECT 1 AS one",
        "GRANT SELECT ON public.theirs TO anon",
    )
    assert lab.status("definer_views") == "WARN"
    lab.mend("definer_views")
    assert lab.status("definer_views") == "PASS"
