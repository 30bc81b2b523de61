"""Automation learning: habits found, suggested, decided on; rules and how they ran."""

import datetime as dt
import uuid
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from models.homeops import (
    Automation,
    AutomationRun,
    Device,
    DeviceAction,
    LearnedPattern,
    SystemConfig,
    User,
)
from tests.homeops.household import (  # noqa: F401 - a fixture
    NOON,
    TODAY,
    add,
    ago,
    day,
    household,
    refusal,
    searched,
)

A, AR, DA, LP = Automation, AutomationRun, DeviceAction, LearnedPattern
LEARN = sa.select(sa.func.smart_home.learn_patterns(TODAY))


def rule(name, **more):
    values = {
        "trigger": {"type": "time", "at": "23:00"},
        "actions": {"device": "Lamp", "attribute": "power", "value": "off"},
    }
    return A(id=uuid.uuid4(), name=name, **values | more)


def ran(automation, started, outcome="done", **more):
    finished = None if outcome == "running" else started + dt.timedelta(seconds=2)
    return AR(
        id=uuid.uuid4(), automation_id=automation.id, started_at=started,
        finished_at=finished, outcome=outcome, **more,
    )  # fmt: skip


def switched(device, when, value, cause="person", **more):
    return DA(
        device_id=device.id, occurred_at=when, attribute="power", new_value=value,
        cause=cause, **more,
    )  # fmt: skip


def pattern(device, **more):
    values = {
        "attribute": "power", "value": "on", "day_type": "weekday",
        "around": dt.time(7), "spread_s": 60, "support_count": 9,
        "confidence": D("0.9"), "last_seen_on": day(1),
    }  # fmt: skip
    return LP(id=uuid.uuid4(), device_id=device.id, **values | more)


def weekdays(count):
    """The last so many weekdays, today among them."""
    days = (day(n) for n in range(count * 2))
    return [d for d in days if d.weekday() < 5][:count]


