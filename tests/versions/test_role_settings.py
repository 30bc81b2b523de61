"""What a role or a database has set changes nothing of what the revisions make."""

import sqlalchemy as sa

SETTINGS = {
    "standard_conforming_strings": "off",
    "quote_all_identifiers": "on",
    "search_path": "parked, migrations",
    "statement_timeout": "'1s'",
    "lock_timeout": "'1s'",
    "idle_in_transaction_session_timeout": "'1s'",
    "default_transaction_isolation": "'serializable'",
    "DateStyle": "'German, DMY'",
    "IntervalStyle": "'iso_8601'",
    "bytea_output": "'escape'",
    "TimeZone": "'Pacific/Kiritimati'",
}


def test_the_catalog_is_the_same_whatever_is_set(
    database_at, make_database, open_database, alembic_run
):
    url = make_database()
    name = sa.make_url(url).database
    for setting, value in SETTINGS.items():
        open_database(url).run(f"ALTER DATABASE {name} SET {setting} = {value}")
    alembic_run(url, "upgrade", "head")
    assert (
        open_database(url).snapshot() == open_database(database_at("head")).snapshot()
    )
