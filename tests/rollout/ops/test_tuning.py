"""What an operator has set on a table or column goes where its rows go."""

from contextlib import closing

import psycopg2
import pytest

from rollout.embedded import url_text
from rollout.errors import RolloutError

SETUP = (
    "CREATE SCHEMA app",
    """
    CREATE TABLE app.t (
        id int CONSTRAINT t_pkey PRIMARY KEY WITH (fillfactor = 70),
        code text,
        number int NOT NULL CONSTRAINT t_number_key UNIQUE
    ) WITH (fillfactor = 80, toast.autovacuum_enabled = false)
    """,
    "INSERT INTO app.t SELECT g, 'c' || g % 7, g FROM generate_series(1, 40) AS g",
    "CREATE INDEX t_code ON app.t (lower(code), number) WITH (fillfactor = 60)",
    "CREATE STATISTICS app.t_stats (dependencies) ON code, number FROM app.t",
    "COMMENT ON COLUMN app.t.code IS 'what kind'",
    "COMMENT ON STATISTICS app.t_stats IS 'they go together'",
    "ALTER TABLE app.t ALTER code SET STATISTICS 77",
    "ALTER TABLE app.t ALTER code SET (n_distinct = 7, n_distinct_inherited = 9)",
    "ALTER TABLE app.t ALTER code SET STORAGE EXTERNAL",
    "ALTER TABLE app.t ALTER code SET COMPRESSION pglz",
    "ALTER TABLE app.t ALTER number SET (n_distinct = -1)",
    "ALTER TABLE app.t ALTER number SET STATISTICS 0",
    "ALTER INDEX app.t_code ALTER 1 SET STATISTICS 12",
    "ALTER STATISTICS app.t_stats SET STATISTICS 13",
    "ALTER TABLE app.t CLUSTER ON t_code",
    "ALTER TABLE app.t REPLICA IDENTITY USING INDEX t_number_key",
    "CREATE PUBLICATION pub FOR TABLE app.t",
)
LISTED = "ALTER PUBLICATION pub SET TABLE app.t (id, number) WHERE (number > 0)"
TUNING = {
    "tuning app.t.code: STATISTICS 77 n_distinct=7, n_distinct_inherited=9"
    " STORAGE e COMPRESSION p",
    "tuning app.t.number: STATISTICS 0 n_distinct=-1",
    "tuning app.t_code: CLUSTERED",
    "tuning app.t_code.1: STATISTICS 12",
    "tuning app.t toast: autovacuum_enabled=false",
    "tuning statistics app.t_stats: STATISTICS 13",
}
KINDS = ("relation", "column", "index", "statistics", "comment", "tuning")
KINDS += ("publication",)
LAYERS = ("_old", "_spare_", "zzzz", "migrations.", "parked", "app.t.extra")


def said(lab):
    """Everything of these kinds as lines; the layer's own are left out."""
    return {
        f"{kind} {name}: {text}"
        for kind in KINDS
        for name, text in sorted(lab.snapshot()[kind].items())
        if not any(word in f"{name}" for word in LAYERS)
    }


def statistics_sorted(lines):
    """Of extended statistics, the columns are listed in the order of the table's."""
    return {
        " ".join(sorted(line.replace(",", "").split()))
        if line.startswith("statistics")
        else line
        for line in lines
    }


@pytest.fixture
def elsewhere(server):
    """A tablespace. Ask for it before any database: it goes last."""
    with closing(psycopg2.connect(url_text(server))) as connection:
        connection.autocommit = True
        connection.cursor().execute("SET allow_in_place_tablespaces = on")
        connection.cursor().execute("CREATE TABLESPACE elsewhere LOCATION ''")
        yield
        connection.cursor().execute("DROP TABLESPACE elsewhere")


@pytest.fixture
def lab(lab):
    lab.execute(*SETUP)
    return lab