def at_time(date, hour, minute):
    return dt.datetime(date.year, date.month, date.day, hour, minute, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def house(household):  # noqa: F811
    h = household
    h.lamp, h.heater, h.fan = h.device("Lamp"), h.device("Heater"), h.device("Fan")
    h.night, h.away = rule("Night", created_by=h.alice), rule("Away", origin="learned")
    h.off = rule("Off", is_enabled=False)
    h.add(h.night, h.away, h.off)
    h.runs = [
        ran(h.night, ago(hours=13)),
        ran(h.night, ago(hours=37), "failed", error="lamp is offline"),
        ran(h.night, ago(hours=61), "skipped"),
        ran(h.away, ago(hours=5)),
        ran(h.away, ago(minutes=3), "running"),
    ]
    h.add(*h.runs)
    minutes = (0, 5, 10, 15, 20, 25)
    h.add(
        # On 18 of 20 weekdays, between nine and half past in the evening.
        *(
            switched(h.lamp, at_time(d, 21, minutes[n % 6]), "on", user_id=h.alice)
            for n, d in enumerate(weekdays(20)[1:19])
        ),
        # Four of twenty: seen, but not sure.
        *(switched(h.fan, at_time(d, 6, 40), "on") for d in weekdays(20)[2:6]),
        # Twice is no habit.
        *(switched(h.fan, at_time(d, 9, 0), "off") for d in weekdays(20)[2:4]),
        # What a rule does is not learned from.
        *(switched(h.heater, at_time(d, 5, 0), "on", "automation")
          for d in weekdays(20)),
        switched(h.lamp, ago(hours=13), "off", "automation", run_id=h.runs[0].id),
        switched(h.lamp, ago(hours=13) + dt.timedelta(minutes=1), "on",
                 user_id=h.bob, old_value="off"),
        switched(h.heater, ago(hours=5), "off", "automation", run_id=h.runs[3].id),
    )  # fmt: skip
    h.suggested = pattern(h.heater, status="suggested")
    h.sure = pattern(h.fan, status="suggested", confidence=D("0.95"))
    h.gone = pattern(h.heater, value="off", last_seen_on=day(40))
    h.rejected = pattern(
        h.lamp, around=dt.time(21), status="rejected", decided_by=h.alice,
        decided_at=ago(days=3), support_count=5, last_seen_on=day(6),
    )  # fmt: skip
    h.accepted = pattern(
        h.heater, around=dt.time(8), status="accepted", decided_by=h.alice,
        decided_at=ago(days=3), automation_id=h.away.id,
    )  # fmt: skip
    h.add(h.suggested, h.sure, h.gone, h.rejected, h.accepted)
    return h


def test_habits_are_found_with_how_sure_they_are(house):
    found = sa.select(LP).where(LP.last_seen_on >= day(27)).order_by(LP.around)
    with house.service() as session:
        assert session.scalar(LEARN) == 2
        new = session.scalars(
            found.where(LP.device_id == house.fan.id, LP.around == dt.time(6, 30))
        ).one()
        assert (new.support_count, new.confidence) == (4, D("0.2"))
        assert (new.status, new.spread_s, new.value) == ("candidate", 0, "on")
        assert new.last_seen_on == weekdays(20)[2]


def test_what_people_decided_stays_as_they_decided(house):
    with house.service() as session:
        session.execute(LEARN)
        lamp = session.get_one(LP, house.rejected.id)
        # It is known how often it happens now, and that it is not wanted.
        assert (lamp.support_count, lamp.confidence) == (18, D("0.9"))
        assert lamp.status == "rejected"


def test_a_habit_that_is_frequent_enough_is_suggested(house):
    with house.service() as session:
        session.delete(session.get_one(LP, house.rejected.id))
        session.flush()
        session.execute(LEARN)
        query = sa.select(LP).where(LP.device_id == house.lamp.id)
        new = session.scalars(query).one()
        assert (new.status, new.around) == ("suggested", dt.time(21))
        seconds = [(n % 6) * 300 for n in range(18)]
        mean = sum(seconds) / 18
        spread = (sum((s - mean) ** 2 for s in seconds) / 18) ** 0.5
        assert new.spread_s == round(spread)


def test_what_does_not_show_any_more_fades(house):
    with house.service() as session:
        session.execute(LEARN)
        assert session.get_one(LP, house.gone.id).status == "faded"
        assert session.get_one(LP, house.suggested.id).status == "suggested"


def test_settings_decide_what_is_a_habit(house):
    with house.service() as session:
        session.get_one(SystemConfig, "smart_home.learning_min_days").value = 2
        session.get_one(SystemConfig, "smart_home.learning_confidence").value = 0.1
        session.flush()
        assert session.scalar(LEARN) == 3
        query = sa.select(LP.value, LP.status).where(
            LP.device_id == house.fan.id, LP.around < dt.time(7)
        )
        assert session.execute(query).all() == [("on", "suggested")]


def test_learning_twice_finds_the_same(house):
    with house.service() as session:
        session.execute(LEARN)
        count = sa.select(sa.func.count(LP.id))
        before = session.scalar(count)
        assert session.scalar(LEARN) == 2
        assert session.scalar(count) == before


def test_what_is_suggested_the_surest_first(house):
    query = (
        sa.select(Device.name, LP.value, LP.around)
        .join(LP.device)
        .where(LP.status == "suggested")
        .order_by(LP.confidence.desc())
    )
    with house.acting(house.bob) as session:
        assert [name for name, *_ in session.execute(query)] == ["Fan", "Heater"]


def test_an_administrator_accepts_and_a_rule_comes_of_it(house):
    with house.acting(house.alice) as session:
        habit = session.get_one(LP, house.sure.id)
        made = rule("Fan at seven", origin="learned", created_by=house.alice)
        add(session, made)
        habit.status, habit.automation = "accepted", made
        habit.decided_by, habit.decided_at = house.alice, NOON
        session.flush()
        session.expire_all()
        assert made.patterns == [habit]
        assert habit.decider.full_name == "alice"
        assert {p.id for p in session.get_one(User, house.alice).decided_patterns} == {
            house.sure.id, house.accepted.id, house.rejected.id,
        }  # fmt: skip


def test_nobody_decides_for_somebody_else_or_twice(house):
    decide = sa.update(LP).values(
        status="rejected", decided_at=NOON, decided_by=house.alice
    )
    with house.acting(house.bob) as session:
        assert session.execute(decide).rowcount == 0
    with house.acting(house.alice) as session:
        # Not what was decided already, and only what is suggested.
        assert session.execute(decide).rowcount == 2
    with house.acting(house.alice) as session:
        for_bob = decide.values(decided_by=house.bob)
        said = refusal(session, lambda: session.execute(for_bob))
        assert "row-level security" in said
        surer = sa.update(LP).values(confidence=D(1))
        said = refusal(session, lambda: session.execute(surer))
        assert "permission denied" in said


def test_what_a_rule_did_and_a_person_took_back(house):
    by_rule, back = sa.orm.aliased(DA), sa.orm.aliased(DA)
    corrected = (
        sa.select(A.name, User.full_name)
        .join_from(by_rule, back, by_rule.device_id == back.device_id)
        .join(AR, AR.id == by_rule.run_id)
        .join(A, A.id == AR.automation_id)
        .join(User, User.id == back.user_id)
        .where(
            back.cause == "person",
            back.attribute == by_rule.attribute,
            back.new_value != by_rule.new_value,
            back.occurred_at > by_rule.occurred_at,
            back.occurred_at <= by_rule.occurred_at + dt.timedelta(minutes=5),
        )
    )
    with house.acting(house.alice) as session:
        assert session.execute(corrected).all() == [("Night", "bob")]


def test_how_reliable_each_rule_is(house):
    share = sa.func.round(
        sa.func.count().filter(AR.outcome == "failed") * D(1) / sa.func.count(), 4
    )
    query = (
        sa.select(A.name, share)
        .join(AR.automation)
        .where(AR.outcome.in_(["done", "failed"]))
        .group_by(A.name)
        .order_by(A.name)
    )
    with house.acting(house.bob) as session:
        assert session.execute(query).all() == [("Away", D(0)), ("Night", D("0.5"))]


def test_the_last_run_of_each_rule_and_those_that_never_ran(house):
    last = (
        sa.select(A.name, sa.func.max(AR.started_at))
        .outerjoin(A.runs)
        .group_by(A.name)
        .order_by(A.name)
    )
    with house.acting(house.bob) as session:
        assert session.execute(last).all() == [
            ("Away", ago(minutes=3)), ("Night", ago(hours=13)), ("Off", None),
        ]  # fmt: skip


def test_runs_that_hang(house):
    hanging = sa.select(AR.id).where(
        AR.outcome == "running", AR.started_at < ago(minutes=1)
    )
    with house.service() as session:
        assert session.scalars(hanging).all() == [house.runs[4].id]


def test_what_runs_at_the_stroke_of_a_time(house):
    due = sa.select(A.name).where(
        A.is_enabled, A.trigger.contains({"type": "time", "at": "23:00"})
    )
    with house.service() as session:
        assert sorted(session.scalars(due)) == ["Away", "Night"]


def test_who_switched_this_device_last(house):
    last = (
        sa.select(DA.new_value, User.full_name)
        .join(DA.user)
        .where(DA.device_id == house.lamp.id, DA.occurred_at < NOON)
        .order_by(DA.occurred_at.desc())
        .limit(1)
    )
    with house.acting(house.alice) as session:
        assert session.execute(last).one() == ("on", "bob")


def test_what_a_person_did_stays_when_the_person_goes(house):
    with house.service() as session:
        mine = sa.select(sa.func.count(DA.id)).where(DA.device_id == house.lamp.id)
        before = session.scalar(mine)
        session.execute(sa.delete(User).where(User.id == house.alice))
        assert session.scalar(mine) == before
        assert session.scalar(mine.where(DA.user_id.is_(None))) == before - 1
        assert session.get_one(A, house.night.id).created_by is None


def test_only_members_see_and_only_administrators_make_rules(house):
    with house.acting(house.eve) as session:
        for model in (A, AR, DA, LP):
            assert session.scalars(sa.select(model)).all() == []
    with house.acting(house.bob) as session:
        said = refusal(session, lambda: add(session, rule("Bob's")))
        assert "row-level security" in said
        action = switched(house.lamp, NOON, "on")
        assert "permission denied" in refusal(session, lambda: add(session, action))
        assert session.execute(sa.update(A).values(is_enabled=False)).rowcount == 0


@pytest.mark.parametrize(
    ("make", "constraint"),
    [
        (lambda h: rule("Night"), "automations_name_key"),
        (lambda h: rule("x", trigger={"at": "1"}), "automations_trigger_check"),
        (lambda h: rule("x", actions={}), "automations_actions_check"),
        (lambda h: rule("x", origin="magic"), "automations_origin_check"),
        (lambda h: ran(h.night, NOON, "failed"), "automation_runs_error_check"),
        (lambda h: ran(h.night, NOON, "lost"), "automation_runs_outcome_check"),
        (lambda h: AR(automation_id=h.night.id, outcome="done"),
         "automation_runs_finished_check"),
        (lambda h: switched(h.lamp, NOON, "on", "ghost"), "device_actions_cause_check"),
        (lambda h: switched(h.lamp, NOON, "on", "device", user_id=h.bob),
         "device_actions_user_check"),
        (lambda h: switched(h.lamp, NOON, "on", run_id=h.runs[0].id),
         "device_actions_run_check"),
        (lambda h: pattern(h.heater), "learned_patterns_habit_key"),
        (lambda h: pattern(h.lamp, status="accepted"),
         "learned_patterns_decided_check"),
        (lambda h: pattern(h.lamp, automation_id=h.away.id),
         "learned_patterns_automation_check"),
        (lambda h: pattern(h.lamp, confidence=D("1.2")),
         "learned_patterns_confidence_check"),
    ],
)  # fmt: skip
def test_bad_rows_are_refused(house, make, constraint):
    assert house.refused(make(house)) == constraint


def test_the_hot_queries_have_their_index(house):
    with house.engine.begin() as connection:
        for table, columns, values in (
            ("device_actions", "device_id, occurred_at, attribute, new_value, cause",
             "%(d)s, %(t)s::timestamptz - n * interval '1 hour', 'power', 'on',"
             " 'device'"),
            ("automation_runs", "automation_id, started_at, finished_at, outcome",
             "%(a)s, %(t)s::timestamptz - n * interval '1 hour', %(t)s, 'done'"),
        ):  # fmt: skip
            connection.exec_driver_sql(
                f"INSERT INTO smart_home.{table} ({columns}) SELECT {values}"
                " FROM generate_series(5000, 1000, -1) AS n",
                {"d": house.heater.id, "a": house.off.id, "t": NOON},
            )
            connection.exec_driver_sql(f"ANALYZE smart_home.{table}")
    of_device = (
        sa.select(DA.new_value)
        .where(DA.device_id == house.heater.id, DA.attribute == "power")
        .order_by(DA.occurred_at.desc())
        .limit(1)
    )
    plan = house.plan(house.bob, of_device)
    assert "idx_device_actions_device_time" in searched(plan)
    assert "Sort" not in plan
    long_ago = sa.select(DA.id).where(DA.occurred_at < ago(days=190))
    assert searched(house.plan(None, long_ago)) == {"idx_device_actions_occurred"}
    runs = sa.select(AR.outcome).where(AR.automation_id == house.night.id)
    assert "idx_automation_runs_automation_started" in searched(house.plan(None, runs))
    hers = sa.select(A.id).where(A.created_by == house.alice)
    assert searched(house.plan(None, hers)) == {"idx_automations_creator"}
