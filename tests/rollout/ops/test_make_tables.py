"""make_tables and park_tables: from files, with comments, rights, and back again."""

import psycopg2
import pytest

from rollout.ops.make_tables import comments, statements
from rollout.running.locks import LockWaitTimeout
from tests.rollout.ops.interrupt import held, queues_nobody

SHELVES = """
    -- Shelves of a shop,
    -- one row a shelf
    CREATE TABLE app.shelves (
        id INTEGER NOT NULL,  -- Number that is painted on it
        label TEXT NOT NULL DEFAULT 'a;b',  -- What it's for
        CONSTRAINT shelves_pkey PRIMARY KEY (id)
    );

    CREATE POLICY "Everybody sees shelves" ON app.shelves FOR SELECT TO authenticated
        USING (true);
"""
BOOKS = """
    -- Books, one row a book
    CREATE TABLE app.books (
        id INTEGER NOT NULL,  -- Row id
        shelf_id INTEGER NOT NULL  -- Where it stands
            CONSTRAINT books_shelf_check CHECK (shelf_id > 0),
        CONSTRAINT books_pkey PRIMARY KEY (id),
        CONSTRAINT fk_books_shelf FOREIGN KEY (shelf_id) REFERENCES app.shelves (id)
    );

    CREATE INDEX idx_books_shelf ON app.books (shelf_id);
"""
TABLES = """{
    "app.shelves": {"authenticated": "SELECT"},
    "app.books": {},
}"""
COMMENTS = """
    SELECT objsubid, description FROM pg_description
    WHERE objoid = 'app.shelves'::regclass ORDER BY 1
"""
GRANTS = """
    SELECT grantee::text, privilege_type::text
    FROM information_schema.role_table_grants
    WHERE table_schema = 'app' AND grantee <> 'postgres' ORDER BY 1, 2
"""
SECURED = """
    SELECT count(*) FROM pg_class
    WHERE relnamespace = 'app'::regnamespace AND relkind = 'r' AND relrowsecurity
"""
ROLES = {"anon": "", "authenticated": "", "service_role": "BYPASSRLS"}
"""As the first revisions make them: roles belong to the server, and other tests."""


@pytest.fixture
def shop(lab):
    lab.execute(
        "CREATE SCHEMA app",
        *(
            f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN NOINHERIT {may};"
            " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
            for role, may in ROLES.items()
        ),
        # What a project's default privileges may do.
        "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT ALL ON TABLES TO anon",
    )
    lab.revision(f"print(make_tables(__file__, {TABLES}))", f"park_tables({TABLES})")
    lab.sql_file("001_app_shelves.sql", SHELVES)
    lab.sql_file("001_app_books.sql", BOOKS)
    return lab


def fill(lab):
    lab.execute(
        "INSERT INTO app.shelves VALUES (1, 'crime')",
        "INSERT INTO app.books VALUES (7, 1)",
    )


def test_comments_rights_and_row_level_security_come_with_the_file(shop):
    shop.upgrade()
    assert shop.rows(COMMENTS) == [
        (0, "Shelves of a shop, one row a shelf"),
        (1, "Number that is painted on it"),
        (2, "What it's for"),
    ]
    assert shop.rows(GRANTS) == [("authenticated", "SELECT")]
    assert shop.value(SECURED) == 2


def test_tables_that_were_parked_come_back_with_their_rows(shop, capsys):
    shop.upgrade()
    fill(shop)
    before = shop.state()
    shop.downgrade()
    assert shop.value("SELECT to_regclass('app.books') IS NULL")
    shop.upgrade()
    shop.assert_is(before)
    said = capsys.readouterr().out.splitlines()
    assert said == ["['app.shelves', 'app.books']", "[]"]


def test_the_printed_script_does_the_same(shop, same_offline):
    same_offline(shop)


def test_a_printed_script_brings_rows_back_past_the_keys_between_them(shop):
    shop.upgrade()
    fill(shop)
    before = shop.state()
    shop.psql(shop.downgrade("001:base", sql=True))
    shop.psql(shop.upgrade("head", sql=True))
    shop.assert_is(before)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("CREATE TABLE app.x (\n    id INTEGER  -- Row id\n)", "no comment above"),
        ("-- Rows\nCREATE TABLE app.x (\n    id INTEGER\n)", "app.x.id has no comment"),
    ],
)
def test_a_table_or_column_without_a_comment_is_refused(text, said):
    with pytest.raises(ValueError, match=said):
        comments(text)


def test_a_semicolon_inside_a_line_ends_no_statement():
    assert statements("SELECT ';', 1;\n\nSELECT 2;  \n") == [
        "SELECT ';', 1",
        "SELECT 2",
    ]


def test_a_table_is_closed_to_whom_it_was_not_granted(shop):
    shop.upgrade()
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        shop.execute("SET ROLE authenticated; SELECT * FROM app.books")


def test_parking_several_tables_queues_nobody(shop):
    """While one of them is held, the others stay free."""
    shop.upgrade()
    queues_nobody(
        shop,
        lambda lab: lab.downgrade(),
        blocker="TABLE app.shelves",
        bystanders=("TABLE app.books", "TABLE app.shelves"),
    )


def test_giving_up_parks_none_of_them(shop):
    shop.upgrade()
    before = shop.state()
    with (
        held(shop, "TABLE app.shelves"),
        pytest.raises(LockWaitTimeout, match=r"app\.shelves, app\.books"),
    ):
        shop.downgrade(lock_wait_s=0.2)
    shop.assert_is(before)
