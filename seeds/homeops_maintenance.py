"""Maintenance of the household's devices: plans, jobs, faults, warranties."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from uuid import uuid5

from rollout.seeding import Rows
from seeds.homeops_rows import END, MACHINES, SPACE, Members, Row, at, before

PLANS = (
    "id", "device_id", "task", "instructions", "interval_days", "assigned_to",
    "next_due_on",
)  # fmt: skip
FAULTS = (
    "id", "device_id", "reported_by", "reported_at", "severity", "description",
    "resolved_at", "resolution",
)  # fmt: skip
RECORDS = (
    "id", "device_id", "plan_id", "fault_id", "done_by", "done_on", "task", "cost",
    "parts", "comment",
)  # fmt: skip
WARRANTIES = (
    "id", "device_id", "provider", "starts_on", "ends_on", "purchase_price",
    "reference",
)  # fmt: skip

LOCK = uuid5(SPACE, "device Front door lock")
TASKS = (
    ("Front door lock", "Replace batteries", "Four AA, alkaline", 180, 12),
    ("Thermostat", "Calibrate", "Compare with a thermometer for an hour", 365, -3),
    ("Ceiling light", "Wipe the cover", None, 90, 30),
)
"""Device, what, how, every so many days, due in so many days."""


def of_household(members: Members, days: int) -> list[Rows]:
    """Rows of the tables of device maintenance."""
    return [
        Rows("smart_home.maintenance_plans", PLANS, lambda: plans(members)),
        Rows("smart_home.device_faults", FAULTS, lambda: faults(members)),
        Rows("smart_home.maintenance_records", RECORDS, lambda: records(members)),
        Rows("smart_home.device_warranties", WARRANTIES, warranties),
    ]


def plans(members: Members) -> Iterator[Row]:
    """The first member does it all."""
    for device, task, how, every, due in TASKS:
        yield (
            uuid5(SPACE, f"plan {task}"), uuid5(SPACE, f"device {device}"), task, how,
            every, members[0].key("user"), END + dt.timedelta(days=due),
        )  # fmt: skip


def faults(members: Members) -> Iterator[Row]:
    """One mended, one open."""
    seen = at(before(70), 18)
    yield (
        uuid5(SPACE, "fault jammed"), LOCK, members[-1].key("user"), seen, "critical",
        "Does not open from outside", seen + dt.timedelta(hours=20), "New cylinder",
    )  # fmt: skip
    yield (
        uuid5(SPACE, "fault flickers"), uuid5(SPACE, "device Ceiling light"), None,
        at(before(6), 20), "minor", "Flickers when dimmed", None, None,
    )  # fmt: skip


def records(members: Members) -> Iterator[Row]:
    """Batteries twice a year, and the repair."""
    plan = uuid5(SPACE, "plan Replace batteries")
    for ago in (352, 168):
        yield (
            uuid5(SPACE, f"batteries {ago}"), LOCK, plan, None, members[0].key("user"),
            before(ago), "Replace batteries", Decimal("5.80"), "{AA,AA,AA,AA}", None,
        )  # fmt: skip
    yield (
        uuid5(SPACE, "cylinder"), LOCK, None, uuid5(SPACE, "fault jammed"), None,
        before(69), "New cylinder", Decimal("148.00"), "{cylinder}",
        "Five keys; the fifth is with the neighbours",
    )  # fmt: skip


def warranties() -> Iterator[Row]:
    """Two years from the maker."""
    for number, (name, _, maker, _) in enumerate(MACHINES, 1):
        yield (
            uuid5(SPACE, f"warranty {name}"), uuid5(SPACE, f"device {name}"), maker,
            before(365), before(365) + dt.timedelta(days=730),
            Decimal("79.90") * number, f"INV-{number:05}",
        )  # fmt: skip
