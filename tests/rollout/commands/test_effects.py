"""What SQL does, read by patterns: held against PostgreSQL's own parser."""

import pglast
import pytest
from pglast import ast, enums

from rollout.commands import effects, matrix, script_text
from rollout.commands.effect import OURS
from rollout.commands.target import Target

IN_USE = "public.things"


@pytest.mark.parametrize(
    ("sql", "mode"),
    [
        ("ALTER TABLE public.things ADD COLUMN a int", "ACCESS EXCLUSIVE"),
        ("alter table only public.things add a int", "ACCESS EXCLUSIVE"),
        ("ALTER TABLE public.things ENABLE ROW LEVEL SECURITY", "ACCESS EXCLUSIVE"),
        ("ALTER TABLE public.things VALIDATE CONSTRAINT c", "SHARE UPDATE EXCLUSIVE"),
        (
            "ALTER TABLE public.things ALTER a SET STATISTICS 9",
            "SHARE UPDATE EXCLUSIVE",
        ),
        (
            "ALTER TABLE public.things ADD CONSTRAINT f FOREIGN KEY (a) "
            "REFERENCES public.things (id) NOT VALID",
            "SHARE ROW EXCLUSIVE",
        ),
        ("ALTER TABLE public.things ADD CHECK (a > 0)", "ACCESS EXCLUSIVE"),
        ("CREATE INDEX i ON public.things (a)", "SHARE"),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY i ON public.things (a)",
            "SHARE UPDATE EXCLUSIVE",
        ),
        (
            "CREATE TRIGGER t AFTER INSERT OR UPDATE OF a ON public.things "
            "FOR EACH ROW EXECUTE FUNCTION f()",
            "SHARE ROW EXCLUSIVE",
        ),
        ("DROP TRIGGER IF EXISTS t ON public.things", "ACCESS EXCLUSIVE"),
        ('CREATE POLICY "a b" ON public.things USING (true)', "ACCESS EXCLUSIVE"),
        ("DROP TABLE public.things", "ACCESS EXCLUSIVE"),
        ("TRUNCATE public.things", "ACCESS EXCLUSIVE"),
        (
            "DO $$ BEGIN LOOP BEGIN LOCK TABLE public.things, auth.users IN SHARE ROW "
            "EXCLUSIVE MODE NOWAIT; EXIT; END; END LOOP; END $$",
            "SHARE ROW EXCLUSIVE",
        ),
        (
            "CREATE TABLE public.n (a int REFERENCES public.things)",
            "SHARE ROW EXCLUSIVE",
        ),
    ],
)
def test_the_lock_of_a_statement(sql, mode):
    assert effects.of(sql).locks[IN_USE] == mode


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM public.things",
        "-- ALTER TABLE public.things ADD a int",
        "SELECT 'ALTER TABLE public.things ADD a int; DROP TABLE public.things'",
        "CREATE FUNCTION public.f() RETURNS void LANGUAGE plpgsql AS "
        "$$ BEGIN DROP TABLE public.things; END $$",
        "CREATE TABLE public.things (a int); ALTER TABLE public.things ADD b int",
        "ALTER TABLE parked.things ADD a int",
        "INSERT INTO public.things VALUES (1)",
    ],
)
def test_what_locks_no_table_in_use(sql):
    assert effects.of(sql).locks == {}


def test_the_strongest_lock_counts():
    weak, strong = (
        "ALTER TABLE public.things VALIDATE CONSTRAINT c;",
        "ALTER TABLE public.things DROP CONSTRAINT c;",
    )
    assert effects.of(weak + strong).locks[IN_USE] == "ACCESS EXCLUSIVE"
    assert effects.of(strong + weak).locks[IN_USE] == "ACCESS EXCLUSIVE"


