"""A column or table is exchanged: what old sessions do meanwhile, what reads it."""

from contextlib import closing

import psycopg2
import pytest
import sqlalchemy as sa

from rollout.errors import RolloutError
from tests.rollout.ops.interrupt import statements_seen

SETUP = (
    "CREATE SCHEMA app",
    """
    CREATE TABLE app.t (
        id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        amount text, note text, slug text UNIQUE
    )
    """,
    """
    CREATE TABLE app.child (
        id int PRIMARY KEY,
        t_id int NOT NULL CONSTRAINT child_t REFERENCES app.t (id) ON DELETE CASCADE
    )
    """,
    "INSERT INTO app.t (amount, slug) SELECT g, 's' || g FROM generate_series(1, 9) g",
    "INSERT INTO app.child VALUES (1, 5)",
)
TABLE = 'restructure_table("app.t", add_columns=["extra text"])'
COLUMN = 'change_column_type("app.t", "amount", "numeric", back="amount::text")'
BACK = {
    TABLE: 'revert_restructure("app.t")',
    COLUMN: 'revert_column_type("app.t", "amount")',
}
BOTH = pytest.mark.parametrize("change", [TABLE, COLUMN], ids=["table", "column"])
NO_WAIT = "SET lock_timeout = '500ms'"


@pytest.fixture
def lab(lab):
    lab.execute(*SETUP)
    return lab


def upgrade_with(lab, words, work):
    """Upgrade, with ``work`` done before the first statement that has these words."""
    seen = []

    def hook(statement):
        if words in statement and not seen:
            seen.append(statement)
            work()

    with statements_seen(hook):
        lab.upgrade(workers=1)
    assert seen


@BOTH
def test_rows_of_an_import_that_fires_no_triggers_come_along(change, lab):
    lab.revision(change)
    upgrade_with(
        lab, "do not fit",
        lambda: lab.execute(
            f"SET session_replication_role = replica; {NO_WAIT}; "
            "UPDATE app.t SET amount = '77', note = 'imported' WHERE id = 5"
        ),
    )  # fmt: skip
    row = lab.rows("SELECT amount::text, note FROM app.t WHERE id = 5")
    assert row == [("77", "imported")]


def test_an_update_waits_for_nobody_who_refers_to_the_row(lab):
    """From when foreign keys refer to both tables until they change places."""
    lab.revision(TABLE)

    def write():
        with closing(psycopg2.connect(lab.dsn)) as other:
            other.cursor().execute("INSERT INTO app.child VALUES (2, 5)")
            lab.execute(f"{NO_WAIT}; UPDATE app.t SET note = 'x' WHERE id = 5")

    upgrade_with(lab, "VALIDATE", write)
    assert lab.value("SELECT note FROM app.t WHERE id = 5") == "x"


def test_every_kind_of_write_beside_an_identity_that_is_always_generated(lab):
    """That the column cannot be updated must not fail the old application's writes."""
    lab.revision(TABLE, BACK[TABLE])
    upgrade_with(
        lab, "do not fit",
        lambda: lab.execute(
            "INSERT INTO app.t (amount) VALUES ('10')",
            "INSERT INTO app.t (slug) VALUES ('s1') ON CONFLICT (slug) "
            "DO UPDATE SET note = 'upsert'",
            "MERGE INTO app.t USING (VALUES ('s2')) AS v (slug) ON t.slug = v.slug "
            "WHEN MATCHED THEN UPDATE SET note = 'merged'",
            "UPDATE app.t SET id = DEFAULT WHERE id = 3",
            "DELETE FROM app.t WHERE id = 4",
            "BEGIN; SAVEPOINT s; DELETE FROM app.t; ROLLBACK TO s; COMMIT",
        ),
    )  # fmt: skip
    rows = lab.rows("SELECT id, amount, note, slug FROM app.t ORDER BY id")
    assert [id_ for id_, *_ in rows] == [1, 2, 5, 6, 7, 8, 9, 10, 12]
    assert [note for *_, note, _ in rows[:2]] == ["upsert", "merged"]
    assert rows[-1] == (12, "3", None, "s3")
    lab.execute("UPDATE app.t SET note = 'later' WHERE id = 5")
    after = lab.rows("SELECT id, amount, note, slug FROM app.t ORDER BY id")
    lab.downgrade()
    assert lab.rows("SELECT * FROM app.t ORDER BY id") == after


