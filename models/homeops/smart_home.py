"""Schema ``smart_home``: rooms, the devices in them, and what they measured."""

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Double, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.homeops.base import Base, UpdatedAt, listed, refers
from models.types import CreatedAt, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.homeops.automation import DeviceAction, LearnedPattern
    from models.homeops.energy import EnergyDay, EnergyReading
    from models.homeops.maintenance import (
        DeviceFault,
        DeviceWarranty,
        MaintenancePlan,
        MaintenanceRecord,
    )
    from models.homeops.predictions import Forecast

__all__ = ["Device", "DeviceReading", "Room"]


class Room(Base):
    """A room of the house."""

    __tablename__ = "rooms"
    __table_args__ = (
        UniqueConstraint("name", name="rooms_name_key"),
        CheckConstraint("length(name) > 0", name="rooms_name_check"),
        CheckConstraint("type ~ '^[a-z][a-z0-9_]*$'", name="rooms_type_check"),
        CheckConstraint("floor BETWEEN -10 AND 200", name="rooms_floor_check"),
        {
            "schema": "smart_home",
            "comment": "Rooms of the house, one row a room",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    name: Mapped[str] = mapped_column(comment="Name of the room, once in the house")
    type: Mapped[str] = mapped_column(
        comment="living_room, kitchen, bedroom, bathroom, office, garage, outdoor or"
        " another"
    )
    floor: Mapped[int] = mapped_column(
        server_default=text("1"),
        comment="Storey; 1 is at street level, 0 and below are basements",
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    devices: Mapped[list["Device"]] = relationship(
        back_populates="room", passive_deletes="all"
    )

    shown = ("id", "name", "floor")


class Device(Base):
    """A lamp, a sensor, a lock, a thermostat or another device."""

    __tablename__ = "devices"
    __table_args__ = (
        UniqueConstraint("name", name="devices_name_key"),
        UniqueConstraint(
            "manufacturer", "serial_number", name="devices_serial_number_key"
        ),
        refers(
            "room_id",
            "smart_home.rooms.id",
            name="fk_devices_room",
            ondelete="SET NULL",
        ),
        CheckConstraint("length(name) > 0", name="devices_name_check"),
        CheckConstraint("type ~ '^[a-z][a-z0-9_]*$'", name="devices_type_check"),
        listed(
            "status",
            "online", "offline", "error", "retired", "unknown",
            name="devices_status_check",
        ),
        Index("idx_devices_room", "room_id"),
        Index("idx_devices_type", "type"),
        Index(
            "idx_devices_trouble",
            "status",
            postgresql_where=text("status IN ('offline', 'error')"),
        ),
        {
            "schema": "smart_home",
            "comment": "Lamps, sensors, locks, thermostats and other devices, one row a"
            " device",
            "info": {"rls": "members"},
        },
    )  # fmt: skip

    id: Mapped[UuidPk]
    room_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Where it is; NULL if it is in no room"
    )
    name: Mapped[str] = mapped_column(comment="Name of the device, once in the house")
    type: Mapped[str] = mapped_column(
        comment="light, switch, sensor, thermostat, lock, camera, meter or another"
    )
    manufacturer: Mapped[str | None] = mapped_column(comment="Who made it")
    model: Mapped[str | None] = mapped_column(comment="Model, in the maker's words")
    serial_number: Mapped[str | None] = mapped_column(
        comment="Serial number, once for a maker"
    )
    status: Mapped[str] = mapped_column(
        server_default="unknown", comment="online, offline, error, retired or unknown"
    )
    config: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default="{}", comment="Settings of the device; no secrets"
    )
    installed_on: Mapped[dt.date | None] = mapped_column(
        comment="Day on which it was put in"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    room: Mapped["Room | None"] = relationship(back_populates="devices")
    readings: Mapped[list["DeviceReading"]] = relationship(
        back_populates="device", passive_deletes="all"
    )
    energy_readings: Mapped[list["EnergyReading"]] = relationship(
        back_populates="device", passive_deletes="all"
    )
    energy_days: Mapped[list["EnergyDay"]] = relationship(
        back_populates="device", passive_deletes="all"
    )
    actions: Mapped[list["DeviceAction"]] = relationship(
        back_populates="device", passive_deletes="all"
    )
    learned_patterns: Mapped[list["LearnedPattern"]] = relationship(
        back_populates="device", passive_deletes="all"
    )
    maintenance_plans: Mapped[list["MaintenancePlan"]] = relationship(
        back_populates="device", passive_deletes="all"
    )
    faults: Mapped[list["DeviceFault"]] = relationship(
        back_populates="device", passive_deletes="all"
    )
    maintenance_records: Mapped[list["MaintenanceRecord"]] = relationship(
        back_populates="device", passive_deletes="all"
    )
    warranties: Mapped[list["DeviceWarranty"]] = relationship(
        back_populates="device", passive_deletes="all"
    )
    forecasts: Mapped[list["Forecast"]] = relationship(
        back_populates="device", passive_deletes="all"
    )

    shown = ("id", "name", "type", "status")


class DeviceReading(Base):
    """One value that a device measured."""

    __tablename__ = "device_readings"
    __table_args__ = (
        refers("device_id", "smart_home.devices.id", name="fk_device_readings_device"),
        CheckConstraint(
            "metric ~ '^[a-z][a-z0-9_]*$'", name="device_readings_metric_check"
        ),
        CheckConstraint(
            "value NOT IN ('NaN', 'Infinity', '-Infinity')",
            name="device_readings_value_check",
        ),
        Index("idx_device_readings_recorded", "recorded_at", postgresql_using="brin"),
        {
            "schema": "smart_home",
            "comment": "What devices measured, one row a value; written by the hub,"
            " never changed",
            "info": {"rls": "members"},
        },
    )

    device_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Device that measured it; the row goes with it"
    )
    metric: Mapped[str] = mapped_column(
        primary_key=True,
        comment="What was measured, with its unit: temperature_c, power_w",
    )
    recorded_at: Mapped[Timestamp] = mapped_column(
        primary_key=True, comment="When it was measured"
    )
    value: Mapped[float] = mapped_column(
        Double, comment="The value, in the unit that metric names"
    )

    device: Mapped["Device"] = relationship(back_populates="readings")

    shown = ("device_id", "metric", "recorded_at")
