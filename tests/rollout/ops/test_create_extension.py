"""create_extension: where the server has it, and where it has not."""

import pytest

from rollout.errors import RolloutError

HERE = """
    run_sql("CREATE SCHEMA IF NOT EXISTS extensions")
    create_extension("pg_trgm")
"""
ABSENT = 'create_extension("no_such_thing", without="done by hand")'
NEEDED = 'create_extension("no_such_thing")'
NOT_LOADED = 'create_extension("pg_trgm", without="skipped", preloaded=True)'
WHERE = """
    SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pg_trgm'
"""


def test_it_is_made_in_its_schema_once(lab):
    lab.revision(HERE)
    lab.revision(HERE)
    lab.upgrade()
    assert lab.value(WHERE) == "extensions"


def test_one_that_is_there_stays_where_it_is(lab):
    lab.execute("CREATE EXTENSION pg_trgm SCHEMA public")
    lab.revision(HERE)
    lab.upgrade()
    assert lab.value(WHERE) == "public"


def test_a_downgrade_leaves_it(lab):
    lab.revision(HERE)
    lab.upgrade()
    lab.downgrade("base")
    assert lab.value(WHERE) == "extensions"


def test_what_is_reduced_without_it_is_said(lab, capsys):
    lab.revision(ABSENT)
    lab.upgrade()
    assert (
        "no_such_thing is not to be had here: done by hand" in capsys.readouterr().err
    )


def test_without_an_equivalent_the_revision_is_refused(lab):
    lab.revision(NEEDED)
    with pytest.raises(RolloutError, match="nothing stands in for it"):
        lab.upgrade()


def test_one_that_must_be_preloaded_and_is_not_counts_as_absent(lab, capsys):
    lab.revision(NOT_LOADED)
    lab.upgrade()
    assert lab.rows(WHERE) == []
    assert "skipped" in capsys.readouterr().err


def test_a_role_that_may_not_create_it_goes_on_without(lab, reader):
    """pg_stat_statements is not trusted: only a superuser creates it."""
    lab.execute("CREATE SCHEMA extensions")
    lab.revision(
        f"""
        run_sql("SET LOCAL ROLE {reader}")
        create_extension("pg_stat_statements", without="skipped")
        run_sql("RESET ROLE")
        """
    )
    lab.upgrade()
    assert not lab.rows("SELECT FROM pg_extension WHERE extname = 'pg_stat_statements'")


def test_the_printed_script_does_the_same(lab, same_offline):
    lab.revision(HERE)
    lab.revision(ABSENT)
    same_offline(lab)


def test_the_printed_script_warns_and_refuses(lab):
    lab.revision(ABSENT)
    assert "done by hand" in lab.psql(lab.upgrade(sql=True))
    lab.revision(NEEDED)
    with pytest.raises(AssertionError, match="nothing stands in for it"):
        lab.psql(lab.upgrade("001:002", sql=True))