def test_prepared_statements_stay_good_while_the_table_is_exchanged(lab):
    lab.revision(TABLE, BACK[TABLE])
    with closing(psycopg2.connect(lab.dsn)) as session:
        session.autocommit = True
        cursor = session.cursor()
        cursor.execute(
            "PREPARE seen AS SELECT id, note FROM app.t WHERE id = $1; "
            "PREPARE change AS UPDATE app.t SET note = $2 WHERE id = $1; "
            "PREPARE more AS INSERT INTO app.t (amount) VALUES ($1) RETURNING id"
        )
        for step, move in enumerate((lambda: None, lab.upgrade, lab.downgrade)):
            move()
            for _ in range(6):  # from the sixth time on the plan is a kept one
                cursor.execute("EXECUTE more ('1')")
                cursor.execute(f"EXECUTE change (5, 'step {step}')")
                cursor.execute("EXECUTE seen (5)")
                assert cursor.fetchall() == [(5, f"step {step}")]
    assert lab.value("SELECT count(*) FROM app.t") == 9 + 18


def test_what_no_migration_can_spare_them_is_a_prepared_star(lab):
    """docs/operations.md says so; named columns go on."""
    lab.revision("op.execute('ALTER TABLE app.t ADD COLUMN extra text')")
    with closing(psycopg2.connect(lab.dsn)) as session:
        session.autocommit = True
        cursor = session.cursor()
        cursor.execute(
            "PREPARE star AS SELECT * FROM app.t WHERE id = $1; "
            "PREPARE named AS SELECT id, amount FROM app.t WHERE id = $1; "
            "EXECUTE star (1); EXECUTE named (1)"
        )
        lab.upgrade()
        cursor.execute("EXECUTE named (1)")
        assert cursor.fetchall() == [(1, "1")]
        with pytest.raises(psycopg2.NotSupportedError, match="must not change result"):
            cursor.execute("EXECUTE star (1)")


def test_a_value_that_was_never_written_is_no_reject(lab):
    """ON CONFLICT comes to nothing after the trigger has seen the row."""
    lab.revision(COLUMN)
    bad = "INSERT INTO app.t (amount, slug) VALUES ('bad', 's5') ON CONFLICT DO NOTHING"
    upgrade_with(lab, "$forget$", lambda: lab.execute(bad))
    assert lab.rows("TABLE migrations.backfill_rejects") == []


BY_POSITION = "INSERT INTO app.t OVERRIDING SYSTEM VALUE VALUES (20, {}, 'n', 's20')"


@pytest.mark.parametrize("default", [None, "'7'"], ids=["no default", "a default"])
def test_an_insert_that_names_no_columns_is_taken_as_it_is_meant(default, lab):
    """Its value comes to the old column, which stands in the place of the new one."""
    if default:
        lab.execute(f"ALTER TABLE app.t ALTER amount SET DEFAULT {default}")
    lab.revision(COLUMN, BACK[COLUMN])
    lab.upgrade()
    lab.execute(BY_POSITION.format("'12.50'"), "INSERT INTO app.t (note) VALUES ('-')")
    both = "SELECT amount::text, note, slug FROM app.t WHERE note <> '' ORDER BY id"
    expected = [(default and "7", "-", None), ("12.50", "n", "s20")]
    assert lab.rows(both) == expected
    lab.downgrade()
    assert lab.rows(both) == expected


def test_a_value_by_position_that_does_not_fit_fails_as_a_named_one_would(lab):
    lab.revision(COLUMN, BACK[COLUMN])
    lab.upgrade()
    with pytest.raises(psycopg2.DataError):
        lab.execute(BY_POSITION.format("'much'"))
    lab.execute(BY_POSITION.format("NULL"))
    assert lab.value("SELECT amount FROM app.t WHERE id = 20") is None


