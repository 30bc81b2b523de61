"""The step that SQL asks for, read by PostgreSQL's own parser."""

import pytest

from rollout.commands import script_text
from rollout.reading import schema_reader
from rollout.reading.shape import Shape
from rollout.reading.thing import Step
from tests.rollout.ops.lab import Lab

BEFORE = """
    CREATE SCHEMA app;
    CREATE TABLE app.t (
        id int PRIMARY KEY,
        a int NOT NULL,
        b text NOT NULL DEFAULT '',
        CONSTRAINT t_a_check CHECK (a > 0),
        CONSTRAINT t_b_key UNIQUE (b)
    );
    CREATE INDEX i ON app.t (a);
    CREATE VIEW app.v AS SELECT id, a FROM app.t;
    CREATE FUNCTION app.f(x int) RETURNS int LANGUAGE sql AS 'SELECT x';
    CREATE POLICY p ON app.t USING (true);
    CREATE TYPE app.e AS ENUM ('one');
    CREATE TRIGGER own BEFORE UPDATE ON app.t FOR EACH ROW EXECUTE FUNCTION app.g();
    CREATE TRIGGER layers AFTER UPDATE ON app.t
        FOR EACH ROW EXECUTE FUNCTION migrations.follow();
"""


def after(*revisions, log_table=""):
    """What the last of ``revisions`` changes, upon :data:`BEFORE`."""
    shape = Shape()
    for sql in (BEFORE, *revisions):
        shape.begin()
        schema_reader.read(shape, sql, log_table=log_table)
    return shape


def step(*revisions):
    return max((c.step for c in after(*revisions).changes()), default=None)


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE app.t",
        "DROP TABLE IF EXISTS public.from_before_this_history",
        "DROP SCHEMA app CASCADE",
        "ALTER TABLE app.t DROP COLUMN a",
        "ALTER TABLE public.theirs DROP COLUMN a",
        "ALTER TABLE app.t ALTER COLUMN a TYPE bigint",
        "ALTER TABLE public.theirs ALTER a TYPE bigint",
        "ALTER TABLE app.t RENAME COLUMN a TO c",
        "ALTER TABLE app.t RENAME TO u",
        "ALTER TABLE app.t SET SCHEMA parked",
        "ALTER TABLE app.t SET SCHEMA public",
        "ALTER TABLE app.t ADD COLUMN c int NOT NULL",
        "ALTER TABLE public.theirs ALTER a SET NOT NULL",
        "ALTER TABLE app.t DROP CONSTRAINT t_b_key",
        "DROP VIEW app.v",
        "DROP FUNCTION app.f",
        "DROP FUNCTION app.f(int)",
        "DROP POLICY p ON app.t",
        "DROP TRIGGER own ON app.t",
        "DROP TYPE app.e",
        "ALTER TYPE app.e RENAME VALUE 'one' TO 'two'",
        "DROP EXTENSION pg_trgm",
        "DROP VIEW app.v; CREATE VIEW app.v AS SELECT id FROM app.t",
        "DROP TABLE app.t; CREATE TABLE app.t (id int, a int)",
        "DROP FUNCTION app.f(int);"
        "CREATE FUNCTION app.f(int, int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION app.f(int);"
        "CREATE FUNCTION app.f(int) RETURNS text LANGUAGE sql AS 'SELECT 1'",
        "DO $$ BEGIN IF true THEN NULL; ELSE DROP TABLE app.t; END IF; END $$",
        "DO $$ BEGIN EXECUTE format('ALTER TABLE app.t DROP COLUMN %I', 'a'); END $$",
        "DO $$ DECLARE n text; BEGIN FOREACH n IN ARRAY ARRAY['t'] LOOP"
        " EXECUTE 'DROP TABLE app.' || n; END LOOP; END $$",
    ],
)
def test_what_breaks_applications_is_major(sql):
    assert step(sql) is Step.MAJOR


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE app.u (a int NOT NULL)",
        "ALTER TABLE app.t ADD COLUMN c int",
        "ALTER TABLE app.t ADD COLUMN c int NOT NULL DEFAULT 1",
        "ALTER TABLE app.t ADD COLUMN c bigint GENERATED ALWAYS AS IDENTITY",
        "CREATE VIEW app.w AS SELECT 1 AS one",
        "CREATE OR REPLACE VIEW app.w AS SELECT 1 AS one",
        "DROP VIEW IF EXISTS app.w; CREATE VIEW app.w AS SELECT 1 AS one",
        "CREATE OR REPLACE VIEW app.v AS SELECT id, a, b FROM app.t",
        "CREATE FUNCTION app.h() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE POLICY q ON app.t USING (true)",
        "ALTER TABLE app.t ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE app.t ADD CONSTRAINT c CHECK (a < 9) NOT VALID",
        "ALTER TABLE app.t DROP CONSTRAINT t_a_check",
        "ALTER TYPE app.e ADD VALUE 'two'",
        "CREATE EXTENSION IF NOT EXISTS vector",
        "CREATE SCHEMA media; CREATE TABLE media.items (id int)",
        "CREATE TRIGGER x BEFORE UPDATE ON app.t FOR EACH ROW EXECUTE FUNCTION app.g()",
        "ALTER TABLE app.t ALTER b SET NOT NULL",
        "DO $$ BEGIN CREATE TABLE app.u (a int); END $$",
        "DO $$ BEGIN EXECUTE 'CREATE EXTENSION ' || quote_ident('vector'); END $$",
    ],
)
def test_what_adds_is_minor(sql):
    assert step(sql) is Step.MINOR


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX CONCURRENTLY j ON app.t (b)",
        "DROP INDEX CONCURRENTLY IF EXISTS app.i",
        "CREATE STATISTICS app.s ON a, b FROM app.t",
        "ALTER TABLE app.t ALTER a SET STATISTICS 100",
        "ALTER TABLE app.t SET (fillfactor = 80)",
        "ALTER TABLE app.t ALTER a SET DEFAULT 1",
        "INSERT INTO app.t VALUES (1, 1)",
        "WITH gone AS (DELETE FROM app.t RETURNING id) SELECT count(*) FROM gone",
        "DO $$ BEGIN LOOP UPDATE app.t SET a = 1; COMMIT; END LOOP; END $$",
        "CREATE OR REPLACE FUNCTION app.f(x int) RETURNS int LANGUAGE sql AS '2'",
        "DROP FUNCTION app.f(int);"
        "CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT 2'",
        "DROP VIEW app.v; CREATE VIEW app.v AS SELECT id, a FROM app.t WHERE a > 1",
        "CREATE OR REPLACE TRIGGER layers AFTER DELETE ON app.t FOR EACH ROW"
        " EXECUTE FUNCTION migrations.other()",
        "DROP TRIGGER layers ON app.t",
        "ALTER POLICY p ON app.t USING (a > 1)",
    ],
)
def test_data_indexes_and_corrections_are_a_patch(sql):
    assert step(sql) is Step.PATCH


