"""Predictions of ``ai`` (3.0.0): what is expected, what came, how good it was."""

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.homeops.base import Base, UpdatedAt, refers
from models.homeops.exact import Fraction, Predicted
from models.types import CreatedAt, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.homeops.core import User
    from models.homeops.financial import Account
    from models.homeops.smart_home import Device

__all__ = ["Forecast", "ForecastAccuracy", "ForecastPoint", "PredictionModel"]


class PredictionModel(Base):
    """A trained version of what predicts."""

    __tablename__ = "prediction_models"
    __table_args__ = (
        UniqueConstraint("name", "version", name="prediction_models_version_key"),
        CheckConstraint("length(name) > 0", name="prediction_models_name_check"),
        CheckConstraint("version > 0", name="prediction_models_version_check"),
        CheckConstraint(
            "length(algorithm) > 0", name="prediction_models_algorithm_check"
        ),
        CheckConstraint(
            "trained_until >= trained_from", name="prediction_models_days_check"
        ),
        Index(
            "idx_prediction_models_active",
            "name",
            unique=True,
            postgresql_where=text("is_active"),
        ),
        {
            "schema": "ai",
            "comment": "What predictions are made with, one row a trained version; "
            "written by the service",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    name: Mapped[str] = mapped_column(
        comment="What it is for: spending, energy, balance"
    )
    version: Mapped[int] = mapped_column(
        comment="Number of the training, the first is 1"
    )
    algorithm: Mapped[str] = mapped_column(
        comment="How it predicts: seasonal-mean, prophet"
    )
    parameters: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default="{}", comment="Settings of the training, to repeat it"
    )
    trained_from: Mapped[dt.date] = mapped_column(
        comment="First day of the data that it learned from"
    )
    trained_until: Mapped[dt.date] = mapped_column(comment="Last day of them")
    is_active: Mapped[bool] = mapped_column(
        server_default=text("false"),
        comment="Whether it makes the predictions that are shown; one version at most",
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    forecasts: Mapped[list["Forecast"]] = relationship(
        back_populates="model", passive_deletes="all"
    )
    accuracies: Mapped[list["ForecastAccuracy"]] = relationship(
        back_populates="model", passive_deletes="all"
    )

    shown = (
        "id",
        "name",
        "version",
    )


class Forecast(Base):
    """A run of a model for one subject."""

    __tablename__ = "forecasts"
    __table_args__ = (
        UniqueConstraint(
            "model_id",
            "made_on",
            "metric",
            "user_id",
            "account_id",
            "device_id",
            name="forecasts_once_key",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint(
            "num_nonnulls(user_id, device_id) <= 1", name="forecasts_subject_check"
        ),
        CheckConstraint(
            "account_id IS NULL OR user_id IS NOT NULL", name="forecasts_account_check"
        ),
        CheckConstraint("metric ~ '^[a-z][a-z0-9_]*$'", name="forecasts_metric_check"),
        CheckConstraint("step_days BETWEEN 1 AND 366", name="forecasts_step_check"),
        refers(
            "model_id",
            "ai.prediction_models.id",
            name="fk_forecasts_model",
            ondelete=None,
        ),
        refers("user_id", "core.users.id", name="fk_forecasts_user"),
        refers("account_id", "financial.accounts.id", name="fk_forecasts_account"),
        refers("device_id", "smart_home.devices.id", name="fk_forecasts_device"),
        Index("idx_forecasts_user_made", "user_id", "metric", text("made_on DESC")),
        Index("idx_forecasts_account", "account_id"),
        Index("idx_forecasts_device", "device_id"),
        {
            "schema": "ai",
            "comment": "Predictions, one row a run of a model for one subject; "
            "written by the service",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    model_id: Mapped[uuid.UUID] = mapped_column(
        comment="What made it; cannot go while there are predictions of it"
    )
    user_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Whom it is about, core.users.id; NULL: the household; the row "
        "goes when the user goes"
    )
    account_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Account that it is about, or NULL; the row goes with it"
    )
    device_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Device that it is about, or NULL; the row goes with it"
    )
    metric: Mapped[str] = mapped_column(
        comment="What is predicted, with its unit: spending_usd, energy_kwh"
    )
    step_days: Mapped[int] = mapped_column(
        server_default=text("1"), comment="Days from one point to the next"
    )
    made_on: Mapped[dt.date] = mapped_column(
        comment="Day that it was made at the end of; its points are later"
    )
    created_at: Mapped[CreatedAt]

    model: Mapped["PredictionModel"] = relationship(back_populates="forecasts")
    user: Mapped["User | None"] = relationship(back_populates="forecasts")
    account: Mapped["Account | None"] = relationship(back_populates="forecasts")
    device: Mapped["Device | None"] = relationship(back_populates="forecasts")
    points: Mapped[list["ForecastPoint"]] = relationship(
        back_populates="forecast",
        passive_deletes="all",
        order_by="ForecastPoint.horizon",
    )

    shown = (
        "id",
        "metric",
        "made_on",
    )


class ForecastPoint(Base):
    """What is expected for one day, and what came."""

    __tablename__ = "forecast_points"
    __table_args__ = (
        UniqueConstraint("forecast_id", "target_on", name="forecast_points_day_key"),
        CheckConstraint("horizon > 0", name="forecast_points_horizon_check"),
        CheckConstraint(
            "lower_bound <= value AND value <= upper_bound",
            name="forecast_points_bounds_check",
        ),
        CheckConstraint(
            "'NaN'::numeric NOT IN (value, lower_bound, upper_bound, "
            "coalesce(actual, 0))",
            name="forecast_points_numbers_check",
        ),
        CheckConstraint(
            "(actual IS NULL) = (actual_at IS NULL)",
            name="forecast_points_actual_check",
        ),
        refers("forecast_id", "ai.forecasts.id", name="fk_forecast_points_forecast"),
        Index(
            "idx_forecast_points_due",
            "target_on",
            postgresql_where=text("actual IS NULL"),
        ),
        {
            "schema": "ai",
            "comment": "What was predicted for which day, and what came, one row a "
            "day of a prediction; written by the service",
            "info": {"rls": "members"},
        },
    )

    forecast_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Prediction; the row goes with it"
    )
    horizon: Mapped[int] = mapped_column(
        primary_key=True, comment="Steps after the day that it was made, the first is 1"
    )
    target_on: Mapped[dt.date] = mapped_column(comment="Day that it is for")
    value: Mapped[Predicted] = mapped_column(
        comment="What is expected, in the metric's unit"
    )
    lower_bound: Mapped[Predicted] = mapped_column(
        comment="Nine times of ten it will be more"
    )
    upper_bound: Mapped[Predicted] = mapped_column(
        comment="Nine times of ten it will be less"
    )
    actual: Mapped[Predicted | None] = mapped_column(
        comment="What came; NULL: not known yet"
    )
    actual_at: Mapped[Timestamp | None] = mapped_column(
        comment="When that was written down"
    )

    forecast: Mapped["Forecast"] = relationship(back_populates="points")

    shown = (
        "forecast_id",
        "horizon",
        "target_on",
    )


class ForecastAccuracy(Base):
    """How good a model was, so many steps ahead."""

    __tablename__ = "forecast_accuracies"
    __table_args__ = (
        CheckConstraint("horizon > 0", name="forecast_accuracies_horizon_check"),
        CheckConstraint("point_count > 0", name="forecast_accuracies_count_check"),
        CheckConstraint(
            "mean_absolute_error >= abs(mean_error) AND 'NaN'::numeric NOT "
            "IN (mean_error, mean_absolute_error)",
            name="forecast_accuracies_error_check",
        ),
        CheckConstraint(
            "coverage BETWEEN 0 AND 1", name="forecast_accuracies_coverage_check"
        ),
        refers(
            "model_id", "ai.prediction_models.id", name="fk_forecast_accuracies_model"
        ),
        {
            "schema": "ai",
            "comment": "How good the predictions of a model were, one row a metric "
            "and horizon; written by the service",
            "info": {"rls": "members"},
        },
    )

    model_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Model; the row goes with it"
    )
    metric: Mapped[str] = mapped_column(
        primary_key=True, comment="What was predicted, as in forecasts"
    )
    horizon: Mapped[int] = mapped_column(
        primary_key=True, comment="How many steps ahead"
    )
    point_count: Mapped[int] = mapped_column(
        comment="Points whose actual value is known"
    )
    mean_error: Mapped[Predicted] = mapped_column(
        comment="Mean of value less actual; above 0 it predicts too much"
    )
    mean_absolute_error: Mapped[Predicted] = mapped_column(
        comment="Mean distance of value and actual"
    )
    coverage: Mapped[Fraction] = mapped_column(
        comment="Share of actual values within the bounds, from 0 to 1; 0.8 is meant"
    )
    measured_at: Mapped[Timestamp] = mapped_column(comment="When it was measured")

    model: Mapped["PredictionModel"] = relationship(back_populates="accuracies")

    shown = (
        "model_id",
        "metric",
        "horizon",
    )