@BOTH
def test_a_policy_of_another_table_reads_what_it_has_read(change, reader, lab):
    lab.execute(
        "GRANT USAGE ON SCHEMA app TO PUBLIC",
        "GRANT SELECT ON app.t, app.child TO PUBLIC",
        "ALTER TABLE app.child ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY p ON app.child FOR SELECT USING (EXISTS (SELECT FROM app.t "
        "WHERE t.id = child.t_id AND t.amount IS NOT NULL))",
    )
    text = "SELECT pg_get_expr(polqual, polrelid) FROM pg_policy"
    seen = f"SET ROLE {reader}; SELECT count(*) FROM app.child"
    lab.revision(change, BACK[change])
    before = lab.value(text)
    lab.upgrade()
    assert "_old" not in lab.value(text)
    assert lab.value(seen) == 1
    lab.execute("UPDATE app.t SET amount = NULL WHERE id = 5")
    assert lab.value(seen) == 0
    lab.downgrade()
    assert lab.value(text) == before
    assert lab.value(seen) == 0


@pytest.mark.parametrize(
    "change", [TABLE, 'change_column_type("app.t", "id", "bigint")'],
    ids=["table", "column"],
)  # fmt: skip
def test_a_sequence_keeps_its_grants_and_comment(change, reader, lab):
    lab.execute(
        f"GRANT USAGE, SELECT ON SEQUENCE app.t_id_seq TO {reader} WITH GRANT OPTION",
        "GRANT USAGE ON SEQUENCE app.t_id_seq TO PUBLIC",
        "COMMENT ON SEQUENCE app.t_id_seq IS 'numbers of t'",
        # What a new sequence has by itself must not stay.
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT ALL ON SEQUENCES TO {reader}",
    )
    rights = """
        SELECT g.grantee::regrole::text, g.privilege_type, g.is_grantable,
            obj_description(c.oid)
        FROM pg_class AS c, aclexplode(c.relacl) AS g
        WHERE c.oid = 'app.t_id_seq'::regclass ORDER BY 1, 2
    """
    before = lab.rows(rights)
    lab.revision(change)
    lab.upgrade()
    assert lab.rows(rights) == before
    lab.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE ALL ON SEQUENCES "
        f"FROM {reader}", f"DROP OWNED BY {reader}")  # fmt: skip


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (TABLE, TABLE.replace("extra", "more")),
        (COLUMN, COLUMN.replace("numeric", "numeric(9, 2)")),
    ],
    ids=["table", "column"],
)
def test_another_change_before_the_first_is_finished_is_refused(change, again, lab):
    """Taken for the one that is done already, it would be passed over in silence."""
    lab.revision(change)
    lab.revision(again)
    lab.upgrade("001")
    before = lab.state()
    with pytest.raises(RolloutError, match=r"(?s)_old is there.*finish_"):
        lab.upgrade()
    lab.assert_is(before)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("restructure_table('app.\"My t\"')", "need quotes"),
        ("change_column_type('app.t', 'Amount', 'numeric')", "need quotes"),
        ("park_columns('app.\"My t\"', {'note': 'NULL'})", "need quotes"),
        (f"restructure_table('app.{'t' * 60}')", "63 bytes"),
        (f"change_column_type('app.t', '{'c' * 60}', 'numeric')", "63 bytes"),
        (f"park_columns('app.{'t' * 60}', {{'note': 'NULL'}})", "63 bytes"),
    ],
)
def test_a_name_of_which_no_other_can_be_made_is_refused(call, said, lab):
    """Cut at 63 bytes, ``…_old`` is the name itself: as if all were done."""
    lab.execute(f"CREATE TABLE app.{'t' * 60} (id int PRIMARY KEY, note text)",
        f"ALTER TABLE app.t ADD COLUMN {'c' * 60} text")  # fmt: skip
    lab.revision(call)
    with pytest.raises(Exception, match=said):
        lab.upgrade()


