ADD = """
    ALTER TABLE public.{} ADD CONSTRAINT "Odd name" CHECK (true) NOT VALID
"""


def test_a_constraint_not_valid_fails_until_it_is_validated(lab):
    lab.run(ADD.format("user_portfolio_snapshots"))
    assert lab.status("constraints") == "FAIL"
    lab.mend("constraints")
    assert lab.told("constraints") == "PASS\nall validated"


def test_one_of_the_projects_own_tables_is_only_named(lab):
    lab.run(ADD.format("user_transfers"))
    assert lab.status("constraints") == "PASS"
    assert "not made by this project" in lab.told("constraints")
