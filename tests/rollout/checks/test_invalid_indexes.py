import psycopg2
import pytest


@pytest.fixture
def broken(lab):
    """A unique index whose concurrent build failed on a duplicate."""
    lab.run(
        "INSERT INTO public.migration_log (migration_file, operation) VALUES ('a', 'x')"
    )
    lab.run(
        "INSERT INTO public.migration_log (migration_file, operation) VALUES ('a', 'x')"
    )
    with pytest.raises(psycopg2.errors.UniqueViolation):
        lab.run("CREATE UNIQUE INDEX CONCURRENTLY broken ON migration_log (operation)")
    lab.run("UPDATE public.migration_log SET operation = id::text")
    return lab


def test_what_a_failed_build_left_fails_until_it_is_built_again(broken):
    assert broken.status("invalid_indexes") == "FAIL"
    assert "public.broken on public.migration_log" in broken.told("invalid_indexes")
    broken.mend("invalid_indexes")
    assert broken.told("invalid_indexes") == "PASS\nall valid"
    assert broken.value("SELECT to_regclass('public.broken') IS NOT NULL")


def test_what_reindex_left_over_is_only_dropped(broken):
    broken.run("ALTER INDEX public.broken RENAME TO some_index_ccnew")
    (remedy,) = broken.remedies("invalid_indexes")
    assert remedy == "DROP INDEX CONCURRENTLY public.some_index_ccnew;"
    broken.mend("invalid_indexes")
    assert broken.status("invalid_indexes") == "PASS"
