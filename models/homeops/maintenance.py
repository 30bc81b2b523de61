"""Device maintenance of ``smart_home`` (1.3.0): plans, faults, jobs, warranties."""

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.homeops.base import Amount, Base, UpdatedAt, listed, refers
from models.homeops.exact import Metered
from models.types import CreatedAt, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.homeops.core import User
    from models.homeops.smart_home import Device

__all__ = ["DeviceFault", "DeviceWarranty", "MaintenancePlan", "MaintenanceRecord"]


class MaintenancePlan(Base):
    """What must be done to a device again and again, by days or by use."""

    __tablename__ = "maintenance_plans"
    __table_args__ = (
        UniqueConstraint("device_id", "id", name="maintenance_plans_device_key"),
        UniqueConstraint("device_id", "task", name="maintenance_plans_task_key"),
        refers(
            "device_id", "smart_home.devices.id", name="fk_maintenance_plans_device"
        ),
        refers(
            "assigned_to",
            "core.users.id",
            name="fk_maintenance_plans_assignee",
            ondelete="SET NULL",
        ),
        CheckConstraint("length(task) > 0", name="maintenance_plans_task_check"),
        CheckConstraint(
            "interval_days BETWEEN 1 AND 36500", name="maintenance_plans_interval_check"
        ),
        CheckConstraint(
            "(usage_metric IS NULL) = (usage_limit IS NULL)",
            name="maintenance_plans_usage_check",
        ),
        CheckConstraint(
            "usage_limit > 0 AND usage_limit <> 'NaN'",
            name="maintenance_plans_usage_limit_check",
        ),
        CheckConstraint(
            "interval_days IS NOT NULL OR usage_metric IS NOT NULL",
            name="maintenance_plans_rhythm_check",
        ),
        CheckConstraint(
            "(interval_days IS NULL) = (next_due_on IS NULL)",
            name="maintenance_plans_due_check",
        ),
        Index("idx_maintenance_plans_assignee", "assigned_to"),
        Index(
            "idx_maintenance_plans_due",
            "next_due_on",
            postgresql_where=text("is_active"),
        ),
        {
            "schema": "smart_home",
            "comment": "What must be done to devices again and again, one row a"
            " task of a device",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    device_id: Mapped[uuid.UUID] = mapped_column(comment="Device; the row goes with it")
    task: Mapped[str] = mapped_column(
        comment="What to do, once for a device: replace filter"
    )
    instructions: Mapped[str | None] = mapped_column(comment="How to do it")
    interval_days: Mapped[int | None] = mapped_column(
        comment="Days between two times; NULL if only use counts"
    )
    usage_metric: Mapped[str | None] = mapped_column(
        comment="Metric of device_readings that counts use; NULL if only days count"
    )
    usage_limit: Mapped[Metered | None] = mapped_column(
        comment="Use between two times, in that metric's unit"
    )
    assigned_to: Mapped[uuid.UUID | None] = mapped_column(
        comment="Who does it, core.users.id; NULL: nobody, or the user is gone"
    )
    next_due_on: Mapped[dt.date | None] = mapped_column(
        comment="Next day to do it; NULL if only use counts"
    )
    is_active: Mapped[bool] = mapped_column(
        server_default=text("true"), comment="Whether it is still to be done"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    device: Mapped["Device"] = relationship(back_populates="maintenance_plans")
    assignee: Mapped["User | None"] = relationship(back_populates="maintenance_plans")
    records: Mapped[list["MaintenanceRecord"]] = relationship(
        back_populates="plan",
        primaryjoin="MaintenancePlan.id == MaintenanceRecord.plan_id",
        foreign_keys="MaintenanceRecord.plan_id",
        passive_deletes="all",
    )

    shown = ("id", "device_id", "task", "next_due_on")


class DeviceFault(Base):
    """That a device does not work, from the report to the repair."""

    __tablename__ = "device_faults"
    __table_args__ = (
        UniqueConstraint("device_id", "id", name="device_faults_device_key"),
        refers("device_id", "smart_home.devices.id", name="fk_device_faults_device"),
        refers(
            "reported_by",
            "core.users.id",
            name="fk_device_faults_reporter",
            ondelete="SET NULL",
        ),
        listed(
            "severity",
            "minor",
            "major",
            "critical",
            name="device_faults_severity_check",
        ),
        CheckConstraint(
            "length(description) BETWEEN 1 AND 10000",
            name="device_faults_description_check",
        ),
        CheckConstraint(
            "isfinite(reported_at) AND isfinite(resolved_at)",
            name="device_faults_times_check",
        ),
        CheckConstraint(
            "length(resolution) <= 10000", name="device_faults_resolution_length_check"
        ),
        CheckConstraint(
            "resolved_at >= reported_at", name="device_faults_resolved_check"
        ),
        CheckConstraint(
            "resolution IS NULL OR resolved_at IS NOT NULL",
            name="device_faults_resolution_check",
        ),
        Index(
            "idx_device_faults_device_reported", "device_id", text("reported_at DESC")
        ),
        Index("idx_device_faults_reporter", "reported_by"),
        Index(
            "idx_device_faults_open",
            "severity",
            "reported_at",
            postgresql_where=text("resolved_at IS NULL"),
        ),
        {
            "schema": "smart_home",
            "comment": "Faults of devices from report to repair, one row a fault",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    device_id: Mapped[uuid.UUID] = mapped_column(comment="Device; the row goes with it")
    reported_by: Mapped[uuid.UUID | None] = mapped_column(
        comment="Who saw it, core.users.id; NULL: the device itself, or the"
        " user is gone"
    )
    reported_at: Mapped[Timestamp] = mapped_column(
        server_default=text("now()"), comment="When it was seen"
    )
    severity: Mapped[str] = mapped_column(comment="minor, major or critical")
    description: Mapped[str] = mapped_column(comment="What is wrong")
    resolved_at: Mapped[Timestamp | None] = mapped_column(
        comment="When it worked again; NULL: it does not yet"
    )
    resolution: Mapped[str | None] = mapped_column(comment="What helped")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    device: Mapped["Device"] = relationship(back_populates="faults")
    reporter: Mapped["User | None"] = relationship(back_populates="reported_faults")
    repairs: Mapped[list["MaintenanceRecord"]] = relationship(
        back_populates="fault",
        primaryjoin="DeviceFault.id == MaintenanceRecord.fault_id",
        foreign_keys="MaintenanceRecord.fault_id",
        passive_deletes="all",
    )

    shown = ("id", "device_id", "severity", "reported_at")


class MaintenanceRecord(Base):
    """That something was done to a device, by whom and at what cost."""

    __tablename__ = "maintenance_records"
    __table_args__ = (
        refers(
            "device_id", "smart_home.devices.id", name="fk_maintenance_records_device"
        ),
        ForeignKeyConstraint(
            ["device_id", "plan_id"],
            [
                "smart_home.maintenance_plans.device_id",
                "smart_home.maintenance_plans.id",
            ],
            name="fk_maintenance_records_plan",
            ondelete="SET NULL (plan_id)",
        ),
        ForeignKeyConstraint(
            ["device_id", "fault_id"],
            ["smart_home.device_faults.device_id", "smart_home.device_faults.id"],
            name="fk_maintenance_records_fault",
            ondelete="SET NULL (fault_id)",
        ),
        refers(
            "done_by",
            "core.users.id",
            name="fk_maintenance_records_doer",
            ondelete="SET NULL",
        ),
        CheckConstraint(
            "length(task) BETWEEN 1 AND 300", name="maintenance_records_task_check"
        ),
        CheckConstraint("isfinite(done_on)", name="maintenance_records_done_on_check"),
        CheckConstraint(
            "length(comment) <= 10000", name="maintenance_records_comment_check"
        ),
        listed(
            "outcome",
            "done",
            "partial",
            "failed",
            name="maintenance_records_outcome_check",
        ),
        CheckConstraint(
            "cost >= 0 AND cost <> 'NaN'", name="maintenance_records_cost_check"
        ),
        CheckConstraint(
            "currency ~ '^[A-Z]{3}$'", name="maintenance_records_currency_check"
        ),
        Index("idx_maintenance_records_device_done", "device_id", text("done_on DESC")),
        Index(
            "idx_maintenance_records_plan", "plan_id", "device_id", text("done_on DESC")
        ),
        Index("idx_maintenance_records_fault", "fault_id", "device_id"),
        Index("idx_maintenance_records_doer", "done_by"),
        {
            "schema": "smart_home",
            "comment": "What was done to devices, one row a job",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    device_id: Mapped[uuid.UUID] = mapped_column(comment="Device; the row goes with it")
    plan_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Plan of the device that it was done for; NULL: none, or the plan"
        " is gone"
    )
    fault_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Fault of the device that it mended; NULL: none, or the fault is gone"
    )
    done_by: Mapped[uuid.UUID | None] = mapped_column(
        comment="Who did it, core.users.id; NULL: a craftsman, or the user is gone"
    )
    done_on: Mapped[dt.date] = mapped_column(comment="Day on which it was done")
    task: Mapped[str] = mapped_column(comment="What was done")
    outcome: Mapped[str] = mapped_column(
        server_default="done", comment="done, partial or failed"
    )
    cost: Mapped[Amount] = mapped_column(
        server_default=text("0"), comment="Money for parts and work"
    )
    currency: Mapped[str] = mapped_column(
        server_default="USD", comment="ISO 4217 code of cost"
    )
    parts: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default="{}", comment="Parts that were put in"
    )
    comment: Mapped[str | None] = mapped_column(comment="What the next one should know")
    created_at: Mapped[CreatedAt]

    device: Mapped["Device"] = relationship(back_populates="maintenance_records")
    plan: Mapped["MaintenancePlan | None"] = relationship(
        back_populates="records",
        primaryjoin=MaintenancePlan.id == plan_id,
        foreign_keys=plan_id,
    )
    fault: Mapped["DeviceFault | None"] = relationship(
        back_populates="repairs",
        primaryjoin=DeviceFault.id == fault_id,
        foreign_keys=fault_id,
    )
    doer: Mapped["User | None"] = relationship(back_populates="maintenance_records")

    shown = ("id", "device_id", "done_on", "task")


class DeviceWarranty(Base):
    """Until when somebody else pays for what breaks."""

    __tablename__ = "device_warranties"
    __table_args__ = (
        UniqueConstraint(
            "device_id", "provider", "starts_on", name="device_warranties_provider_key"
        ),
        refers(
            "device_id", "smart_home.devices.id", name="fk_device_warranties_device"
        ),
        CheckConstraint(
            "length(provider) > 0", name="device_warranties_provider_check"
        ),
        CheckConstraint("ends_on >= starts_on", name="device_warranties_dates_check"),
        CheckConstraint(
            "purchase_price >= 0 AND purchase_price <> 'NaN'",
            name="device_warranties_price_check",
        ),
        CheckConstraint(
            "currency ~ '^[A-Z]{3}$'", name="device_warranties_currency_check"
        ),
        Index("idx_device_warranties_ends", "ends_on"),
        {
            "schema": "smart_home",
            "comment": "Until when somebody else pays for what breaks, one row a"
            " warranty of a device",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    device_id: Mapped[uuid.UUID] = mapped_column(comment="Device; the row goes with it")
    provider: Mapped[str] = mapped_column(
        comment="Who gives it: the maker, a shop, an insurer"
    )
    starts_on: Mapped[dt.date] = mapped_column(comment="First day")
    ends_on: Mapped[dt.date] = mapped_column(comment="Last day")
    purchase_price: Mapped[Amount | None] = mapped_column(
        comment="What the device cost"
    )
    currency: Mapped[str] = mapped_column(
        server_default="USD", comment="ISO 4217 code of purchase_price"
    )
    reference: Mapped[str | None] = mapped_column(
        comment="Number of the contract or the receipt"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    device: Mapped["Device"] = relationship(back_populates="warranties")

    shown = ("id", "device_id", "provider", "ends_on")
