"""The revisions, in order, known without a database."""

from alembic.config import Config
from alembic.script import Script, ScriptDirectory

from tests.commands import ROOT

DIRECTORY = ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini")))
VERSIONS = ROOT / "alembic" / "versions"


def in_order() -> list[Script]:
    """The revisions from the first to the last."""
    return list(reversed(list(DIRECTORY.walk_revisions())))


REVISIONS = [script.revision for script in in_order()]


def before(revision: str) -> str:
    """What to downgrade to, to take ``revision`` back."""
    number = REVISIONS.index(revision)
    return REVISIONS[number - 1] if number else "base"