def test_the_table_has_it_all(lab):
    lines = said(lab)
    assert lines >= TUNING
    assert "publication app.t in pub: published" in lines
    assert any("replica identity i, with fillfactor=80" in line for line in lines)


RESTRUCTURE = 'restructure_table("app.t", add_columns=["extra int"])'


@pytest.mark.parametrize("listed", [False, True])
def test_a_restructured_table_has_it_and_so_has_the_old_one_afterwards(listed, lab):
    if listed:
        lab.execute(LISTED)
    lab.revision(RESTRUCTURE, 'revert_restructure("app.t")')
    before = said(lab)
    lab.upgrade()
    assert said(lab) == before
    lab.execute(
        "ALTER TABLE app.t ALTER code SET (n_distinct = 5)",
        "ALTER INDEX app.t_pkey SET (fillfactor = 75)",
    )
    changed = said(lab)
    assert changed != before
    lab.downgrade("base")
    assert said(lab) == changed


@pytest.mark.parametrize(
    ("change", "typed"),
    [
        ('"code", "varchar(50)"', ("text", "character varying(50)")),
        ('"number", "bigint"', ("integer NOT NULL", "bigint NOT NULL")),
    ],
)
def test_a_column_of_another_type_has_it_and_on_the_way_back(change, typed, lab):
    column = change.split('"')[1]
    lab.revision(
        f'change_column_type("app.t", {change})',
        f'revert_column_type("app.t", "{column}")',
    )
    before = statistics_sorted(said(lab))
    lab.upgrade()
    of_column = f"column app.t.{column}: "
    after = {
        line.replace(typed[1], typed[0]) if line.startswith(of_column) else line
        for line in statistics_sorted(said(lab))
    }
    # PostgreSQL casts a varchar to text in an expression.
    assert {line.replace("(code)::text", "code") for line in after} == before
    lab.downgrade("base")
    assert statistics_sorted(said(lab)) == before


def test_what_a_short_type_cannot_have_is_left_out(lab):
    lab.execute("DROP INDEX app.t_code")
    lab.revision(
        """change_column_type("app.t", "code", "int", using="substr(code, 2)::int")"""
    )
    lab.upgrade()
    expected = "STATISTICS 77 n_distinct=7, n_distinct_inherited=9"
    assert lab.snapshot()["tuning"]["app.t.code"] == expected


def test_a_parked_table_keeps_it(lab):
    lab.revision('restore_table("app.t")')
    lab.revision("pass", "pass")
    lab.revision('park_table("app.t")', 'restore_table("app.t")')
    before = said(lab)
    lab.upgrade()
    assert not any(line.startswith("tuning app.t") for line in said(lab))
    assert lab.snapshot()["publication"] == {"parked.t in pub": "published"}
    lab.downgrade("002")
    assert said(lab) == before


@pytest.mark.parametrize(
    ("obstacle", "word"),
    [
        ("ALTER TABLE app.t SET UNLOGGED", "it is unlogged"),
        ("ALTER TABLE app.t SET TABLESPACE elsewhere", "in the tablespace elsewhere"),
    ],
)
def test_what_the_new_table_would_not_have_is_refused(obstacle, word, elsewhere, lab):
    lab.execute("DROP PUBLICATION pub", obstacle)
    lab.revision(RESTRUCTURE)
    with pytest.raises(RolloutError, match=word):
        lab.upgrade()


def test_a_restructured_table_can_change_a_type_while_the_old_one_stands(lab):
    """Both keep an index of the same name aside."""
    lab.revision(RESTRUCTURE, 'revert_restructure("app.t")')
    lab.revision(
        'change_column_type("app.t", "number", "bigint")',
        'revert_column_type("app.t", "number")',
    )
    before = said(lab)
    lab.upgrade()
    with pytest.raises(psycopg2.errors.UniqueViolation):
        lab.execute("INSERT INTO app.t (id, number) VALUES (100, 1)")
    lab.downgrade("base")
    assert said(lab) == before
