"""Each revision takes the locks on tables in use that docs/locks.md says, no other."""

import importlib.util
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

ROOT = Path(__file__).parents[2]
INDEX = "CREATE INDEX{} i ON public.t (n)"
CHECK = "ALTER TABLE public.t VALIDATE CONSTRAINT c"
STOPS_WRITES = ("ShareRowExclusiveLock", "AccessExclusiveLock")


@pytest.fixture(scope="module")
def lock_table():
    spec = importlib.util.spec_from_file_location(
        "lock_table", ROOT / "tools" / "lock_table.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def taken(lock_table, _databases):
    """What every step locks, recorded once."""
    return lock_table.record(_databases.make())


@pytest.mark.slow
def test_the_page_says_what_every_step_locks(lock_table, taken):
    said, made = lock_table.PAGE.read_text().splitlines(), lock_table.page(taken)
    assert set(made.splitlines()) - set(said) == set(), "not in docs/locks.md"
    assert set(said) - set(made.splitlines()) == set(), "only in docs/locks.md"


@pytest.mark.slow
def test_a_docstring_names_every_lock_that_makes_the_application_wait(
    lock_table, taken
):
    script = ScriptDirectory.from_config(Config(ROOT / "alembic.ini"))
    unnamed = []
    for step, seen in taken.items():
        doc = " ".join(script.get_revision(step.split()[0]).module.__doc__.split())
        unnamed += [
            f"{step}: {lock_table.words(mode)} on {table}"
            for table, mode in seen
            if mode in STOPS_WRITES
            and not (lock_table.words(mode) in doc and table.split(".")[-1] in doc)
        ]
    assert unnamed == []


@pytest.fixture
def recorded(lock_table, empty_database, connect):
    """Record what one statement, sent through an engine, locks of one table."""
    from rollout.database import create_engine, parse_url

    with connect(empty_database, autocommit=True).cursor() as cursor:
        cursor.execute("CREATE TABLE public.t (id int, n int)")
        cursor.execute("ALTER TABLE public.t ADD CONSTRAINT c CHECK (id > 0) NOT VALID")
    engine = create_engine(parse_url(empty_database), application_name="test")
    dsn = empty_database.replace("+psycopg2", "")

    def record(statement, *, autocommit):
        level = "AUTOCOMMIT" if autocommit else "READ COMMITTED"

        def work():
            with engine.connect().execution_options(isolation_level=level) as c:
                c.exec_driver_sql(statement)
                c.commit()

        with lock_table.Recorder(dsn).listening() as recorder:
            return recorder.step(work)

    return record


@pytest.mark.parametrize(
    ("statement", "autocommit", "mode"),
    [
        ("INSERT INTO public.t VALUES (1)", False, "RowExclusiveLock"),
        ("ALTER TABLE public.t ADD m int", False, "AccessExclusiveLock"),
        ("ALTER TABLE public.t ADD m int", True, "AccessExclusiveLock"),
        (INDEX.format(""), False, "ShareLock"),
        (INDEX.format(" CONCURRENTLY"), True, "ShareUpdateExclusiveLock"),
        (CHECK, True, "ShareUpdateExclusiveLock"),
    ],
)
def test_the_recorder_sees_every_kind_of_lock(recorded, statement, autocommit, mode):
    assert recorded(statement, autocommit=autocommit) == {("t", mode)}
