"""${message}

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
