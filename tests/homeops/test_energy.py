"""Energy monitoring: what was used, when, at what cost, and if the budget holds."""

import datetime as dt
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from models.homeops import (
    Device,
    EnergyBudget,
    EnergyDay,
    EnergyReading,
    Room,
    SystemConfig,
    Tariff,
    TariffRate,
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

B, ED, ER, T, TR = EnergyBudget, EnergyDay, EnergyReading, Tariff, TariffRate
MIDNIGHT = NOON.replace(hour=0)


def roll_up(when):
    return sa.select(sa.func.smart_home.roll_up_energy(when))


def read(device, started, quantity, **more):
    values = {"direction": "import", "interval_s": 3_600, "carrier": "electricity"}
    return ER(
        device_id=device.id, started_at=started, quantity=D(quantity), **values | more
    )


def energy_day(device, when, quantity, cost=None, **more):
    values = {"direction": "import", "carrier": "electricity", "reading_count": 24}
    return ED(
        device_id=device.id, used_on=when, quantity=D(quantity),
        cost=cost and D(cost), currency=cost and "USD", **values | more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def house(household):  # noqa: F811
    h = household
    kitchen = h.room("Kitchen")
    h.meter = h.device("Meter", "meter")
    h.gas = h.device("Gas meter", "meter")
    h.plug = h.device("Fridge plug", "plug", room_id=kitchen.id)
    h.oven = h.device("Oven plug", "plug", room_id=kitchen.id)
    old = T(carrier="electricity", name="Old", valid_from=dt.date(2024, 1, 1))
    new = T(
        carrier="electricity", name="New", valid_from=day(10),
        standing_charge=D("0.41"),
    )  # fmt: skip
    feed = T(carrier="electricity", name="Sun", direction="export", valid_from=day(500))
    h.add(old, new, feed)
    h.old, h.new = old, new
    h.add(
        *(
            TR(tariff_id=tariff.id, day_type=kind, starts_at=dt.time(hour),
               unit_price=D(price))
            for tariff, kind, hour, price in (
                (old, "weekday", 0, "0.50"), (new, "weekday", 0, "0.10"),
                (new, "weekday", 7, "0.333333"), (new, "weekday", 22, "0.12"),
                (new, "weekend", 0, "0.10"), (feed, "weekday", 0, "0.08"),
            )
        ),
        # Today is a Tuesday: two hours by night, one by day, one late.
        read(h.meter, MIDNIGHT, "1.0000"),
        read(h.meter, MIDNIGHT.replace(hour=6), "2.0001"),
        read(h.meter, MIDNIGHT.replace(hour=7), "3.1234"),
        read(h.meter, MIDNIGHT.replace(hour=22), "0.5", is_estimated=True),
        read(h.meter, MIDNIGHT.replace(hour=12), "4.0", direction="export"),
        read(h.gas, MIDNIGHT, "1.25", carrier="gas"),
        read(h.plug, MIDNIGHT, "0.1"),
        *(read(h.plug, ago(hours=n), "0.05") for n in range(13, 37)),
        *(
            energy_day(device, day(n), quantity, cost)
            for device, n, quantity, cost in (
                (h.meter, 1, "10", "2.00"), (h.meter, 2, "12.5", "2.50"),
                (h.meter, 7, "40", "9.99"), (h.meter, 8, "11", "2.20"),
                (h.plug, 1, "1.2", "0.24"), (h.plug, 2, "1.3", None),
                (h.oven, 1, "2.5", "0.50"),
            )
        ),
        B(carrier="electricity", month=dt.date(2026, 6, 1), limit_quantity=D(80)),
        B(carrier="electricity", month=dt.date(2026, 5, 1), limit_quantity=D(999)),
    )  # fmt: skip
    return h


def test_a_day_is_priced_by_the_hour_and_the_contract_of_the_day(house):
    with house.service() as session:
        assert session.scalar(roll_up(TODAY)) == 4
        bought = session.get_one(ED, (house.meter.id, "import", TODAY))
        by_hand = D("3.0001") * D("0.10") + D("3.1234") * D("0.333333") + D("0.06")
        assert bought.quantity == D("6.6235")
        assert bought.cost == round(by_hand, 2) == D("1.40")
        assert (bought.reading_count, bought.estimated_count) == (4, 1)
        sold = session.get_one(ED, (house.meter.id, "export", TODAY))
        assert (sold.quantity, sold.cost) == (D(4), D("-0.32"))


def test_without_a_price_the_cost_is_unknown_and_not_nothing(house):
    with house.service() as session:
        session.execute(roll_up(TODAY))
        gas = session.get_one(ED, (house.gas.id, "import", TODAY))
        assert (gas.quantity, gas.cost, gas.currency) == (D("1.25"), None, None)


def test_a_reading_that_comes_late_is_counted_by_the_next_run(house):
    with house.service() as session:
        session.execute(roll_up(TODAY))
        add(session, read(house.meter, MIDNIGHT.replace(hour=23), "1"))
        assert session.scalar(roll_up(TODAY)) == 4
        made = session.get_one(ED, (house.meter.id, "import", TODAY))
        assert (made.quantity, made.cost) == (D("7.6235"), D("1.52"))


def test_days_and_prices_go_by_the_clock_of_the_house(house):
    with house.service() as session:
        session.get_one(SystemConfig, "system.timezone").value = "America/New_York"
        session.flush()
        session.execute(roll_up(TODAY))
        made = session.get_one(ED, (house.meter.id, "import", TODAY))
        # Midnight in London is the day before here; 22 there is 18 here.
        by_hand = D("5.1235") * D("0.10") + D("0.5") * D("0.333333")
        assert (made.quantity, made.cost) == (D("5.6235"), round(by_hand, 2))


def test_the_price_now(house):
    contract = (
        sa.select(T.id)
        .where(T.carrier == "electricity", T.direction == "import")
        .where(T.valid_from <= TODAY)
        .order_by(T.valid_from.desc())
        .limit(1)
        .scalar_subquery()
    )
    price = (
        sa.select(TR.unit_price)
        .where(TR.tariff_id == contract, TR.day_type == "weekday")
        .where(TR.starts_at <= dt.time(12))
        .order_by(TR.starts_at.desc())
        .limit(1)
    )
    with house.acting(house.bob) as session:
        assert session.scalar(price) == D("0.333333")
        assert session.scalar(sa.select(contract)) == house.new.id


def test_what_the_month_has_cost_with_the_standing_charge(house):
    days = sa.func.count(ED.used_on.distinct())
    cost = sa.select(sa.func.sum(ED.cost) + days * house.new.standing_charge).where(
        ED.device_id == house.meter.id, ED.used_on.between(day(9), day(1))
    )
    with house.acting(house.bob) as session:
        assert session.scalar(cost) == D("16.69") + 4 * D("0.41")


def test_who_uses_most_by_room_and_device(house):
    use = (
        sa.select(Room.name, Device.name, sa.func.sum(ED.quantity))
        .join_from(ED, Device, ED.device_id == Device.id)
        .join(Room, Room.id == Device.room_id)
        .group_by(Room.name, Device.name)
        .order_by(sa.func.sum(ED.quantity).desc())
    )
    with house.acting(house.bob) as session:
        found = session.execute(use.where(ED.used_on == day(1))).all()
    assert found == [
        ("Kitchen", "Oven plug", D("2.5")), ("Kitchen", "Fridge plug", D("1.2")),
    ]  # fmt: skip


def test_how_much_of_the_budget_is_used_and_where_the_month_will_end(house):
    used = sa.func.sum(ED.quantity)
    month = sa.func.date_trunc("month", ED.used_on).cast(sa.Date)
    state = (
        sa.select(
            sa.func.round(used / B.limit_quantity, 4),
            (used / B.limit_quantity) >= B.warn_at,
            sa.func.round(used / 29 * 30, 2),
        )
        .join(B, (B.carrier == ED.carrier) & (B.month == month))
        .where(ED.device_id == house.meter.id, ED.used_on <= day(1))
        .group_by(B.carrier, B.month)
    )
    with house.acting(house.bob) as session:
        assert session.execute(state).all() == [(D("0.9188"), True, D("76.03"))]


def test_the_hour_of_the_day_that_takes_most(house):
    hour = sa.extract("hour", sa.func.timezone("UTC", ER.started_at))
    profile = (
        sa.select(hour, sa.func.sum(ER.quantity))
        .where(ER.device_id == house.meter.id, ER.direction == "import")
        .group_by(hour)
        .order_by(sa.func.sum(ER.quantity).desc())
        .limit(1)
    )
    with house.acting(house.bob) as session:
        assert session.execute(profile).one() == (7, D("3.1234"))


def test_the_power_that_the_house_takes_when_all_is_quiet(house):
    watts = ER.quantity * 3_600_000 / ER.interval_s
    base = sa.select(
        sa.func.percentile_cont(0.1).within_group(watts.asc())
    ).where(ER.device_id == house.plug.id)  # fmt: skip
    with house.acting(house.bob) as session:
        assert session.scalar(base) == 50.0


def test_days_that_are_out_of_the_ordinary(house):
    usual = (
        sa.select(sa.func.percentile_cont(0.5).within_group(ED.quantity.asc()))
        .where(ED.device_id == house.meter.id)
        .scalar_subquery()
    )
    odd = sa.select(ED.used_on).where(
        ED.device_id == house.meter.id, ED.quantity > 2 * usual
    )
    with house.acting(house.bob) as session:
        assert session.scalars(odd).all() == [day(7)]


def test_hours_that_are_missing_from_a_meter(house):
    hours = (
        sa.func.generate_series(
            ago(hours=40), ago(hours=13), sa.text("interval '1 hour'")
        )
        .table_valued("hour")
        .render_derived()
    )
    gaps = (
        sa.select(sa.func.count())
        .select_from(hours)
        .outerjoin(
            ER, (ER.started_at == hours.c.hour) & (ER.device_id == house.plug.id)
        )
        .where(ER.device_id.is_(None))
    )
    with house.acting(house.bob) as session:
        assert session.scalar(gaps) == 4


def test_the_part_of_the_meter_that_no_plug_explains(house):
    plugs = sa.func.sum(ED.quantity).filter(ED.device_id != house.meter.id)
    meter = sa.func.sum(ED.quantity).filter(ED.device_id == house.meter.id)
    rest = sa.select(meter - plugs).where(ED.used_on == day(1))
    with house.acting(house.bob) as session:
        assert session.scalar(rest) == D("6.3")


def test_a_device_leads_to_its_readings_and_a_tariff_to_its_rates(house):
    with house.acting(house.bob) as session:
        meter = session.get_one(Device, house.meter.id)
        assert len(meter.energy_readings) == 5
        assert len(meter.energy_days) == 4
        assert len(session.get_one(T, house.new.id).rates) == 4


def test_who_left_the_household_sees_nothing(house):
    with house.acting(house.eve) as session:
        for model in (T, TR, ER, ED, B):
            assert session.scalars(sa.select(model)).all() == []


def test_prices_and_budgets_are_the_administrators(house):
    budget = {"carrier": "gas", "month": dt.date(2026, 6, 1), "limit_quantity": D(9)}
    with house.acting(house.alice) as session:
        add(session, B(**budget))
    with house.acting(house.bob) as session:
        assert "row-level security" in refusal(
            session, lambda: add(session, B(**budget))
        )
        assert session.execute(sa.update(TR).values(unit_price=D(0))).rowcount == 0
    for row in (read(house.gas, NOON, "1"), energy_day(house.gas, day(3), "1")):
        with house.acting(house.alice) as session:
            said = refusal(session, lambda: add(session, row))  # noqa: B023
            assert "permission denied" in said


@pytest.mark.parametrize(
    ("make", "constraint"),
    [
        (lambda h: read(h.gas, NOON, "-1"), "energy_readings_quantity_check"),
        (lambda h: read(h.gas, NOON, 1, interval_s=0),
         "energy_readings_interval_check"),
        (lambda h: read(h.gas, NOON, 1, direction="up"),
         "energy_readings_direction_check"),
        (lambda h: read(h.gas, NOON, 1, carrier="coal"),
         "energy_readings_carrier_check"),
        (lambda h: read(h.gas, MIDNIGHT, 1), "energy_readings_pkey"),
        (lambda h: energy_day(h.gas, TODAY, 1, reading_count=0),
         "energy_days_counts_check"),
        (lambda h: energy_day(h.gas, TODAY, 1, estimated_count=25),
         "energy_days_counts_check"),
        (lambda h: ED(device_id=h.gas.id, direction="import", used_on=TODAY,
                      carrier="gas", quantity=D(1), cost=D(1), reading_count=1),
         "energy_days_currency_check"),
        (lambda h: B(carrier="gas", month=dt.date(2026, 6, 2), limit_quantity=D(1)),
         "energy_budgets_month_check"),
        (lambda h: B(carrier="gas", month=dt.date(2026, 6, 1), limit_quantity=D(0)),
         "energy_budgets_limit_check"),
        (lambda h: T(carrier="electricity", name="x", valid_from=day(10)),
         "tariffs_carrier_from_key"),
        (lambda h: T(carrier="gas", name="x", valid_from=day(1), currency="US"),
         "tariffs_currency_check"),
        (lambda h: TR(tariff_id=h.new.id, day_type="holiday", unit_price=D(1)),
         "tariff_rates_day_type_check"),
        (lambda h: TR(tariff_id=h.new.id, day_type="weekday", unit_price=D(1)),
         "tariff_rates_pkey"),
    ],
)  # fmt: skip
def test_bad_rows_are_refused(house, make, constraint):
    assert house.refused(make(house)) == constraint


def test_the_hot_queries_have_their_index(house):
    with house.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO smart_home.energy_readings"
            " SELECT %(d)s, 'import', %(t)s::timestamptz - n * interval '15 minutes',"
            " 900, 'heat', 0.1 FROM generate_series(6000, 200, -1) AS n",
            {"d": house.oven.id, "t": NOON},
        )
        connection.exec_driver_sql(
            "INSERT INTO smart_home.energy_days"
            " (device_id, direction, used_on, carrier, quantity, reading_count)"
            " SELECT %(d)s, 'import', %(t)s::date - n, 'heat', 1, 1"
            " FROM generate_series(20, 3000) AS n",
            {"d": house.oven.id, "t": TODAY},
        )
        connection.exec_driver_sql(
            "ANALYZE smart_home.energy_readings, smart_home.energy_days"
        )
    curve = sa.select(ER.quantity).where(
        ER.device_id == house.oven.id, ER.direction == "import",
        ER.started_at.between(ago(days=9), ago(days=8)),
    )  # fmt: skip
    assert searched(house.plan(house.bob, curve)) == {"energy_readings_pkey"}
    night = sa.select(ER.device_id).where(ER.started_at < ago(days=60))
    assert searched(house.plan(None, night)) == {"idx_energy_readings_started"}
    everything = sa.select(ED.quantity).where(ED.used_on == day(1))
    assert searched(house.plan(house.bob, everything)) == {"idx_energy_days_day"}
    meters = sa.select(Device.id).where(Device.type == "meter")
    assert searched(house.plan(house.bob, meters)) == {"idx_devices_type"}
