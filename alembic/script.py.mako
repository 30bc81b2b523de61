<%!
import re

def title(message):
    """The message without the version, which is for the file's name."""
    return re.sub(r"^v\d+[._]\d+[._]\d+\s+", "", message)
%>"""${message | title}

Locks: name every lock on a table in use, or "none on tables in use".
Rollback: automatic or by hand; what is parked, what is rebuilt.

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
"""

from rollout.ops import lock_tables

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None
schema_version = "MAJOR.MINOR.PATCH"  # breaks applications, adds, or fixes
kind = "schema"  # schema, data, indexes or procedures
phase = 3


def upgrade() -> None:
    ${upgrades if upgrades else "raise NotImplementedError"}


def downgrade() -> None:
    ${downgrades if downgrades else "raise NotImplementedError"}
