"""How long queries take, the ways of asking by turns on warm pages.

Ways: ``rls`` as the application asks, in a tenant block, naming nobody; ``owner`` as
the tables' owner with a plain WHERE user_id; ``named`` in a tenant block and with the
WHERE as well. A sample is one statement from sending it to the last row fetched.
"""

import gc
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.reading import data, plans, queries
from bench.reading.queries import Statement, Subject
from models.tenant import as_user
from rollout.embedded import url_text

SUBJECTS = """
    SELECT id, md5('account ' || n || '-0')::uuid, 'S' || (n * 7) %% 500, transactions
    FROM bench.users WHERE {where} ORDER BY {order} LIMIT %s
"""
KINDS = {
    "median": ("n > 10", "abs(transactions - 28), n"),
    "heavy": ("n <= 10", "n"),
}
"""Users in the middle, and those with a hundredth of all rows each."""

WAYS = ("rls", "owner", "named")
SLOW_MS = 500.0
"""What takes longer is asked once, of one user."""


@dataclass
class Figures:
    """What one query took one kind of user, in milliseconds by way."""

    samples: dict[str, list[float]] = field(default_factory=dict)
    planning: dict[str, list[float]] = field(default_factory=dict)
    execution: dict[str, list[float]] = field(default_factory=dict)
    plans: dict[str, str] = field(default_factory=dict)
    estimated: dict[str, float] = field(default_factory=dict)
    astray: dict[str, list[str]] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """Medians, for saving."""
        return {
            "ms": {way: round(median(s), 4) for way, s in self.samples.items()},
            "p99_ms": {way: round(high(s), 4) for way, s in self.samples.items()},
            "samples": min(map(len, self.samples.values())),
            "planning_ms": {w: round(median(s), 4) for w, s in self.planning.items()},
            "execution_ms": {w: round(median(s), 4) for w, s in self.execution.items()},
            "plan": self.plans,
            "estimated_rows": self.estimated,
            "astray": {way: found for way, found in self.astray.items() if found},
        }


def median(samples: Sequence[float]) -> float:
    """The median; NaN of nothing."""
    return statistics.median(samples) if samples else float("nan")


def high(samples: Sequence[float]) -> float:
    """The 99th percentile."""
    return sorted(samples)[int(0.99 * len(samples))]


def subjects(url: sa.URL, kind: str, many: int) -> list[Subject]:
    """Users of a kind."""
    where, order = KINDS[kind]
    return [
        Subject(*row)
        for row in data.run(url, SUBJECTS.format(where=where, order=order), many)
    ]


class Bench:
    """Connections to one database, and what is asked on them."""

    def __init__(self, url: sa.URL, settings: Sequence[str] = ()) -> None:
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)
        self.settings = settings

    def query(
        self,
        query: queries.Query,
        subjects: Sequence[Subject],
        rounds: int,
        ways: Sequence[str] = WAYS,
    ) -> Figures:
        """Ask for every subject ``rounds`` times in each way, by turns."""
        figures = Figures()
        for subject in subjects:
            with (
                self.engine.connect() as tenant,
                self.engine.connect() as owner,
                as_user(tenant, subject.user_id),
                owner.begin(),
            ):
                asks = {
                    way: self._ask(tenant, owner, way, query(subject), subject)
                    for way in ways
                }
                _ask_by_turns(asks, rounds, figures)
            if max(map(max, figures.samples.values())) > SLOW_MS:
                break
        return figures

    def _ask(
        self,
        tenant: sa.Connection,
        owner: sa.Connection,
        way: str,
        statement: Statement,
        subject: Subject,
    ) -> "Ask":
        if way != "rls":
            statement = queries.of(subject, statement)
        connection = owner if way == "owner" else tenant
        cursor = connection.connection.cursor()
        cursor.execute("SELECT current_user")
        expected = "postgres" if way == "owner" else "authenticated"
        assert cursor.fetchone() == (expected,), f"{way} does not run as {expected}"
        for setting in self.settings:
            cursor.execute(f"SET LOCAL {setting}")
        return _compiled(cursor, statement, self.engine)


