"""The plugin's own fixture stands on the same server, for those who know it."""

from typing import Any


def test_the_plugins_connection_is_to_a_clone_of_head(postgresql: Any) -> None:
    query = "SELECT version_num FROM migrations.alembic_version"
    row = postgresql.execute(query).fetchone()
    assert row == ("010",)
    postgresql.execute("INSERT INTO auth.users (email) VALUES ('a@example.com')")
    postgresql.commit()


def test_every_test_gets_a_clone_of_its_own(postgresql: Any) -> None:
    assert postgresql.execute("SELECT count(*) FROM auth.users").fetchone() == (0,)
