"""The same history on Supabase, run as ``postgres``, who is no superuser there."""

from rollout.catalog import diff

OURS = ("core", "financial", "media", "smart_home", "private")


def test_a_project_of_either_kind_comes_to_the_same_schema(
    supabase, homeops, open_database, run_homeops
):
    database = open_database(supabase)
    before = database.snapshot(["auth", "public"])
    run_homeops(supabase, "upgrade", "head")
    assert diff(homeops.snapshot(OURS), database.snapshot(OURS)) == []
    run_homeops(supabase, "check")
    run_homeops(supabase, "downgrade", "base")
    assert diff(before, database.snapshot(["auth", "public"])) == []
