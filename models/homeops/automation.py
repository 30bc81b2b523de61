"""Automation learning of ``smart_home`` (1.3.0): rules, actions, habits."""

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.homeops.base import Base, UpdatedAt, listed, refers
from models.homeops.exact import Fraction
from models.types import CreatedAt, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.homeops.core import User
    from models.homeops.smart_home import Device

__all__ = ["Automation", "AutomationRun", "DeviceAction", "LearnedPattern"]


class Automation(Base):
    """What the house does by itself: when, on which condition, and what."""

    __tablename__ = "automations"
    __table_args__ = (
        UniqueConstraint("name", name="automations_name_key"),
        refers(
            "created_by",
            "core.users.id",
            name="fk_automations_creator",
            ondelete="SET NULL",
        ),
        CheckConstraint("length(name) > 0", name="automations_name_check"),
        CheckConstraint(
            "jsonb_typeof(trigger) = 'object' AND trigger ? 'type'",
            name="automations_trigger_check",
        ),
        CheckConstraint(
            "jsonb_typeof(actions) = 'object' AND actions <> '{}'",
            name="automations_actions_check",
        ),
        listed("origin", "person", "learned", name="automations_origin_check"),
        Index("idx_automations_creator", "created_by"),
        {
            "schema": "smart_home",
            "comment": "What the house does by itself, one row a rule",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    name: Mapped[str] = mapped_column(comment="Name of the rule, once in the house")
    trigger: Mapped[dict[str, Any]] = mapped_column(
        JSONB, comment='What starts it: {"type": "time", "at": "22:30"}'
    )
    conditions: Mapped[dict[str, Any]] = mapped_column(
        JSONB,
        server_default="{}",
        comment='What must hold then: {"everybody_away": true}',
    )
    actions: Mapped[dict[str, Any]] = mapped_column(
        JSONB, comment='What it does: {"device": …, "attribute": …, "value": …}'
    )
    origin: Mapped[str] = mapped_column(
        server_default="person",
        comment="person: somebody made it; learned: from a pattern",
    )
    is_enabled: Mapped[bool] = mapped_column(
        server_default=text("true"), comment="Whether it runs"
    )
    created_by: Mapped[uuid.UUID | None] = mapped_column(
        comment="Who made or accepted it, core.users.id; NULL once the user is gone"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    creator: Mapped["User | None"] = relationship(back_populates="automations")
    runs: Mapped[list["AutomationRun"]] = relationship(
        back_populates="automation", passive_deletes="all"
    )
    patterns: Mapped[list["LearnedPattern"]] = relationship(
        back_populates="automation", passive_deletes="all"
    )

    shown = ("id", "name", "origin", "is_enabled")


class AutomationRun(Base):
    """One time that a rule ran, and what came of it."""

    __tablename__ = "automation_runs"
    __table_args__ = (
        refers(
            "automation_id",
            "smart_home.automations.id",
            name="fk_automation_runs_automation",
        ),
        listed(
            "outcome",
            "running",
            "done",
            "skipped",
            "failed",
            name="automation_runs_outcome_check",
        ),
        CheckConstraint(
            "(outcome = 'running') = (finished_at IS NULL)",
            name="automation_runs_finished_check",
        ),
        CheckConstraint(
            "finished_at >= started_at", name="automation_runs_times_check"
        ),
        CheckConstraint(
            "(outcome = 'failed') = (error IS NOT NULL)",
            name="automation_runs_error_check",
        ),
        Index(
            "idx_automation_runs_automation_started",
            "automation_id",
            text("started_at DESC"),
        ),
        Index("idx_automation_runs_started", "started_at", postgresql_using="brin"),
        {
            "schema": "smart_home",
            "comment": "When rules ran and what came of it, one row a run; written"
            " by the hub",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    automation_id: Mapped[uuid.UUID] = mapped_column(
        comment="Rule; the row goes with it"
    )
    started_at: Mapped[Timestamp] = mapped_column(
        server_default=text("now()"), comment="When it began"
    )
    finished_at: Mapped[Timestamp | None] = mapped_column(
        comment="When it ended; NULL while it runs"
    )
    outcome: Mapped[str] = mapped_column(
        server_default="running",
        comment="running, done, skipped (a condition did not hold) or failed",
    )
    error: Mapped[str | None] = mapped_column(
        comment="What went wrong; NULL unless it failed"
    )

    automation: Mapped["Automation"] = relationship(back_populates="runs")
    actions: Mapped[list["DeviceAction"]] = relationship(
        back_populates="run", passive_deletes="all"
    )

    shown = ("id", "automation_id", "started_at", "outcome")


class DeviceAction(Base):
    """That somebody or something switched a device: what learning is made from.

    What an automation did and a person took back within minutes is a correction.
    """

    __tablename__ = "device_actions"
    __table_args__ = (
        refers("device_id", "smart_home.devices.id", name="fk_device_actions_device"),
        refers(
            "user_id",
            "core.users.id",
            name="fk_device_actions_user",
            ondelete="SET NULL",
        ),
        refers(
            "run_id",
            "smart_home.automation_runs.id",
            name="fk_device_actions_run",
            ondelete="SET NULL",
        ),
        CheckConstraint(
            "attribute ~ '^[a-z][a-z0-9_]*$'", name="device_actions_attribute_check"
        ),
        listed(
            "cause", "person", "automation", "device", name="device_actions_cause_check"
        ),
        CheckConstraint(
            "user_id IS NULL OR cause = 'person'", name="device_actions_user_check"
        ),
        CheckConstraint(
            "run_id IS NULL OR cause = 'automation'", name="device_actions_run_check"
        ),
        Index(
            "idx_device_actions_device_time",
            "device_id",
            "attribute",
            text("occurred_at DESC"),
        ),
        Index("idx_device_actions_user", "user_id"),
        Index("idx_device_actions_run", "run_id"),
        Index("idx_device_actions_occurred", "occurred_at", postgresql_using="brin"),
        {
            "schema": "smart_home",
            "comment": "Who or what switched devices, one row an action; written"
            " by the hub, never changed",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    device_id: Mapped[uuid.UUID] = mapped_column(comment="Device; the row goes with it")
    occurred_at: Mapped[Timestamp] = mapped_column(
        server_default=text("now()"), comment="When it was switched"
    )
    attribute: Mapped[str] = mapped_column(
        comment="What was changed: power, brightness, target_c"
    )
    old_value: Mapped[str | None] = mapped_column(
        comment="Value before, as text; NULL if not known"
    )
    new_value: Mapped[str] = mapped_column(comment="Value afterwards, as text")
    cause: Mapped[str] = mapped_column(
        comment="person, automation or device (its own switch)"
    )
    user_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Person, core.users.id; NULL for other causes, and once the"
        " user is gone"
    )
    run_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Run of an automation; NULL for other causes"
    )

    device: Mapped["Device"] = relationship(back_populates="actions")
    user: Mapped["User | None"] = relationship(back_populates="device_actions")
    run: Mapped["AutomationRun | None"] = relationship(back_populates="actions")

    shown = ("id", "device_id", "attribute", "occurred_at")


class LearnedPattern(Base):
    """A habit that the learner has found, and what the household made of it."""

    __tablename__ = "learned_patterns"
    __table_args__ = (
        UniqueConstraint(
            "device_id",
            "attribute",
            "value",
            "day_type",
            "around",
            name="learned_patterns_habit_key",
        ),
        refers("device_id", "smart_home.devices.id", name="fk_learned_patterns_device"),
        refers(
            "automation_id",
            "smart_home.automations.id",
            name="fk_learned_patterns_automation",
            ondelete="SET NULL",
        ),
        refers(
            "decided_by",
            "core.users.id",
            name="fk_learned_patterns_decider",
            ondelete="SET NULL",
        ),
        CheckConstraint(
            "attribute ~ '^[a-z][a-z0-9_]*$'", name="learned_patterns_attribute_check"
        ),
        listed(
            "day_type",
            "weekday",
            "weekend",
            "any",
            name="learned_patterns_day_type_check",
        ),
        CheckConstraint(
            "spread_s BETWEEN 0 AND 43200", name="learned_patterns_spread_check"
        ),
        CheckConstraint("support_count > 0", name="learned_patterns_support_check"),
        CheckConstraint(
            "confidence BETWEEN 0 AND 1", name="learned_patterns_confidence_check"
        ),
        listed(
            "status",
            "candidate",
            "suggested",
            "accepted",
            "rejected",
            "faded",
            name="learned_patterns_status_check",
        ),
        CheckConstraint(
            "decided_at IS NOT NULL OR status NOT IN ('accepted', 'rejected')",
            name="learned_patterns_decided_check",
        ),
        CheckConstraint(
            "automation_id IS NULL OR status IN ('accepted', 'faded')",
            name="learned_patterns_automation_check",
        ),
        Index("idx_learned_patterns_automation", "automation_id"),
        Index("idx_learned_patterns_decider", "decided_by"),
        Index(
            "idx_learned_patterns_suggested",
            text("confidence DESC"),
            postgresql_where=text("status = 'suggested'"),
        ),
        {
            "schema": "smart_home",
            "comment": "Habits that the learner has found, one row a habit;"
            " written by the service, decided by people",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    device_id: Mapped[uuid.UUID] = mapped_column(comment="Device; the row goes with it")
    attribute: Mapped[str] = mapped_column(comment="As in device_actions")
    value: Mapped[str] = mapped_column(comment="Value that it is set to")
    day_type: Mapped[str] = mapped_column(comment="weekday, weekend or any")
    around: Mapped[dt.time] = mapped_column(comment="Local time at which it happens")
    spread_s: Mapped[int] = mapped_column(
        comment="Standard deviation of that time, in seconds"
    )
    support_count: Mapped[int] = mapped_column(comment="On how many days it happened")
    confidence: Mapped[Fraction] = mapped_column(
        comment="Share of such days on which it happened, from 0 to 1"
    )
    status: Mapped[str] = mapped_column(
        server_default="candidate",
        comment="candidate, suggested, accepted, rejected or faded",
    )
    automation_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Rule made of it once accepted; NULL once that is gone"
    )
    decided_by: Mapped[uuid.UUID | None] = mapped_column(
        comment="Who accepted or rejected it, core.users.id; NULL once the user is gone"
    )
    decided_at: Mapped[Timestamp | None] = mapped_column(
        comment="When; NULL: nobody has yet"
    )
    last_seen_on: Mapped[dt.date] = mapped_column(
        comment="Last day on which it happened"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    device: Mapped["Device"] = relationship(back_populates="learned_patterns")
    automation: Mapped["Automation | None"] = relationship(back_populates="patterns")
    decider: Mapped["User | None"] = relationship(back_populates="decided_patterns")

    shown = ("id", "device_id", "attribute", "status")
