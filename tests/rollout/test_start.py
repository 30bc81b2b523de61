"""What a command needs before it begins: few connections, and the models late."""

import subprocess
import sys
from contextlib import contextmanager

import sqlalchemy as sa

from tests.commands import ROOT, alembic_run
from tests.rollout.ops import lab as lab_module
from tests.rollout.ops.lab import Lab

UPGRADE = """\
import sys
from alembic.config import main
main(["upgrade", "head"])
print([name for name in ("models", "sqlalchemy.orm") if name in sys.modules])
"""
UNNAMED = 'op.create_table("t", Column("n", INTEGER, unique=True), schema="public")'
NAMES = "SELECT conname FROM pg_constraint WHERE conrelid = 'public.t'::regclass"


@contextmanager
def connections():
    """Count the connections that are opened in the block."""
    opened = []

    def connected(*_):
        opened.append(1)

    sa.event.listen(sa.pool.Pool, "connect", connected)
    try:
        yield opened
    finally:
        sa.event.remove(sa.pool.Pool, "connect", connected)


def test_an_upgrade_opens_three_connections(head_database):
    """The runner lock's, that which works, and one that says that it is over."""
    with connections() as opened:
        alembic_run(head_database, "upgrade", "head")
    assert len(opened) == 3


def test_with_nothing_to_do_the_models_are_not_imported(head_database):
    done = subprocess.run(
        [sys.executable, "-c", UPGRADE], env={"DATABASE_URL": head_database},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "[]\n", done.stderr


def test_the_models_name_what_a_revision_leaves_without_a_name(
    empty_database, tmp_path, monkeypatch
):
    named = sa.MetaData(naming_convention={"uq": "one_%(column_0_name)s"})
    monkeypatch.setattr(lab_module, "METADATA", named)
    lab = Lab(empty_database, tmp_path / "history")
    lab.revision(UNNAMED)
    lab.upgrade()
    assert lab.rows(NAMES) == [("one_n",)]
