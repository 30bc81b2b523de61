from tests.commands import alembic_run

FAILED = """
    UPDATE migrations.schema_versions SET status = 'failed' WHERE version = '1.9.0'
"""
LOGGED = """
    INSERT INTO public.migration_log
        (migration_file, operation, success, error_message)
    SELECT migration_file, 'CREATE', false, 'disk is full'
    FROM migrations.schema_versions WHERE version = '1.9.0'
"""


def test_a_failed_revision_is_told_with_its_error_until_it_ran(lab):
    lab.run(FAILED, LOGGED)
    said = lab.told("failed_revisions")
    assert said.startswith("FAIL\n1 failed: 010")
    assert "disk is full" in said
    alembic_run(lab.url, "downgrade", "-1")
    alembic_run(lab.url, "upgrade", "head")
    assert lab.told("failed_revisions") == "PASS\nnone"


def test_a_failure_without_a_message_is_told_as_well(lab):
    lab.run(FAILED)
    assert "no message was kept" in lab.told("failed_revisions")
