"""Predictions: what is expected, what came, how good it was, and whose it is."""

import datetime as dt
import uuid
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from models.homeops import (
    Forecast,
    ForecastAccuracy,
    ForecastPoint,
    PredictionModel,
    User,
)
from tests.homeops.household import (  # noqa: F401 - a fixture
    NOON,
    TODAY,
    add,
    ago,
    day,
    household,
    searched,
)

measure = sa.func.ai.measure_forecasts
# Days ago, then value and actual of each horizon; None: not known yet.
RUNS = {
    14: (("10", "12"), ("11", "9"), ("20", "20")),
    7: (("10", "10.5"), ("11", "31"), ("20", "18")),
    1: (("13", "12"), ("14", None), ("15", None)),
}


def model(version, **more):
    return PredictionModel(
        id=uuid.uuid4(), name="spending", version=version, algorithm="mean",
        trained_from=day(400), trained_until=day(20), **more,
    )  # fmt: skip


def forecast(made_by, ago_days, user=None, **more):
    values = {"metric": "spending_usd", "made_on": day(ago_days)}
    return Forecast(id=uuid.uuid4(), model_id=made_by.id, user_id=user, **values | more)


def point(horizon, made, value, actual=None, **more):
    value = D(value)
    values = {"lower_bound": value - 2, "upper_bound": value + 2}
    return ForecastPoint(
        horizon=horizon, target_on=made + dt.timedelta(days=horizon), value=value,
        actual=None if actual is None else D(actual),
        **{"actual_at": None if actual is None else NOON} | values | more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def house(household):  # noqa: F811
    h = household
    h.old, h.new = model(1), model(2, is_active=True)
    h.add(h.old, h.new)
    h.runs = {}
    for ago_days, points in RUNS.items():
        run = forecast(h.new, ago_days, h.alice)
        run.points = [point(n, day(ago_days), *p) for n, p in enumerate(points, 1)]
        h.runs[ago_days] = run
    h.house = forecast(h.old, 7, metric="energy_kwh")
    h.house.points = [point(1, day(7), "5", "6")]
    h.bobs = forecast(h.new, 1, h.bob)
    h.bobs.points = [point(1, day(1), "100", "50")]
    h.add(*h.runs.values(), h.house, h.bobs)
    return h


def test_what_is_expected_from_today_on_by_the_latest_run(house):
    latest = (
        sa.select(Forecast.id)
        .where(Forecast.metric == "spending_usd", Forecast.user_id == house.alice)
        .order_by(Forecast.made_on.desc()).limit(1).scalar_subquery()
    )  # fmt: skip
    query = (
        sa.select(ForecastPoint.target_on, ForecastPoint.value)
        .where(ForecastPoint.forecast_id == latest, ForecastPoint.target_on > TODAY)
        .order_by(ForecastPoint.target_on)
    )
    with house.acting(house.alice) as session:
        assert session.execute(query).all() == [(day(-1), D(14)), (day(-2), D(15))]


def test_the_expected_sum_with_its_bounds(house):
    columns = (
        ForecastPoint.value,
        ForecastPoint.lower_bound,
        ForecastPoint.upper_bound,
    )
    query = sa.select(*map(sa.func.sum, columns)).where(
        ForecastPoint.forecast_id == house.runs[1].id
    )
    with house.acting(house.alice) as session:
        assert session.execute(query).one() == (D(42), D(36), D(48))


def test_how_good_a_model_was_by_horizon(house):
    with house.service() as session:
        assert session.scalar(sa.select(measure())) == 4
        found = session.execute(
            sa.select(
                ForecastAccuracy.horizon, ForecastAccuracy.point_count,
                ForecastAccuracy.mean_error, ForecastAccuracy.mean_absolute_error,
                ForecastAccuracy.coverage,
            )
            .where(ForecastAccuracy.model_id == house.new.id)
            .order_by(ForecastAccuracy.horizon)
        ).all()  # fmt: skip
    known = {1: [("100", "50")]}
    for points in RUNS.values():
        for horizon, (value, actual) in enumerate(points, 1):
            if actual is not None:
                known.setdefault(horizon, []).append((value, actual))
    for horizon, count, error, absolute, coverage in found:
        errors = [D(value) - D(actual) for value, actual in known[horizon]]
        assert count == len(errors)
        assert error == round(sum(errors) / count, 4)
        assert absolute == round(sum(map(abs, errors)) / count, 4)
        assert coverage == round(D(sum(abs(e) <= 2 for e in errors)) / count, 6)


def test_it_is_measured_anew_once_more_has_come(house):
    horizon_two = sa.select(ForecastAccuracy.point_count).where(
        ForecastAccuracy.model_id == house.new.id, ForecastAccuracy.horizon == 2
    )
    with house.service() as session:
        session.scalar(sa.select(measure()))
        assert session.scalar(horizon_two) == 2
        came = sa.update(ForecastPoint).where(
            ForecastPoint.forecast_id == house.runs[1].id, ForecastPoint.horizon == 2
        )
        session.execute(came.values(actual=D(14), actual_at=NOON))
        session.scalar(sa.select(measure()))
        assert session.scalar(horizon_two) == 3


def test_what_came_unexpected(house):
    """Actual values far outside the bounds: what the household is told of."""
    query = sa.select(ForecastPoint.target_on, ForecastPoint.actual).where(
        ~ForecastPoint.actual.between(
            ForecastPoint.lower_bound, ForecastPoint.upper_bound
        )
    )
    with house.acting(house.alice) as session:
        assert session.execute(query).all() == [(day(5), D(31))]


def test_which_points_wait_for_their_day(house):
    due = sa.select(ForecastPoint.horizon).where(
        ForecastPoint.actual.is_(None), ForecastPoint.target_on <= day(-1)
    )
    with house.service() as session:
        assert session.scalars(due).all() == [2]
    assert "idx_forecast_points_due" in searched(house.plan(None, due))


def test_beside_what_came_what_had_been_expected_the_day_before(house):
    query = (
        sa.select(ForecastPoint.target_on, ForecastPoint.value, ForecastPoint.actual)
        .join(ForecastPoint.forecast)
        .where(Forecast.metric == "spending_usd", Forecast.user_id == house.alice)
        .where(ForecastPoint.horizon == 1)
        .order_by(ForecastPoint.target_on)
    )
    with house.acting(house.alice) as session:
        assert session.execute(query).all() == [
            (day(13), D(10), D(12)), (day(6), D(10), D("10.5")), (day(0), D(13), D(12)),
        ]  # fmt: skip


def test_how_an_expectation_moved_as_its_day_came_nearer(house):
    """A second look at the same day, by a later run."""
    with house.service() as session:
        later = forecast(house.new, 12, house.alice)
        later.points = [point(1, day(12), "9.5", "20")]
        add(session, later)
        query = (
            sa.select(
                ForecastPoint.target_on,
                sa.func.array_agg(
                    sa.dialects.postgresql.aggregate_order_by(
                        ForecastPoint.value, ForecastPoint.horizon.desc()
                    )
                ),
            )
            .join(ForecastPoint.forecast)
            .where(Forecast.user_id == house.alice)
            .group_by(ForecastPoint.target_on)
            .having(sa.func.count() > 1)
        )
        assert session.execute(query).all() == [(day(11), [D(20), D("9.5")])]


def test_which_model_is_best_for_the_next_day(house):
    with house.service() as session:
        session.scalar(sa.select(measure()))
        best = (
            sa.select(
                ForecastAccuracy.metric, PredictionModel.version,
                ForecastAccuracy.mean_absolute_error,
            )
            .join(ForecastAccuracy.model)
            .where(ForecastAccuracy.horizon == 1)
            .ext(sa.dialects.postgresql.distinct_on(ForecastAccuracy.metric))
            .order_by(
                ForecastAccuracy.metric, ForecastAccuracy.mean_absolute_error,
                PredictionModel.version.desc(),
            )
        )  # fmt: skip
        found = {metric: rest for metric, *rest in session.execute(best)}
        # (2 + 0.5 + 1 + 50) / 4, Bob's first bad guess among them.
        assert found == {
            "energy_kwh": [1, D(1)], "spending_usd": [2, D("13.3750")]
        }  # fmt: skip


def test_where_the_bounds_are_too_narrow(house):
    """Fewer actual values within them than a model promises."""
    narrow = sa.select(ForecastAccuracy.metric, ForecastAccuracy.horizon).where(
        ForecastAccuracy.coverage < D("0.9"), ForecastAccuracy.point_count >= 2
    )
    with house.service() as session:
        session.scalar(sa.select(measure()))
        assert sorted(session.execute(narrow).all()) == [
            ("spending_usd", 1), ("spending_usd", 2),
        ]  # fmt: skip


def test_who_has_no_fresh_prediction(house):
    """Whom the next run is for."""
    fresh = sa.exists().where(
        Forecast.user_id == User.id, Forecast.metric == "spending_usd",
        Forecast.made_on > day(1),
    )  # fmt: skip
    query = sa.select(User.id).where(User.is_active, ~fresh)
    with house.service() as session:
        assert set(session.scalars(query)) == {house.alice, house.bob}
        add(session, forecast(house.new, 0, house.bob))
        assert set(session.scalars(query)) == {house.alice}


def test_the_active_model_of_a_name_is_put_back_in_one_statement(house):
    """Back to the version before, where a new one does worse."""
    chosen = PredictionModel.version == house.old.version
    with house.service() as session:
        named = sa.update(PredictionModel).where(PredictionModel.name == "spending")
        session.execute(named.where(~chosen).values(is_active=False))
        session.execute(named.where(chosen).values(is_active=True))
        active = sa.select(PredictionModel.version).where(PredictionModel.is_active)
        assert session.scalars(active).all() == [house.old.version]


def test_predictions_are_one_s_own_and_the_household_s(house):
    own = {run.id for run in house.runs.values()}
    for person, seen in (
        (house.alice, own | {house.house.id}),
        (house.bob, {house.bobs.id, house.house.id}),
        (house.eve, set()),
    ):
        with house.acting(person) as session:
            assert set(session.scalars(sa.select(Forecast.id))) == seen
            points = session.scalars(sa.select(ForecastPoint.forecast_id))
            assert set(points) == seen


def test_the_index_serves_a_person_s_latest(house):
    query = (
        sa.select(Forecast.id)
        .where(Forecast.user_id == house.alice, Forecast.metric == "spending_usd")
        .order_by(Forecast.made_on.desc()).limit(1)
    )  # fmt: skip
    assert "idx_forecasts_user_made" in searched(house.plan(house.alice, query))


@pytest.mark.parametrize(
    ("make", "constraint"),
    [
        (lambda h: model(2), "prediction_models_version_key"),
        (lambda h: model(3, is_active=True), "idx_prediction_models_active"),
        (lambda h: model(0), "prediction_models_version_check"),
        (lambda h: forecast(h.new, 1, h.bob), "forecasts_once_key"),
        (lambda h: forecast(h.old, 7, metric="energy_kwh"), "forecasts_once_key"),
        (lambda h: forecast(h.new, 2, h.bob, device_id=uuid.uuid4()),
         "forecasts_subject_check"),
        (lambda h: forecast(h.new, 2, account_id=uuid.uuid4()),
         "forecasts_account_check"),
        (lambda h: forecast(h.new, 2, metric="kWh"), "forecasts_metric_check"),
        (lambda h: forecast(h.new, 2, points=[point(0, day(2), 1)]),
         "forecast_points_horizon_check"),
        (lambda h: forecast(h.new, 2, points=[point(1, day(2), 1, lower_bound=D(2))]),
         "forecast_points_bounds_check"),
        (lambda h: forecast(h.new, 2, points=[point(1, day(2), 1, actual_at=NOON)]),
         "forecast_points_actual_check"),
        (lambda h: forecast(h.new, 2, points=[point(1, day(2), 1),
                                              point(2, day(3), 1)]),
         "forecast_points_day_key"),
    ],
)  # fmt: skip
def test_bad_rows_are_refused(house, make, constraint):
    assert house.refused(make(house)) == constraint
