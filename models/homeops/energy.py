"""Energy monitoring of ``smart_home`` (1.3.0): tariffs, readings, days, budgets."""

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.homeops.base import Amount, Base, UpdatedAt, listed, refers
from models.homeops.exact import Fraction, Metered, Rate
from models.types import CreatedAt, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.homeops.smart_home import Device

__all__ = ["EnergyBudget", "EnergyDay", "EnergyReading", "Tariff", "TariffRate"]


class Tariff(Base):
    """What energy of one kind costs from a day on; the next one ends it."""

    __tablename__ = "tariffs"
    __table_args__ = (
        UniqueConstraint(
            "carrier", "direction", "valid_from", name="tariffs_carrier_from_key"
        ),
        listed(
            "carrier",
            "electricity",
            "gas",
            "water",
            "heat",
            name="tariffs_carrier_check",
        ),
        listed("direction", "import", "export", name="tariffs_direction_check"),
        CheckConstraint("length(name) > 0", name="tariffs_name_check"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="tariffs_currency_check"),
        CheckConstraint(
            "standing_charge >= 0 AND standing_charge <> 'NaN'",
            name="tariffs_standing_charge_check",
        ),
        {
            "schema": "smart_home",
            "comment": "What energy costs, one row a contract's price list; valid"
            " until the next one of its kind",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    carrier: Mapped[str] = mapped_column(comment="electricity, gas, water or heat")
    direction: Mapped[str] = mapped_column(
        server_default="import", comment="import: bought; export: sold to the grid"
    )
    name: Mapped[str] = mapped_column(comment="Name of the contract, for people")
    currency: Mapped[str] = mapped_column(
        server_default="USD", comment="ISO 4217 code of its prices"
    )
    valid_from: Mapped[dt.date] = mapped_column(comment="First day on which it counts")
    standing_charge: Mapped[Rate] = mapped_column(
        server_default=text("0"), comment="Money a day, whatever is used"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    rates: Mapped[list["TariffRate"]] = relationship(
        back_populates="tariff", passive_deletes="all"
    )

    shown = ("id", "carrier", "name", "valid_from")


class TariffRate(Base):
    """The price of one unit from a time of day on; the next one of the day ends it."""

    __tablename__ = "tariff_rates"
    __table_args__ = (
        refers("tariff_id", "smart_home.tariffs.id", name="fk_tariff_rates_tariff"),
        listed("day_type", "weekday", "weekend", name="tariff_rates_day_type_check"),
        CheckConstraint("unit_price <> 'NaN'", name="tariff_rates_unit_price_check"),
        {
            "schema": "smart_home",
            "comment": "Prices within a tariff, one row a time of day from which"
            " the price counts",
            "info": {"rls": "members"},
        },
    )

    tariff_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Tariff; the row goes with it"
    )
    day_type: Mapped[str] = mapped_column(
        primary_key=True, comment="weekday or weekend"
    )
    starts_at: Mapped[dt.time] = mapped_column(
        primary_key=True,
        server_default=text("'00:00'"),
        comment="Local time from which it counts, until the day's next one",
    )
    unit_price: Mapped[Rate] = mapped_column(
        comment="Money for one kilowatt-hour or cubic metre"
    )

    tariff: Mapped["Tariff"] = relationship(back_populates="rates")

    shown = ("tariff_id", "day_type", "starts_at")


class EnergyReading(Base):
    """What a meter or a plug counted in one interval."""

    __tablename__ = "energy_readings"
    __table_args__ = (
        refers("device_id", "smart_home.devices.id", name="fk_energy_readings_device"),
        listed(
            "direction",
            "import",
            "export",
            "production",
            name="energy_readings_direction_check",
        ),
        CheckConstraint(
            "interval_s BETWEEN 1 AND 86400", name="energy_readings_interval_check"
        ),
        listed(
            "carrier",
            "electricity",
            "gas",
            "water",
            "heat",
            name="energy_readings_carrier_check",
        ),
        CheckConstraint(
            "quantity >= 0 AND quantity <> 'NaN'", name="energy_readings_quantity_check"
        ),
        Index("idx_energy_readings_started", "started_at", postgresql_using="brin"),
        {
            "schema": "smart_home",
            "comment": "What meters and plugs counted, one row an interval;"
            " written by the hub, never changed",
            "info": {"rls": "members"},
        },
    )

    device_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Meter or plug; the row goes with it"
    )
    direction: Mapped[str] = mapped_column(
        primary_key=True,
        comment="import: used; export: fed into the grid; production: made here",
    )
    started_at: Mapped[Timestamp] = mapped_column(
        primary_key=True, comment="When the interval began"
    )
    interval_s: Mapped[int] = mapped_column(
        comment="How long it was, in seconds: 900 for most meters"
    )
    carrier: Mapped[str] = mapped_column(comment="electricity, gas, water or heat")
    quantity: Mapped[Metered] = mapped_column(
        comment="Kilowatt-hours of electricity and heat, cubic metres of gas and water"
    )
    is_estimated: Mapped[bool] = mapped_column(
        server_default=text("false"),
        comment="Whether the meter was silent and it was filled in",
    )

    device: Mapped["Device"] = relationship(back_populates="energy_readings")

    shown = ("device_id", "direction", "started_at")


class EnergyDay(Base):
    """What a device used on a day, and what it cost: the roll-up of the readings."""

    __tablename__ = "energy_days"
    __table_args__ = (
        refers("device_id", "smart_home.devices.id", name="fk_energy_days_device"),
        listed(
            "direction",
            "import",
            "export",
            "production",
            name="energy_days_direction_check",
        ),
        listed(
            "carrier",
            "electricity",
            "gas",
            "water",
            "heat",
            name="energy_days_carrier_check",
        ),
        CheckConstraint(
            "quantity >= 0 AND quantity <> 'NaN'", name="energy_days_quantity_check"
        ),
        CheckConstraint("cost <> 'NaN'", name="energy_days_cost_check"),
        CheckConstraint(
            "(cost IS NULL) = (currency IS NULL)", name="energy_days_currency_check"
        ),
        CheckConstraint(
            "reading_count > 0 AND estimated_count BETWEEN 0 AND reading_count",
            name="energy_days_counts_check",
        ),
        Index("idx_energy_days_day", "used_on", "carrier"),
        {
            "schema": "smart_home",
            "comment": "What devices used a day and what it cost, one row a"
            " device, direction and day; written by the service",
            "info": {"rls": "members"},
        },
    )

    device_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Meter or plug; the row goes with it"
    )
    direction: Mapped[str] = mapped_column(
        primary_key=True, comment="As in energy_readings"
    )
    used_on: Mapped[dt.date] = mapped_column(
        primary_key=True, comment="Day in the household's time zone"
    )
    carrier: Mapped[str] = mapped_column(comment="As in energy_readings")
    quantity: Mapped[Metered] = mapped_column(
        comment="Kilowatt-hours or cubic metres in all"
    )
    cost: Mapped[Amount | None] = mapped_column(
        comment="Money for it without the standing charge, what was sold is"
        " negative; NULL: no tariff was known"
    )
    currency: Mapped[str | None] = mapped_column(comment="ISO 4217 code of cost")
    reading_count: Mapped[int] = mapped_column(
        comment="How many readings it is made of"
    )
    estimated_count: Mapped[int] = mapped_column(
        server_default=text("0"), comment="How many of them were filled in"
    )
    computed_at: Mapped[Timestamp] = mapped_column(
        server_default=text("now()"), comment="When it was computed"
    )

    device: Mapped["Device"] = relationship(back_populates="energy_days")

    shown = ("device_id", "direction", "used_on")


