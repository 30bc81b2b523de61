"""Who may do what with every table and view of public, found from the catalog.

What is expected follows from ``info["rls"]`` of the models, so that a table that is
added later is tested by itself. The roles are those of the API, set as it sets them;
none but service_role bypasses row level security.
"""

import uuid

import psycopg2
import pytest

from models import metadata
from tests.versions.conftest import upgrade_to_head
from tests.versions.rows import NEW_ROWS, SOME_DAY, fill_new_tables, owned

RELATIONS = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1
"""
NEEDED = """
    SELECT attname, atttypid::regtype::text FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
        AND (attname = 'user_id' OR attnotnull AND NOT atthasdef AND attidentity = '')
"""
VIEWS = {
    "user_portfolio_legacy": "owner view",
    "user_positions_aggregated": "owner view",
    "table_sizes": "server view",
    "index_usage": "server view",
    "migration_progress": "server view",
}
FRESH = {
    "user_investment_accounts": {"provider_account_id": "new"},
    "user_aggregated_holdings": {"symbol": "NEW"},
    "user_portfolio_snapshots": {"snapshot_date": "2025-01-01"},
    "user_investment_transactions": {"provider_transaction_id": "new"},
    "user_feature_flags": {"flag_name": "new"},
}
SAMPLES = {
    "uuid": lambda: str(uuid.uuid4()),
    "text": lambda: "x",
    "integer": lambda: 1,
    "bigint": lambda: 1,
    "numeric": lambda: 1,
    "boolean": lambda: True,
    "date": lambda: "2024-01-01",
    "timestamp with time zone": lambda: SOME_DAY,
    "jsonb": lambda: "{}",
}

ACTORS = {
    "owner": "authenticated",
    "other": "authenticated",
    "anon": "anon",
    "service_role": "service_role",
    "admin": "authenticated",
    "forged admin": "authenticated",
    "no subject": "authenticated",
    "no claims": "authenticated",
}
COMMANDS = ("SELECT", "INSERT", "INSERT by hand", "UPDATE", "DELETE", "TRUNCATE")

# What comes of COMMANDS: how many of alice's two rows are touched (one is a provider's,
# one by hand), "refused" by a policy, or "denied" for want of a privilege.
EVERYTHING = (2, 1, 1, 2, 2, "denied")
BY_HAND = (2, "refused", 1, 1, 1, "denied")
ONLY_READ = (2, "refused", "refused", 0, 0, "denied")
NOTHING = (0, "refused", "refused", 0, 0, "denied")
DENIED = ("denied",) * 6
READ_VIEW = (2, *["denied"] * 5)
EMPTY_VIEW = (0, *["denied"] * 5)

USUAL = dict.fromkeys(ACTORS, NOTHING) | {"anon": DENIED, "service_role": EVERYTHING}
EXPECTED = {
    "owner": USUAL | {"owner": EVERYTHING},
    "existing": USUAL | {"owner": EVERYTHING},
    "owner-read": USUAL | {"owner": BY_HAND},
    "flags": USUAL | {"owner": ONLY_READ, "admin": EVERYTHING},
    "closed": dict.fromkeys(ACTORS, DENIED),
    "owner view": dict.fromkeys(ACTORS, EMPTY_VIEW)
    | {"owner": READ_VIEW, "service_role": READ_VIEW, "anon": DENIED},
    "server view": dict.fromkeys(ACTORS, DENIED) | {"service_role": READ_VIEW},
}


@pytest.fixture(scope="module")
def database(shared):
    """At head; writes are rolled back."""
    return shared("row level security", upgrade_to_head)


@pytest.fixture(scope="module")
def alice(database):
    """A user with two rows in every table, of which one is a provider's."""
    user = database.user()
    fill_new_tables(database, user)
    database.run("UPDATE user_aggregated_holdings SET total_quantity = 1")
    for table, kind in access(database).items():
        if table not in NEW_ROWS and "view" not in kind:
            for _ in range(2):
                database.run(*insert(database, table, user))
    return user


@pytest.fixture(scope="module")
def bob(database):
    """Another user, without rows."""
    return database.user()


def access(database):
    """Every table and view to what the models say of it."""
    kinds = VIEWS | {
        table.name: table.info["rls"] for table in metadata.tables.values()
    }
    names = [name for (name,) in database.rows(RELATIONS)]
    undescribed = set(names) - set(kinds)
    assert not undescribed, f'say who may use {undescribed}: info={{"rls": …}}'
    return {name: kinds[name] for name in names}


