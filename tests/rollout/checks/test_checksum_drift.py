from tests.commands import alembic_run


def test_a_changed_file_fails_until_it_is_accepted(lab):
    lab.run(
        "UPDATE migrations.schema_versions SET checksum = repeat('0', 64)"
        " WHERE version = '1.5.0'"
    )
    said = lab.told("checksum_drift")
    assert said.startswith("FAIL\n1 changed: 006")
    assert "-x accept_changed=006" in said
    alembic_run(lab.url, "upgrade", "head", x=["accept_changed=006"])
    assert lab.status("checksum_drift") == "PASS"