@dataclass
class Ask:
    """One statement on one cursor."""

    cursor: Any
    sql: str
    values: dict[str, Any]

    def __call__(self) -> float:
        """Milliseconds."""
        start = time.perf_counter_ns()
        self.cursor.execute(self.sql, self.values)
        self.cursor.fetchall()
        return (time.perf_counter_ns() - start) / 1e6

    def analyze(self) -> tuple[float, float]:
        """Planning and execution in the server, milliseconds."""
        self.cursor.execute(
            f"EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON) {self.sql}",
            self.values,
        )
        ((document,),) = self.cursor.fetchone()
        return document["Planning Time"], document["Execution Time"]

    def plan(self) -> tuple[plans.Plan, list[str]]:
        """The plan, and what is wrong with it."""
        plan = plans.explain(self.cursor, self.sql, self.values)
        return plan, plans.astray(self.cursor, plan)


def _ask_by_turns(asks: dict[str, Ask], rounds: int, figures: Figures) -> None:
    names = list(asks)
    for way, ask in asks.items():
        plan, wrong = ask.plan()
        figures.plans[way] = plan.text()
        figures.estimated[way] = plan.estimated
        figures.astray[way] = sorted({*figures.astray.get(way, []), *wrong})
        took = ask()
        if took > SLOW_MS:  # there is no doubt about it
            figures.samples.setdefault(way, []).append(took)
            rounds = 0
        else:
            ask()  # warm by now
    gc.disable()
    try:
        for turn in range(rounds):
            for way in names[turn % len(names) :] + names[: turn % len(names)]:
                figures.samples.setdefault(way, []).append(asks[way]())
        for turn in range(rounds // 5):
            for way in names[turn % len(names) :] + names[: turn % len(names)]:
                planning, execution = asks[way].analyze()
                figures.planning.setdefault(way, []).append(planning)
                figures.execution.setdefault(way, []).append(execution)
    finally:
        gc.enable()


def prepared(
    url: sa.URL,
    query: queries.Query,
    subjects: Sequence[Subject],
    rounds: int,
    mode: str = "auto",
) -> dict[str, list[float]]:
    """The same with prepared statements (psycopg 3), planned by plan_cache_mode."""
    engine = sa.create_engine(url.set(drivername="postgresql+psycopg"))
    samples: dict[str, list[float]] = {way: [] for way in ("rls", "owner")}
    text = url_text(url)
    with psycopg.connect(text) as tenant, psycopg.connect(text) as owner:
        asks = {"rls": tenant.cursor(), "owner": owner.cursor()}
        for subject in subjects:
            claims = f'{{"sub": "{subject.user_id}", "role": "authenticated"}}'
            for cursor in asks.values():
                cursor.execute("SELECT set_config('plan_cache_mode', %s, true)", [mode])
            tenant.execute(
                "SELECT set_config('request.jwt.claims', %s, true),"
                " set_config('role', 'authenticated', true)",
                [claims],
            )
            for turn in range(rounds + 12):
                for way in ("rls", "owner") if turn % 2 else ("owner", "rls"):
                    statement = query(subject)
                    if way == "owner":
                        statement = queries.of(subject, statement)
                    took = _prepared(asks[way], statement, engine)
                    if turn >= 12:  # by then the server has settled on a plan
                        samples[way].append(took)
            tenant.rollback()
            owner.rollback()
    return samples


def _prepared(cursor: Any, statement: Statement, engine: sa.Engine) -> float:
    compiled = statement.compile(dialect=engine.dialect)
    start = time.perf_counter_ns()
    cursor.execute(str(compiled), compiled.params, prepare=True)
    cursor.fetchall()
    return (time.perf_counter_ns() - start) / 1e6


def orm(
    url: sa.URL,
    query: queries.Query,
    subjects: Sequence[Subject],
    rounds: int,
) -> dict[str, list[float]]:
    """The same through Session.execute, objects and all."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    samples: dict[str, list[float]] = {way: [] for way in ("rls", "owner")}
    for subject in subjects:
        with (
            Session(engine) as tenant,
            Session(engine) as owner,
            as_user(tenant, subject.user_id),
        ):
            asks = {
                "rls": (tenant, query(subject)),
                "owner": (owner, queries.of(subject, query(subject))),
            }
            for session, statement in asks.values():
                session.execute(statement).all()  # warm, and the role is set
            for turn in range(rounds):
                for way in ("rls", "owner") if turn % 2 else ("owner", "rls"):
                    session, statement = asks[way]
                    session.expunge_all()
                    start = time.perf_counter_ns()
                    session.execute(statement).all()
                    samples[way].append((time.perf_counter_ns() - start) / 1e6)
    return samples


def block(
    url: sa.URL, subjects: Sequence[Subject], rounds: int
) -> dict[str, list[float]]:
    """A whole transaction around one short query: the tenant block's, and a plain."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    samples: dict[str, list[float]] = {way: [] for way in ("rls", "owner")}
    with engine.connect() as tenant, engine.connect() as owner:
        for subject in subjects:
            statement = queries.latest_snapshot(subject)
            named = queries.of(subject, statement)
            for _ in range(rounds):
                start = time.perf_counter_ns()
                with as_user(tenant, subject.user_id):
                    tenant.execute(statement).all()
                middle = time.perf_counter_ns()
                with owner.begin():
                    owner.execute(named).all()
                samples["rls"].append((middle - start) / 1e6)
                samples["owner"].append((time.perf_counter_ns() - middle) / 1e6)
    return samples


AS_FIRST_WRITTEN = """
    ALTER TABLE public.user_aggregated_holdings
        ALTER COLUMN user_id RESET (n_distinct);
    ALTER TABLE public.user_investment_transactions
        ALTER COLUMN user_id RESET (n_distinct);
    ANALYZE public.user_aggregated_holdings;
    ANALYZE public.user_investment_transactions;
    ALTER POLICY "Users can view their feature flags" ON public.user_feature_flags
        USING ((SELECT auth.uid()) = user_id
            OR (SELECT auth.jwt()) -> 'app_metadata' ->> 'role' = 'admin');
"""
"""Without what 002, 004 and 008 do for the planner."""


def as_first_written(
    url: sa.URL, subjects: Sequence[Subject], rounds: int
) -> dict[str, Any]:
    """The queries that then get another plan; all of it is rolled back."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    figures: dict[str, Any] = {}
    with engine.connect() as connection:
        connection.exec_driver_sql(AS_FIRST_WRITTEN)
        cursor = connection.connection.cursor()
        for query in (
            queries.portfolio_by_value,
            queries.feed_later_page,
            queries.feed_by_type,
            queries.flags,
        ):
            samples = []
            for subject in subjects:
                claims = f'{{"sub": "{subject.user_id}", "role": "authenticated"}}'
                cursor.execute(
                    "SELECT set_config('request.jwt.claims', %s, true),"
                    " set_config('role', 'authenticated', true)",
                    [claims],
                )
                ask = _compiled(cursor, query(subject), engine)
                ask()
                samples += [ask() for _ in range(rounds)]
            plan, _ = ask.plan()
            figures[query.__name__] = {
                "ms": round(median(samples), 4),
                "plan": plan.text(),
            }
        connection.rollback()
    return figures


def _compiled(cursor: Any, statement: Statement, engine: sa.Engine) -> Ask:
    compiled = statement.compile(dialect=engine.dialect)
    values = {
        key: compiled._bind_processors[key](value)
        if key in compiled._bind_processors
        else value
        for key, value in compiled.params.items()
    }
    return Ask(cursor, str(compiled), values)