def insert(database, table, user, *, by_hand=True):
    """The statement that adds a row of ``user``'s, and its values."""
    if table in VIEWS:
        return (f"INSERT INTO public.{table} DEFAULT VALUES",)
    if table in NEW_ROWS:
        sample = NEW_ROWS[table][by_hand]
        values = owned(database, table, sample, user) | FRESH[table]
    else:
        needed = dict(database.rows(NEEDED, f"public.{table}"))
        values = {name: SAMPLES[type_]() for name, type_ in needed.items()}
        values |= {"user_id": user} if "user_id" in needed else {}
    places = ", ".join(["%s"] * len(values))
    columns = ", ".join(values)
    return (
        f"INSERT INTO public.{table} ({columns}) VALUES ({places})",
        *values.values(),
    )


def statement(database, command, table, user):
    verb, _, by_hand = command.partition(" ")
    if verb == "INSERT":
        return insert(database, table, user, by_hand=bool(by_hand))
    column = database.value(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1",
        f"public.{table}",
    )
    return {
        "SELECT": (f"SELECT {column} FROM public.{table} LIMIT 2",),
        "UPDATE": (f"UPDATE public.{table} SET {column} = {column}",),
        "DELETE": (f"DELETE FROM public.{table}",),
        "TRUNCATE": (f"TRUNCATE public.{table}",),
    }[verb]


def claims(actor, alice, bob):
    user = {"sub": str(bob), "role": "authenticated"}
    return {
        "owner": user | {"sub": str(alice)},
        "other": user,
        "anon": {"role": "anon"},
        "service_role": {"role": "service_role"},
        "admin": user | {"app_metadata": {"role": "admin"}},
        "forged admin": user | {"user_metadata": {"role": "admin"}, "is_admin": True},
        "no subject": {"role": "authenticated"},
        "no claims": None,
    }[actor]


def outcome(database, role, token, statement):
    try:
        with database.acting(role, token):
            return database.run(*statement)
    except psycopg2.errors.InsufficientPrivilege as error:
        return "refused" if "row-level security" in str(error) else "denied"
    except (
        psycopg2.errors.ObjectNotInPrerequisiteState,  # cannot insert into this view
        psycopg2.errors.WrongObjectType,  # a view is not a table to truncate
    ):
        return "denied"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("actor", ACTORS)
def test_each_actor_may_do_what_the_models_say(database, alice, bob, actor, command):
    token = claims(actor, alice, bob)
    found = {
        table: outcome(
            database, ACTORS[actor], token, statement(database, command, table, alice)
        )
        for table in access(database)
    }
    assert found == {
        table: EXPECTED[kind][actor][COMMANDS.index(command)]
        for table, kind in access(database).items()
    }


def test_nobody_gives_a_row_to_another_user(database, alice, bob):
    for table, kind in access(database).items():
        if kind in {"owner", "existing", "owner-read", "flags"}:
            give = (f"UPDATE public.{table} SET user_id = '{bob}'",)
            given = outcome(
                database, "authenticated", claims("owner", alice, bob), give
            )
            assert given == (0 if kind == "flags" else "refused"), table


def test_a_table_that_no_model_describes_is_noticed(database):
    with database.rolled_back():
        database.run("CREATE TABLE public.brand_new (id int)")
        with pytest.raises(AssertionError, match="brand_new"):
            access(database)


def test_only_service_role_bypasses_row_level_security(database):
    bypassing = database.rows(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY (%s) "
        "AND (rolbypassrls OR rolsuper)",
        ["anon", "authenticated", "service_role"],
    )
    assert bypassing == [("service_role",)]


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
@pytest.mark.parametrize("schema", ["migrations", "parked"])
def test_the_bookkeeping_is_out_of_the_apis_reach(database, role, schema):
    assert not database.value(
        "SELECT has_schema_privilege(%s, %s, 'USAGE, CREATE')", role, schema
    )
    assert not database.value(
        """
        SELECT coalesce(bool_or(has_table_privilege(%s, c.oid,
            'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')), false)
        FROM pg_class AS c
        WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'v')
        """,
        role, schema,
    )  # fmt: skip
    assert not database.value(
        """
        SELECT coalesce(bool_or(has_function_privilege(%s, p.oid, 'EXECUTE')), false)
        FROM pg_proc AS p WHERE pronamespace = %s::regnamespace
        """,
        role, schema,
    )  # fmt: skip


def test_every_table_of_public_has_row_level_security(database):
    without = database.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "AND relkind IN ('r', 'p') AND NOT relrowsecurity"
    )
    assert without == []
