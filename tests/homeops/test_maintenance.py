"""Device maintenance: what is due, what is broken, what was done and what it cost."""

import datetime as dt
import uuid
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from models.homeops import (
    Device,
    DeviceFault,
    DeviceReading,
    DeviceWarranty,
    MaintenancePlan,
    MaintenanceRecord,
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

DF, DW, MP, MR = DeviceFault, DeviceWarranty, MaintenancePlan, MaintenanceRecord


def plan(device, task, **more):
    values = {"interval_days": 90, "next_due_on": day(0)}
    return MP(id=uuid.uuid4(), device_id=device.id, task=task, **values | more)


def by_use(device, task, **more):
    values = {"usage_metric": "run_hours", "usage_limit": D(500)}
    return MP(id=uuid.uuid4(), device_id=device.id, task=task, **values | more)


def fault(device, days, severity="minor", **more):
    return DF(
        id=uuid.uuid4(), device_id=device.id, reported_at=ago(days=days),
        severity=severity, **{"description": "rattles"} | more,
    )  # fmt: skip


def job(device, days, task, **more):
    return MR(
        id=uuid.uuid4(), device_id=device.id, done_on=day(days), task=task, **more
    )


@pytest.fixture(scope="module")
def house(household):  # noqa: F811
    h = household
    h.boiler = h.device("Boiler", "boiler", installed_on=day(1000))
    h.pump, h.lock = h.device("Pump", "pump"), h.device("Lock", "lock")
    h.service_due = plan(h.boiler, "Service", next_due_on=day(3), assigned_to=h.bob)
    h.filter = plan(h.boiler, "Filter", next_due_on=day(-5), interval_days=30)
    h.stopped = plan(h.lock, "Grease", next_due_on=day(90), is_active=False)
    h.bearings = by_use(h.pump, "Bearings")
    h.add(h.service_due, h.filter, h.stopped, h.bearings)
    h.add(
        *(
            DeviceReading(device_id=h.pump.id, metric="run_hours",
                          recorded_at=ago(days=n), value=value)
            for n, value in ((200, 10.0), (100, 300.0), (50, 490.5), (1, 905.0))
        )
    )  # fmt: skip
    h.jammed = fault(h.lock, 30, "critical", resolved_at=ago(days=28),
                     reported_by=h.bob, resolution="New cylinder")  # fmt: skip
    h.leaks = fault(h.boiler, 2, "major", description="leaks", reported_by=h.alice)
    h.rattles = fault(h.pump, 9, reported_by=h.bob)
    h.older = fault(h.lock, 130, resolved_at=ago(days=129), reported_by=h.bob)
    h.add(h.jammed, h.leaks, h.rattles, h.older)
    h.add(
        job(h.boiler, 93, "Service", plan_id=h.service_due.id, cost=D("180.00"),
            parts=["seal"]),
        job(h.boiler, 190, "Service", plan_id=h.service_due.id, cost=D("165.50")),
        job(h.boiler, 400, "Pump replaced", cost=D("420.00")),
        job(h.pump, 90, "Bearings", plan_id=h.bearings.id, done_by=h.bob,
            cost=D("25.25"), parts=["bearing", "bearing"]),
        job(h.lock, 28, "New cylinder", fault_id=h.jammed.id, cost=D("148.00")),
        job(h.lock, 29, "Oil", fault_id=h.jammed.id, outcome="failed", done_by=h.bob),
        DW(device_id=h.boiler.id, provider="Maker", starts_on=day(1000),
           ends_on=day(270), purchase_price=D("3400.00")),
        DW(device_id=h.boiler.id, provider="Insurer", starts_on=day(269),
           ends_on=day(-20)),
        DW(device_id=h.lock.id, provider="Maker", starts_on=day(400),
           ends_on=day(-330), purchase_price=D("310.00")),
    )  # fmt: skip
    return h


def test_what_is_overdue_and_due_within_a_fortnight(house):
    due = (
        sa.select(Device.name, MP.task, TODAY - MP.next_due_on)
        .join(MP.device)
        .where(MP.is_active, MP.next_due_on <= TODAY + dt.timedelta(days=14))
        .order_by(MP.next_due_on)
    )
    with house.acting(house.bob) as session:
        assert session.execute(due).all() == [
            ("Boiler", "Service", 3), ("Boiler", "Filter", -5),
        ]  # fmt: skip


def test_what_is_mine_to_do(house):
    with house.acting(house.bob) as session:
        me = session.get_one(User, house.bob)
        assert [p.task for p in me.maintenance_plans] == ["Service"]


def test_what_is_due_by_use_since_it_was_last_done(house):
    last = (
        sa.select(sa.func.max(MR.done_on)).where(MR.plan_id == MP.id).scalar_subquery()
    )
    value = DeviceReading.value
    use = (
        sa.select(MP.task, sa.func.max(value) - sa.func.min(value))
        .join_from(
            MP,
            DeviceReading,
            (DeviceReading.device_id == MP.device_id)
            & (DeviceReading.metric == MP.usage_metric)
            & (
                DeviceReading.recorded_at >= sa.func.coalesce(last, dt.date(1970, 1, 1))
            ),
        )
        .where(MP.is_active)
        .group_by(MP.id)
        .having(sa.func.max(value) - sa.func.min(value) >= 0.8 * MP.usage_limit)
    )
    with house.acting(house.bob) as session:
        # 490.5 to 905 since the bearings were new 90 days ago: of 500.
        assert session.execute(use).all() == [("Bearings", 414.5)]


def test_done_and_due_again_in_one_transaction(house):
    with house.acting(house.alice) as session:
        done = job(house.boiler, 0, "Filter", plan_id=house.filter.id,
                   done_by=house.alice)  # fmt: skip
        add(session, done)
        due = sa.update(MP).where(MP.id == house.filter.id)
        due = due.values(next_due_on=done.done_on + MP.interval_days).returning(
            MP.next_due_on
        )
        assert session.scalar(due) == TODAY + dt.timedelta(days=30)


def test_what_is_broken_now_the_worst_first(house):
    rank = sa.case({"critical": 1, "major": 2, "minor": 3}, value=DF.severity)
    broken = (
        sa.select(Device.name, DF.severity)
        .join(DF.device)
        .where(DF.resolved_at.is_(None))
        .order_by(rank, DF.reported_at)
    )
    with house.acting(house.bob) as session:
        assert session.execute(broken).all() == [("Boiler", "major"), ("Pump", "minor")]


def test_how_long_repairs_take_and_how_often_things_break(house):
    previous = sa.func.lag(DF.reported_at).over(
        partition_by=DF.device_id, order_by=DF.reported_at
    )
    faults = sa.select(
        DF.device_id, (DF.resolved_at - DF.reported_at).label("repair"),
        (DF.reported_at - previous).label("between"),
    ).subquery()  # fmt: skip
    means = (
        sa.select(sa.func.avg(faults.c.repair), sa.func.avg(faults.c.between))
        .where(faults.c.device_id == house.lock.id)
    )  # fmt: skip
    with house.acting(house.bob) as session:
        assert session.execute(means).one() == (
            dt.timedelta(days=1.5), dt.timedelta(days=100),
        )  # fmt: skip


def test_what_each_device_has_cost_since_it_was_bought(house):
    bought = (
        sa.select(sa.func.sum(DW.purchase_price))
        .where(DW.device_id == Device.id)
        .scalar_subquery()
    )
    cost = (
        sa.select(Device.name, sa.func.sum(MR.cost), bought)
        .join(MR.device)
        .group_by(Device.id)
        .order_by(Device.name)
    )
    with house.acting(house.bob) as session:
        assert session.execute(cost).all() == [
            ("Boiler", D("765.50"), D("3400.00")), ("Lock", D("148.00"), D("310.00")),
            ("Pump", D("25.25"), None),
        ]  # fmt: skip


def test_what_is_under_warranty_today_and_who_pays(house):
    covered = (
        sa.select(Device.name, DW.provider)
        .join(DW.device)
        .join(DF, DF.device_id == DW.device_id)
        .where(DF.resolved_at.is_(None), DW.starts_on <= TODAY, DW.ends_on >= TODAY)
    )
    with house.acting(house.bob) as session:
        assert session.execute(covered).all() == [("Boiler", "Insurer")]


def test_warranties_that_end_within_a_month(house):
    ending = sa.select(DW.provider).where(
        DW.ends_on.between(TODAY, TODAY + dt.timedelta(days=30))
    )
    with house.acting(house.bob) as session:
        assert session.scalars(ending).all() == ["Insurer"]


def test_the_story_of_a_device(house):
    story = sa.union_all(
        sa.select(
            DF.reported_at.cast(sa.Date).label("on"), DF.description.label("what")
        ).where(DF.device_id == house.lock.id),
        sa.select(MR.done_on, MR.task).where(MR.device_id == house.lock.id),
    ).subquery()  # fmt: skip
    query = sa.select(story.c.what).order_by(story.c.on.desc(), story.c.what)
    with house.acting(house.bob) as session:
        assert session.scalars(query).all() == [
            "New cylinder", "Oil", "rattles", "rattles",
        ]  # fmt: skip


def test_the_rhythm_that_a_plan_really_has(house):
    gap = MR.done_on - sa.func.lag(MR.done_on).over(order_by=MR.done_on)
    gaps = sa.select(gap.label("days")).where(MR.plan_id == house.service_due.id)
    mean = sa.select(sa.func.avg(gaps.subquery().c.days))
    with house.acting(house.bob) as session:
        assert session.scalar(mean) == 97


def test_parts_that_were_used_this_year(house):
    part = sa.func.unnest(MR.parts).table_valued("part").render_derived()
    used = (
        sa.select(part.c.part, sa.func.count())
        .select_from(MR)
        .join(part, sa.true())
        .where(MR.done_on > day(365))
        .group_by(part.c.part)
        .order_by(part.c.part)
    )
    with house.acting(house.bob) as session:
        assert session.execute(used).all() == [("bearing", 2), ("seal", 1)]


def test_a_fault_leads_to_what_was_tried_against_it(house):
    with house.acting(house.bob) as session:
        jammed = session.get_one(DF, house.jammed.id)
        tried = {(r.task, r.outcome) for r in jammed.repairs}
        assert tried == {("Oil", "failed"), ("New cylinder", "done")}
        assert jammed.reporter.full_name == "bob"
        assert {f.id for f in jammed.device.faults} == {house.jammed.id, house.older.id}


def test_a_plan_that_goes_leaves_what_was_done(house):
    with house.service() as session:
        session.execute(sa.delete(MP).where(MP.id == house.service_due.id))
        kept = sa.select(sa.func.count(MR.id)).where(
            MR.task == "Service", MR.plan_id.is_(None)
        )
        assert session.scalar(kept) == 2


def test_everybody_reports_and_the_reporter_follows_up(house):
    with house.acting(house.bob) as session:
        add(session, fault(house.pump, 0, reported_by=house.bob))
        for other in (house.alice, None):
            row = fault(house.pump, 0, reported_by=other)
            said = refusal(session, lambda: add(session, row))  # noqa: B023
            assert "row-level security" in said
        done = sa.update(DF).values(resolved_at=NOON).where(DF.id == house.leaks.id)
        assert session.execute(done).rowcount == 0
        mine = sa.update(DF).values(severity="major").where(DF.id == house.rattles.id)
        assert session.execute(mine).rowcount == 1
    with house.acting(house.alice) as session:
        assert session.execute(done).rowcount == 1


def test_what_was_done_is_not_changed_and_not_done_by_others(house):
    with house.acting(house.bob) as session:
        add(session, job(house.pump, 0, "Oiled", done_by=house.bob))
        row = job(house.pump, 0, "Oiled", done_by=house.alice)
        assert "row-level security" in refusal(session, lambda: add(session, row))
        for change in (sa.update(MR).values(cost=D(0)), sa.delete(MR)):
            said = refusal(session, lambda: session.execute(change))  # noqa: B023
            assert "permission denied" in said
    with house.acting(house.alice) as session:  # the craftsman has no account
        add(session, job(house.pump, 0, "Rewound"))


def test_plans_are_the_administrators_and_nothing_is_a_strangers(house):
    with house.acting(house.bob) as session:
        said = refusal(session, lambda: add(session, plan(house.pump, "Paint")))
        assert "row-level security" in said
        assert session.execute(sa.update(MP).values(is_active=False)).rowcount == 0
    with house.acting(house.eve) as session:
        for model in (DF, DW, MP, MR):
            assert session.scalars(sa.select(model)).all() == []
        row = fault(house.pump, 0, reported_by=house.eve)
        assert "row-level security" in refusal(session, lambda: add(session, row))


@pytest.mark.parametrize(
    ("make", "constraint"),
    [
        (lambda h: plan(h.boiler, "Filter"), "maintenance_plans_task_key"),
        (lambda h: plan(h.lock, "x", interval_days=0),
         "maintenance_plans_interval_check"),
        (lambda h: plan(h.lock, "x", next_due_on=None), "maintenance_plans_due_check"),
        (lambda h: by_use(h.lock, "x", usage_limit=None),
         "maintenance_plans_usage_check"),
        (lambda h: by_use(h.lock, "x", usage_limit=D(0)),
         "maintenance_plans_usage_limit_check"),
        (lambda h: MP(device_id=h.lock.id, task="x"), "maintenance_plans_rhythm_check"),
        (lambda h: fault(h.lock, 1, "odd"), "device_faults_severity_check"),
        (lambda h: fault(h.lock, 1, resolved_at=ago(days=2)),
         "device_faults_resolved_check"),
        (lambda h: fault(h.lock, 1, resolution="?"), "device_faults_resolution_check"),
        (lambda h: job(h.lock, 1, "x", cost=D(-1)), "maintenance_records_cost_check"),
        (lambda h: job(h.lock, 1, "x", outcome="?"),
         "maintenance_records_outcome_check"),
        (lambda h: job(h.lock, 1, "x", fault_id=uuid.uuid4()),
         "fk_maintenance_records_fault"),
        (lambda h: DW(device_id=h.lock.id, provider="Shop", starts_on=day(1),
                      ends_on=day(2)),
         "device_warranties_dates_check"),
    ],
)  # fmt: skip
def test_bad_rows_are_refused(house, make, constraint):
    assert house.refused(make(house)) == constraint


def test_the_hot_queries_have_their_index(house):
    with house.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO smart_home.maintenance_records (device_id, done_on, task)"
            " SELECT %(d)s, %(t)s::date - n, 'many' FROM generate_series(1, 3000) AS n",
            {"d": house.device("Robot").id, "t": TODAY},
        )
        connection.exec_driver_sql(
            "INSERT INTO smart_home.maintenance_plans"
            " (device_id, task, interval_days, next_due_on)"
            " SELECT %(d)s, 'p' || n, 1, %(t)s::date + n"
            " FROM generate_series(100, 3000) AS n",
            {"d": house.device("Drone").id, "t": TODAY},
        )
        connection.exec_driver_sql(
            "ANALYZE smart_home.maintenance_records, smart_home.maintenance_plans"
        )
    last = (
        sa.select(MR.task)
        .where(MR.device_id == house.boiler.id)
        .order_by(MR.done_on.desc())
        .limit(3)
    )
    assert searched(house.plan(house.bob, last)) == {
        "idx_maintenance_records_device_done"
    }
    due = sa.select(MP.id).where(MP.is_active, MP.next_due_on <= TODAY)
    assert searched(house.plan(house.bob, due)) == {"idx_maintenance_plans_due"}
    mine = sa.select(MP.id).where(MP.assigned_to == house.bob)
    assert searched(house.plan(house.bob, mine)) == {"idx_maintenance_plans_assignee"}
    broken = sa.select(DF.id).where(DF.resolved_at.is_(None), DF.severity == "critical")
    assert searched(house.plan(house.bob, broken)) == {"idx_device_faults_open"}
