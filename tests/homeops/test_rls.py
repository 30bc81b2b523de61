"""Who sees and writes what, as the API sends it: never as a superuser."""

import uuid

import psycopg2
import pytest

from tests.homeops.history import SCHEMAS
from tests.versions.database import refusal

OPEN_TABLES = """
    SELECT c.oid::regclass::text FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY (%s) AND c.relkind IN ('r', 'p')
"""
DENIED = "InsufficientPrivilege"


@pytest.fixture
def house(homeops):
    """Two people with an account and a booking each, an admin, one who has left."""
    for name, role, active in (
        ("ada", "user", True),
        ("ben", "user", True),
        ("root", "admin", True),
        ("gone", "admin", False),
    ):
        homeops.insert(
            "core.users", id=person(name), email=f"{name}@homeops.local",
            full_name=name, role=role, is_active=active,
            password_hash="$2a$10$" + "x" * 53,
        )  # fmt: skip
    for name in ("ada", "ben"):
        homeops.insert(
            "financial.accounts", id=thing(name, "account"), user_id=person(name),
            name="Household", account_type="checking",
        )  # fmt: skip
        homeops.insert(
            "financial.transactions", account_id=thing(name, "account"),
            transaction_date="2025-01-01", amount=5, description=name,
        )  # fmt: skip
        homeops.insert(
            "financial.positions", account_id=thing(name, "account"), symbol=name,
            quantity=1,
        )  # fmt: skip
        for shared in (True, False):
            library = thing(name, f"library {shared}")
            homeops.insert(
                "media.libraries", id=library, user_id=person(name), type="movies",
                name=f"shared {shared}", is_shared=shared,
            )  # fmt: skip
            homeops.insert(
                "media.items", id=thing(name, f"film {shared}"), library_id=library,
                title=f"{name} {shared}", type="movie",
            )  # fmt: skip
        homeops.insert(
            "media.viewing_history", user_id=person(name),
            item_id=thing(name, "film False"),
        )  # fmt: skip
    return homeops


def person(name):
    return uuid.uuid5(uuid.NAMESPACE_DNS, name)


def thing(name, what):
    return uuid.uuid5(uuid.NAMESPACE_DNS, f"{name} {what}")


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("SELECT user_id = %(me)s FROM financial.accounts", [True]),
        ("SELECT description FROM financial.transactions", ["ada"]),
        ("SELECT symbol FROM financial.positions", ["ada"]),
        ("SELECT user_id = %(me)s FROM media.viewing_history", [True]),
        (
            "SELECT title FROM media.items ORDER BY 1",
            ["ada False", "ada True", "ben True"],
        ),
        ("SELECT count(*) FROM smart_home.rooms", [11]),
        ("SELECT count(*) FROM core.users", [4]),
        ("SELECT count(*) FROM core.system_config WHERE category = 'security'", [0]),
        ("SELECT count(*) > 5 FROM core.system_config", [True]),
        ("SELECT name FROM financial.institutions", ["Plaid"]),
    ],
)
def test_a_member_sees_what_is_theirs_and_what_the_house_shares(house, query, seen):
    with house.as_user(person("ada")):
        found = house.rows(query.replace("%(me)s", f"'{person('ada')}'"))
    assert [value for (value,) in found] == seen


@pytest.mark.parametrize("who", ["gone", "a stranger"])
def test_whoever_does_not_belong_to_the_house_sees_nothing_of_it(house, who):
    with house.as_user(person(who)):
        for (table,) in house.rows(OPEN_TABLES, list(SCHEMAS)):
            if table not in CLOSED:
                assert house.value(f"SELECT count(*) FROM {table}") == 0, table


CLOSED = {"financial.transactions_old"}
"""What no request may even ask for."""