class EnergyBudget(Base):
    """How much the household wants to use in a month."""

    __tablename__ = "energy_budgets"
    __table_args__ = (
        listed(
            "carrier",
            "electricity",
            "gas",
            "water",
            "heat",
            name="energy_budgets_carrier_check",
        ),
        CheckConstraint(
            "extract(day FROM month) = 1", name="energy_budgets_month_check"
        ),
        CheckConstraint(
            "limit_quantity > 0 AND limit_quantity <> 'NaN'",
            name="energy_budgets_limit_check",
        ),
        CheckConstraint("warn_at BETWEEN 0 AND 1", name="energy_budgets_warn_at_check"),
        {
            "schema": "smart_home",
            "comment": "How much the household wants to use, one row a month and"
            " carrier",
            "info": {"rls": "members"},
        },
    )

    carrier: Mapped[str] = mapped_column(
        primary_key=True, comment="As in energy_readings"
    )
    month: Mapped[dt.date] = mapped_column(
        primary_key=True, comment="First day of the month"
    )
    limit_quantity: Mapped[Metered] = mapped_column(
        comment="Kilowatt-hours or cubic metres"
    )
    warn_at: Mapped[Fraction] = mapped_column(
        server_default=text("0.8"),
        comment="Share of it at which people are told, from 0 to 1",
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    shown = ("carrier", "month")