@pytest.mark.parametrize(
    ("change", "obstacle", "said"),
    [
        (
            TABLE,
            "ALTER TABLE app.t DROP CONSTRAINT t_pkey CASCADE, "
            "ADD CONSTRAINT t_pkey PRIMARY KEY (id) DEFERRABLE",
            "t_pkey is deferrable",
        ),
        (
            TABLE,
            "CREATE TEMP VIEW v AS SELECT id FROM app.t",
            "_RETURN on view pg_temp",
        ),
        (COLUMN, "CREATE TABLE app.kept (was app.t)", "was of app.kept keeps rows"),
        (COLUMN, "CREATE TABLE app.kept (was app.t[])", "was of app.kept keeps rows"),
        (
            COLUMN,
            "CREATE TRIGGER zzzzz BEFORE UPDATE ON app.t FOR EACH ROW "
            "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "trigger zzzzz fires after ours",
        ),
    ],
)
def test_what_would_break_stops_it_before_anything_changes(change, obstacle, said, lab):
    lab.revision(change)
    with closing(psycopg2.connect(lab.dsn)) as session:
        session.autocommit = True
        session.cursor().execute(obstacle)
        before = lab.snapshot()["column"]
        with pytest.raises(RolloutError, match=f"cannot .*{said}"):
            lab.upgrade()
        assert lab.snapshot()["column"].keys() >= before.keys()
        assert "app.t_new.id" not in lab.snapshot()["column"]
        assert "app.t.amount_new" not in lab.snapshot()["column"]
    lab.execute("INSERT INTO app.t (amount) VALUES ('1')")


@BOTH
def test_a_policy_that_we_may_not_alter_stops_it(change, reader, lab):
    name = lab.value("SELECT current_database()")
    lab.execute(
        f"GRANT CREATE ON DATABASE {name} TO {reader}",
        f"GRANT ALL ON SCHEMA app TO {reader}",
        f"ALTER TABLE app.t OWNER TO {reader}",
        "CREATE POLICY p ON app.child USING (EXISTS (SELECT FROM app.t "
        "WHERE t.id = child.t_id AND t.amount <> ''))",
    )
    lab.revision(change)
    url = sa.make_url(lab.url).set(username=reader).render_as_string(False)
    with pytest.raises(RolloutError, match="policy p on app.child .*another role"):
        lab.at(url).upgrade()


def test_a_view_that_we_may_not_replace_stops_it(reader, lab):
    name = lab.value("SELECT current_database()")
    lab.execute(
        f"GRANT CREATE ON DATABASE {name} TO {reader}",
        f"GRANT ALL ON SCHEMA app TO {reader}",
        f"ALTER TABLE app.t OWNER TO {reader}",
        f"ALTER TABLE app.child OWNER TO {reader}",
        "CREATE VIEW app.v AS SELECT id FROM app.t",
    )
    lab.revision(TABLE)
    url = sa.make_url(lab.url).set(username=reader).render_as_string(False)
    with pytest.raises(RolloutError, match=r"cannot .*_RETURN on view app\.v"):
        lab.at(url).upgrade()


def test_columns_that_read_the_same_do_not_share_a_function(lab):
    """follow_app_order_line_total: of order.line_total, or of order_line.total?"""
    lab.execute(
        "CREATE TABLE app.sale (id int PRIMARY KEY, line_total text)",
        "CREATE TABLE app.sale_line (id int PRIMARY KEY, total text)",
    )
    lab.revision('change_column_type("app.sale", "line_total", "numeric")')
    lab.revision('change_column_type("app.sale_line", "total", "numeric")')
    lab.upgrade()
    lab.execute("INSERT INTO app.sale VALUES (1, NULL, 5)",
        "INSERT INTO app.sale_line VALUES (1, NULL, 6)")  # fmt: skip
    assert lab.rows("SELECT line_total_old FROM app.sale") == [("5",)]
    assert lab.rows("SELECT total_old FROM app.sale_line") == [("6",)]