def test_nobody_who_has_not_signed_in_reaches_any_table(house):
    for (table,) in house.rows(OPEN_TABLES, list(SCHEMAS)):
        with house.acting("anon"):
            query = f"SELECT count(*) FROM {table}"
            assert refusal(lambda query=query: house.value(query)) == DENIED, table


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE financial.transactions SET amount = 0 WHERE description = 'ben'",
        "DELETE FROM financial.accounts WHERE user_id = '{ben}'",
        "UPDATE media.items SET title = 'mine' WHERE title = 'ben True'",
        "DELETE FROM media.libraries WHERE user_id = '{ben}'",
        "UPDATE core.users SET full_name = 'x' WHERE id = '{ben}'",
        "UPDATE smart_home.rooms SET name = 'mine'",
        "DELETE FROM core.system_config",
    ],
)
def test_what_is_not_yours_does_not_change(house, statement):
    with house.as_user(person("ada")):
        assert house.run(statement.format(ben=person("ben"))) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO financial.transactions (account_id, transaction_date, amount)"
        " VALUES ('{account}', '2025-01-01', 1)",
        "INSERT INTO financial.accounts (user_id, name, account_type)"
        " VALUES ('{ben}', 'x', 'cash')",
        "INSERT INTO media.items (library_id, title, type)"
        " VALUES ('{library}', 'x', 'movie')",
        "INSERT INTO media.viewing_history (user_id, item_id)"
        " VALUES ('{ada}', '{film}')",
        "INSERT INTO smart_home.rooms (name, type) VALUES ('x', 'x')",
        "INSERT INTO core.users (email, full_name) VALUES ('x@y', 'x')",
        "UPDATE core.users SET role = 'admin'",
        "SELECT password_hash FROM core.users",
        "SELECT api_config FROM financial.institutions",
        "INSERT INTO smart_home.device_readings VALUES ('{ada}', 'x', now(), 1)",
        "SELECT * FROM financial.transactions_old",
        "SELECT * FROM core.record_counts()",
        "SELECT * FROM migrations.schema_versions",
        "TRUNCATE financial.transactions",
    ],
)
def test_what_would_reach_into_anothers_is_refused(house, statement):
    names = {
        "ada": person("ada"),
        "ben": person("ben"),
        "account": thing("ben", "account"),
        "library": thing("ben", "library True"),
        "film": thing("ben", "film False"),
    }
    with house.as_user(person("ada")):
        assert refusal(lambda: house.run(statement.format(**names))) == DENIED


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO smart_home.rooms (name, type) VALUES ('Attic', 'attic')",
        "UPDATE core.system_config SET value = '1' WHERE category = 'security'",
        "DELETE FROM smart_home.rooms WHERE name = 'Office'",
    ],
)
def test_an_admin_changes_what_the_house_shares(house, statement):
    with house.as_user(person("root")):
        assert house.run(statement) > 0


def test_a_member_changes_their_own(house):
    with house.as_user(person("ada")):
        assert house.run("UPDATE financial.transactions SET amount = 6") == 1
        assert house.run("UPDATE core.users SET full_name = 'Ada'") == 1


@pytest.mark.parametrize("amount", ["'NaN'", "'Infinity'", "1e13", "9999999999999.996"])
def test_an_amount_that_is_no_amount_is_refused(homeops_at, amount):
    """Before the type change too, so that it meets no value that does not fit."""
    database = homeops_at("005")
    database.insert("core.users", id=person("a"), email="a@b", full_name="a")
    database.insert(
        "financial.accounts", id=thing("a", "b"), user_id=person("a"), name="x",
        account_type="cash",
    )  # fmt: skip
    with pytest.raises(psycopg2.errors.CheckViolation):
        database.run(
            "INSERT INTO financial.transactions (account_id, transaction_date, amount)"
            f" VALUES (%s, '2025-01-01', {amount})",
            thing("a", "b"),
        )


@pytest.mark.parametrize("password", ["hunter2", "", "$plain", "correct horse battery"])
def test_a_password_in_clear_is_refused(homeops, password):
    with pytest.raises(psycopg2.errors.CheckViolation, match="password_hash"):
        homeops.insert("core.users", email="a@b", full_name="a", password_hash=password)
