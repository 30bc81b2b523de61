"""The same history on Supabase, run as ``postgres``, who is no superuser there."""

import pytest

from rollout.catalog import diff
from tests.homeops.history import SCHEMAS
from tests.supabase import as_role

pytestmark = pytest.mark.slow
OURS = (*SCHEMAS, "private")


def test_a_project_of_either_kind_comes_to_the_same_schema(
    supabase, homeops, open_database, run_homeops, connect
):
    database = open_database(supabase)
    # There ``postgres`` may create it, though it is not trusted; here an administrator.
    admin = connect(as_role(supabase, "supabase_admin"), autocommit=True)
    with admin.cursor() as cursor:
        cursor.execute("CREATE EXTENSION vector SCHEMA extensions")
    before = database.snapshot(["auth", "public"])
    run_homeops(supabase, "upgrade", "head")
    assert diff(homeops.snapshot(OURS), database.snapshot(OURS)) == []
    run_homeops(supabase, "check")
    run_homeops(supabase, "downgrade", "base")
    assert diff(before, database.snapshot(["auth", "public"])) == []