@pytest.mark.parametrize(
    "sql",
    [
        "COMMENT ON TABLE app.t IS 'things'",
        "GRANT SELECT ON app.t TO PUBLIC",
        "CREATE TABLE app.u (a int); DROP TABLE app.u",
        "CREATE TEMP TABLE u (a int); INSERT INTO u VALUES (1); DROP TABLE u",
        "ALTER TABLE app.t RENAME TO u; ALTER TABLE app.u RENAME TO t",
        "CREATE TABLE migrations.x (a int); DROP TABLE IF EXISTS parked.x",
        "CREATE OR REPLACE FUNCTION migrations.f() RETURNS void LANGUAGE sql AS ''",
        "DO $$ BEGIN LOCK TABLE app.t IN SHARE MODE; END $$",
        "SELECT 'DROP TABLE app.t'",
        "DO $$ BEGIN IF to_regclass('parked.t') IS NOT NULL THEN DROP TABLE app.t;"
        " ALTER TABLE parked.t SET SCHEMA app; END IF; END $$",
    ],
)
def test_what_nobody_notices_is_no_change(sql):
    shape = after(sql)
    assert shape.changes() == []
    assert shape.unread == []


def test_the_body_of_a_function_is_not_what_the_revision_does():
    body = "CREATE FUNCTION app.h() RETURNS void LANGUAGE plpgsql AS $$ {} $$"
    changes = after(body.format("BEGIN DROP TABLE app.t; END")).changes()
    assert [c.text for c in changes] == ["function app.h() added"]


def test_a_default_of_an_earlier_revision_makes_not_null_harmless():
    default = "ALTER TABLE public.theirs ALTER a SET DEFAULT 1"
    required = "ALTER TABLE public.theirs ALTER a SET NOT NULL"
    assert step(default, required) is Step.MINOR
    assert step(required) is Step.MAJOR


@pytest.mark.parametrize(
    "body",
    [
        "FOR x IN SELECT 'DROP TABLE app.t' LOOP EXECUTE x; END LOOP;",
        "EXECUTE (SELECT string_agg(t, ';') FROM unnest(ARRAY['a']) AS t);",
        "EXECUTE format('%s TABLE app.t', 'DROP');",
    ],
)
def test_what_cannot_be_read_is_said_to_be(body):
    shape = after(f"DO $$ DECLARE x text; BEGIN {body} END $$")
    (unread,) = shape.unread
    assert unread.startswith("EXECUTE ")


def test_rows_of_the_log_are_the_layer_s_own():
    insert = "INSERT INTO app.log VALUES (1)"
    assert after(insert, log_table="app.log").changes() == []
    assert step(insert) is Step.PATCH


OPERATIONS = [
    ('op.execute("CREATE TABLE public.t (id int PRIMARY KEY, amount int)")', "MINOR"),
    ('change_column_type("public.t", "amount", "numeric(15, 2)")', "MAJOR"),
    ('finish_column_type("public.t", "amount")', "PATCH"),
    ('restructure_table("public.t", add_columns=["category text"])', "MINOR"),
    ('finish_restructure("public.t")', "PATCH"),
    ('add_column("public.t", Column("note", TEXT))', "MINOR"),
    ('create_index("i", "public.t", "note")', "PATCH"),
    ('backfill("x", source="public.t", key="id", statement="UPDATE public.t '
     'SET amount = 1 WHERE id = ANY (:keys)")', "PATCH"),
    ('set_not_null("public.t", "note")', "MAJOR"),
    ('park_table("public.t")', "MAJOR"),
]  # fmt: skip


def test_the_layer_s_operations_are_what_they_do(tmp_path):
    lab = Lab("postgresql+psycopg2://nobody@nowhere/none", tmp_path)
    for operation, _ in OPERATIONS:
        lab.revision(operation)
    printed = lab.upgrade("head", sql=True)
    shape, found = Shape(), []
    for text in script_text.RUNNING.split(printed)[1:]:
        shape.begin()
        schema_reader.read(shape, text)
        found.append(max(c.step for c in shape.changes()).name)
        assert shape.unread == []
    assert found == [expected for _, expected in OPERATIONS]