@pytest.mark.parametrize(
    ("sql", "change"),
    [
        ("CREATE TABLE public.n (a int)", "Add Table"),
        ("ALTER TABLE public.things ADD COLUMN a int DEFAULT 1", "Add Column"),
        ("ALTER TABLE public.things ADD a int NOT NULL DEFAULT 1", "Add Column"),
        ("ALTER TABLE public.things ADD COLUMN a int NOT NULL", "Add Required Column"),
        ("CREATE INDEX CONCURRENTLY i ON public.things (a)", "Add Index"),
        ("ALTER TABLE public.things ALTER COLUMN a TYPE bigint", "Modify Column"),
        ("ALTER TABLE public.things ALTER a SET NOT NULL", "Modify Column"),
        ("ALTER TABLE public.things RENAME COLUMN a TO b", "Modify Column"),
        ("ALTER TABLE public.things ADD b int, DROP COLUMN a", "Drop Column"),
        ("DROP TABLE IF EXISTS public.things", "Drop Table"),
        ("UPDATE public.things SET a = 1", "Data Migration"),
        ("DO $$ BEGIN DELETE FROM public.things; END $$", "Data Migration"),
        ("CREATE VIEW public.v AS SELECT 1", "Add View"),
    ],
)
def test_the_change_of_a_statement(sql, change):
    assert change in effects.of(sql).changes


@pytest.mark.parametrize(
    ("drop", "make", "change"),
    [
        ("INDEX CONCURRENTLY IF EXISTS public.i", "INDEX i ON public.things (a)",
         "Drop Index"),
        ("VIEW public.v", "VIEW public.v AS SELECT 1", "Drop View"),
        ("FUNCTION public.f(int)", "FUNCTION public.f(int) RETURNS int AS ''",
         "Drop Function"),
    ],
)  # fmt: skip
def test_what_is_made_again_was_not_dropped(drop, make, change):
    assert change in effects.of(f"DROP {drop}").changes
    assert change not in effects.of(f"DROP {drop}; CREATE {make}").changes


def test_the_worst_change_decides():
    worst = matrix.verdict({"Add Table", "Data Migration"})
    assert (worst.complexity, worst.safe) == ("High", "Depends on change")
    assert matrix.verdict({"Drop Table", "Data Migration"}).safe == "No"
    assert matrix.verdict(set()).safe == "Yes"


def test_statements_are_cut_at_the_right_semicolons():
    sql = """
        SELECT ';', "a;b", E'\\';' -- ;
        ; /* ; */ DO $x$ BEGIN; END $x$;;
        SELECT 1
    """
    found = script_text.statements(sql)
    assert len(found) == 3
    assert found[1] == "DO $x$ BEGIN; END $x$"


@pytest.fixture(scope="module")
def texts():
    """The text of every revision, both ways."""
    target = Target()
    down = script_text.by_revision(target, target.revisions[::-1], up=False)
    return script_text.by_revision(target, target.revisions, up=True), down


def relation(node):
    return f"{node.schemaname}.{node.relname}"


def locked(statement):
    """What a top-level statement locks, by PostgreSQL's parser."""
    if isinstance(statement, ast.AlterTableStmt | ast.IndexStmt | ast.CreateTrigStmt):
        yield relation(statement.relation)
    elif isinstance(statement, ast.CreatePolicyStmt):
        yield relation(statement.table)
    elif isinstance(statement, ast.DropStmt) and statement.removeType in (
        enums.ObjectType.OBJECT_TABLE,
        enums.ObjectType.OBJECT_VIEW,
    ):
        for name in statement.objects:
            yield ".".join(part.sval for part in name)


def test_every_revision_reads_the_same_as_by_postgresql_s_parser(texts):
    for text in (text for direction in texts for text in direction.values()):
        parsed = [raw.stmt for raw in pglast.parse_sql(text)]
        assert len(script_text.statements(text)) == len(parsed)
        found = effects.of(text)
        created = {
            relation(s.relation) for s in parsed if isinstance(s, ast.CreateStmt)
        }
        tables = {table for statement in parsed for table in locked(statement)}
        expected = {table for table in tables - created if not table.startswith(OURS)}
        assert expected <= set(found.locks)
        assert {t for t in created if t.startswith("public.")} <= found.created


def test_our_revisions_park_every_table_they_make(texts):
    up, down = texts
    for revision, text in up.items():
        if revision == "baseline":
            continue
        made = {t for t in effects.of(text).created if t.startswith("public.")}
        assert made == set(effects.of(down[revision]).parked)


def test_columns_that_go_are_named_with_their_defaults(texts):
    found = effects.of(texts[1]["009"]).parked_columns["public.user_onboarding"]
    assert found[0] == "parked.user_onboarding__009"
    assert "primary_provider" in found[1]
    assert "'alpaca'" in found[1]
