"""The document's decision matrix, row by row: `plan` on a revision of each kind."""

import shutil
from textwrap import dedent, indent

import pytest

from tests.commands import ROOT

MATRIX = """
Change Type          | Rollback Complexity | Auto-Rollback Safe?
---------------------|--------------------|--------------------|
Add Table            | Low                | Yes                |
Add Column           | Low                | Yes (if nullable)  |
Add Index            | Low                | Yes                |
Modify Column        | High               | No                 |
Drop Column          | Very High          | No                 |
Drop Table           | Very High          | No                 |
Data Migration       | High               | Depends on change  |
"""
"""HomeOps strategy, "Rollback Decision Matrix", as it stands there."""

TABLE = "CREATE TABLE public.things (id int PRIMARY KEY, a int, b int)"
UPDATE = '"UPDATE public.things SET a = 1 WHERE id = ANY (:keys)"'
REVISIONS = {
    "Add Table": ['run_sql("CREATE TABLE public.more (id int PRIMARY KEY)")'],
    "Add Column": ['add_column("public.things", Column("c", Text))'],
    "Add Index": ['create_index("things_a", "public.things", "a")'],
    "Modify Column": [
        'change_column_type("public.things", "a", "numeric(15, 2)")',
        'run_sql("ALTER TABLE public.things ALTER COLUMN a TYPE bigint")',
        'set_not_null("public.things", "a")',
    ],
    "Drop Column": [
        'run_sql("ALTER TABLE public.things DROP COLUMN b")',
        'park_columns("public.things", {"b": "NULL"})',
    ],
    "Drop Table": [
        'run_sql("DROP TABLE public.things")',
        'park_table("public.things")',
    ],
    "Data Migration": [
        f'backfill("a", source="public.things", key="id", statement={UPDATE})',
        'run_sql("DELETE FROM public.things WHERE a < 0")',
    ],
}
BEYOND = {
    "Add Required Column": ('run_sql("ALTER TABLE public.things ADD c int NOT NULL")',
                            "High", "No"),
    "Restructure Table": ('restructure_table("public.things", add_columns=["c text"])',
                          "High", "No"),
    "Drop Index": ('drop_index("public.things_a")', "Low", "Yes"),
}  # fmt: skip

FILE = '''\
"""step {number}

Locks: as the plan says of public.things.
Rollback: none needed here.
"""

from sqlalchemy import Column, Text

from rollout.ops import *
from rollout.ops.sql import run_sql

revision, down_revision = "{number:03}", {before!r}
branch_labels = depends_on = None
schema_version, kind, phase = "0.{number}.0", "schema", 1


def upgrade() -> None:
{body}


def downgrade() -> None:
    raise NotImplementedError
'''


def rows():
    for line in MATRIX.strip().splitlines()[2:]:
        change, complexity, safe = (part.strip() for part in line.split("|")[:3])
        yield change, complexity, safe.partition(" (")[0]


@pytest.fixture
def planned(rollout, empty_database, tmp_path):
    """Plan revisions with these bodies; returns the steps after the table is made."""

    def plan(*bodies):
        versions = tmp_path / "alembic" / "versions"
        versions.mkdir(parents=True)
        shutil.copy(ROOT / "alembic.ini", tmp_path)
        shutil.copy(ROOT / "alembic" / "env.py", tmp_path / "alembic")
        for number, body in enumerate([f'run_sql("{TABLE}")', *bodies]):
            before = f"{number - 1:03}" if number else None
            text = indent(dedent(body), "    ")
            file = FILE.format(number=number, before=before, body=text)
            (versions / f"{number:03}_step.py").write_text(file)
        config = str(tmp_path / "alembic.ini")
        done = rollout(empty_database, "plan", "--config", config, "--json")
        assert done.status == 0, done.err
        return done.json["steps"][1:]

    return plan


def test_every_row_of_the_document_comes_out_for_a_revision_of_that_kind(planned):
    expected = [
        (change, complexity, safe)
        for change, complexity, safe in rows()
        for _ in REVISIONS[change]
    ]
    steps = planned(*(body for change, *_ in rows() for body in REVISIONS[change]))
    assert len(steps) == len(expected) == 12
    for step, (change, complexity, safe) in zip(steps, expected, strict=True):
        assert change in step["changes"]
        found = (step["complexity"], step["auto_rollback_safe"])
        assert (change, *found) == (change, complexity, safe)


def test_what_the_document_leaves_out(planned):
    steps = planned(*(body for body, *_ in BEYOND.values()))
    for step, (change, (_, *verdict)) in zip(steps, BEYOND.items(), strict=True):
        assert change in step["changes"]
        assert [step["complexity"], step["auto_rollback_safe"]] == verdict


def test_the_swap_at_the_end_is_a_lock_of_the_plan(planned):
    change, restructure = planned(
        'change_column_type("public.things", "a", "bigint")',
        'restructure_table("public.things")',
    )
    assert change["locks"] == {"public.things": "ACCESS EXCLUSIVE"}
    assert restructure["locks"]["public.things"] == "ACCESS EXCLUSIVE"
    assert "Add Table" not in restructure["changes"]
