"""The log of migration operations."""

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Timestamp, UuidPk

__all__ = ["MigrationLog"]


class MigrationLog(Base):
    """One operation of a migration, failed ones included. Closed to the API."""

    __tablename__ = "migration_log"
    __table_args__ = (
        Index("idx_migration_log_executed", text("executed_at DESC")),
        {
            "comment": "Operations of migrations, failed ones included",
            "info": {"rls": "closed"},
        },
    )

    id: Mapped[UuidPk]
    migration_file: Mapped[str] = mapped_column(
        comment="File of the revision, or the command that ran"
    )
    operation: Mapped[str] = mapped_column(
        comment="CREATE, ALTER, INSERT, ROLLBACK or another"
    )
    description: Mapped[str | None] = mapped_column(comment="What was done")
    executed_at: Mapped[Timestamp | None] = mapped_column(
        server_default=text("now()"), comment="When it was done"
    )
    executed_by: Mapped[str | None] = mapped_column(
        server_default=text("CURRENT_USER"), comment="Database role that did it"
    )
    execution_time_ms: Mapped[int | None] = mapped_column(comment="Milliseconds")
    success: Mapped[bool | None] = mapped_column(
        server_default=text("true"), comment="Whether it succeeded"
    )
    error_message: Mapped[str | None] = mapped_column(comment="What went wrong")

    shown = ("id", "migration_file", "operation", "success")
