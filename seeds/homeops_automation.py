"""Automations of the household: rules, what people switch, the habits that show."""

import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal
from uuid import uuid5

from rollout.seeding import Rows
from seeds.homeops_rows import END, SPACE, Members, Row, at, before

AUTOMATIONS = ("id", "name", "trigger", "actions", "origin", "created_by")
RUNS = ("id", "automation_id", "started_at", "finished_at", "outcome", "error")
ACTIONS = (
    "id", "device_id", "occurred_at", "attribute", "old_value", "new_value", "cause",
    "user_id", "run_id",
)  # fmt: skip
PATTERNS = (
    "id", "device_id", "attribute", "value", "day_type", "around", "spread_s",
    "support_count", "confidence", "status", "automation_id", "decided_by",
    "decided_at", "last_seen_on",
)  # fmt: skip

LIGHT = uuid5(SPACE, "device Ceiling light")
LOCK = uuid5(SPACE, "device Front door lock")
NIGHT = uuid5(SPACE, "automation Lock up")
HEAT = uuid5(SPACE, "automation Warm mornings")
DAYS = 28


def of_household(members: Members, days: int) -> list[Rows]:
    """Rows of the tables of automation learning."""
    return [
        Rows("smart_home.automations", AUTOMATIONS, lambda: automations(members)),
        Rows("smart_home.automation_runs", RUNS, runs),
        Rows("smart_home.device_actions", ACTIONS, lambda: actions(members)),
        Rows("smart_home.learned_patterns", PATTERNS, lambda: patterns(members)),
    ]


def automations(members: Members) -> Iterator[Row]:
    """One that somebody made, one that was learned."""
    first = members[0].key("user")
    yield (
        NIGHT, "Lock up", '{"type": "time", "at": "23:00"}',
        '{"device": "Front door lock", "attribute": "locked", "value": "true"}',
        "person", first,
    )  # fmt: skip
    yield (
        HEAT, "Warm mornings", '{"type": "time", "at": "06:00", "days": "weekday"}',
        '{"device": "Thermostat", "attribute": "target_c", "value": "21"}',
        "learned", first,
    )  # fmt: skip


def runs() -> Iterator[Row]:
    """Every evening; once it failed."""
    for ago in range(DAYS, -1, -1):
        begun = at(before(ago), 23)
        failed = ago == 11
        yield (
            uuid5(SPACE, f"run {ago}"), NIGHT, begun,
            begun + dt.timedelta(seconds=60 if failed else 2),
            "failed" if failed else "done",
            "Front door lock did not answer" if failed else None,
        )  # fmt: skip


def actions(members: Members) -> Iterator[Row]:
    """The light goes on every evening about nine, and the rule locks the door."""
    chance, first = random.Random("switches"), members[0].key("user")
    for ago in range(DAYS, -1, -1):
        evening = at(before(ago), 21) + dt.timedelta(seconds=chance.randint(60, 1_500))
        yield (
            uuid5(SPACE, f"light {ago}"), LIGHT, evening, "power", "off", "on",
            "person", first, None,
        )  # fmt: skip
        yield (
            uuid5(SPACE, f"lock {ago}"), LOCK, at(before(ago), 23), "locked", "false",
            "true", "automation", None, uuid5(SPACE, f"run {ago}"),
        )  # fmt: skip


def patterns(members: Members) -> Iterator[Row]:
    """One to decide on, one accepted, one turned down."""
    first, then = members[0].key("user"), at(before(40))
    thermostat = uuid5(SPACE, "device Thermostat")
    for name, device, attribute, value, kind, around, status, rule in (
        ("evening", LIGHT, "power", "on", "weekday", "21:00", "suggested", None),
        ("morning", thermostat, "target_c", "21", "weekday", "06:00", "accepted", HEAT),
        ("noon", LIGHT, "power", "off", "weekend", "12:00", "rejected", None),
    ):
        decided = status != "suggested"
        yield (
            uuid5(SPACE, f"pattern {name}"), device, attribute, value, kind, around,
            412, 20, Decimal("0.95"), status, rule, first if decided else None,
            then if decided else None, END,
        )  # fmt: skip
