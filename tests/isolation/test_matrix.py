"""Every cell of the matrix, on a plain PostgreSQL and both kinds of Supabase."""

import dataclasses
import json

import pytest
import sqlalchemy as sa

from tests.isolation import policy
from tests.isolation.cells import MAINTAIN_SINCE, matrix
from tests.isolation.found import look, rows
from tests.isolation.history import UndeclaredError
from tests.isolation.hunt import differing
from tests.isolation.lab import look_around, open_lab, put
from tests.isolation.places import PLACES
from tests.isolation.portfolio import ACTORS
from tests.isolation.rows import fill
from tests.isolation.trial import quoting

NEW_TABLE = """
    CREATE TABLE public.user_goals (
        id uuid PRIMARY KEY, user_id uuid NOT NULL, goal text
    )
"""
GOALS = (
    "ALTER TABLE public.user_goals ENABLE ROW LEVEL SECURITY",
    """
    CREATE POLICY "Users can manage their goals" ON public.user_goals
        FOR ALL TO authenticated USING ((SELECT auth.uid()) = user_id)
        WITH CHECK ((SELECT auth.uid()) = user_id)
    """,
    "REVOKE ALL ON public.user_goals FROM PUBLIC, anon, authenticated, service_role",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON public.user_goals "
    "TO authenticated, service_role",
)


def wrong(lab, cells=None):
    """Cells that do not come out as declared, for people."""
    with lab.trial.rolled_back():
        return [
            f"{cell} should be {' or '.join(sorted(cell.expected))}, is {word}"
            for cell, word in differing(lab, lab.cells if cells is None else cells)
        ]


def test_every_cell_comes_out_as_declared(lab, record_property):
    record_property("cells", len(lab.cells))
    assert wrong(lab) == []


def test_every_cell_comes_out_as_declared_while_parked(parked, record_property):
    """Also with the schema open: a parked table keeps its policies and grants."""
    record_property("cells", len(parked.cells))
    there = [cell for cell in parked.cells if cell.object.startswith("parked.user_")]
    assert {cell.kind for cell in there if cell.opening} >= {"owner", "flags"}
    assert wrong(parked) == []


@pytest.mark.parametrize(
    "place", PLACES[1:], ids=lambda place: place.name, indirect=True
)
def test_every_cell_comes_out_the_same_by_the_apis_own_login(place, url_of):
    with open_lab(place.history, url_of(place), login=place.login) as lab:
        assert rows(lab.connection, "SELECT session_user::text") == [("authenticator",)]
        cells = [cell for cell in lab.cells if not cell.opening]
        assert len(cells) > 2000
        assert wrong(lab, cells) == []


def test_a_cell_is_tried_in_the_actors_role_with_the_actors_token(plain):
    ask = "SELECT current_user::text, coalesce(auth.jwt(), '{}')::text"
    with plain.trial.rolled_back():
        for actor in plain.history.actors.values():
            cell = next(c for c in plain.cells if c.actor is actor)
            with plain.trial.savepoint("cell"):
                plain.trial.outcome(dataclasses.replace(cell, statements=("SELECT 1",)))
                ((role, claims),) = rows(plain.connection, ask)
            assert role == actor.role
            assert json.loads(claims) == (actor.claims or {})


def test_only_service_role_bypasses_row_level_security(lab):
    bypassing = rows(
        lab.connection,
        "SELECT rolname FROM pg_roles WHERE rolname = ANY (%s) "
        "AND (rolbypassrls OR rolsuper)",
        lab.history.roles,
    )
    assert bypassing == [("service_role",)]


def test_nothing_that_the_policy_names_goes_untried(plain):
    tried = {(cell.kind, cell.command) for cell in plain.cells}
    assert {cell.kind for cell in plain.cells} >= set(plain.history.kinds)
    never = set(policy.COMMANDS) - {command for _, command in tried}
    newer = plain.found.server_version >= MAINTAIN_SINCE
    assert never == (set() if newer else {"MAINTAIN"})
    assert {cell.actor_name for cell in plain.cells} == {*ACTORS, "passer-by"}


@pytest.mark.slow
def test_every_outcome_is_met_with(plain):
    met = set()
    with plain.trial.rolled_back():
        plain.trial.run("SAVEPOINT cell")
        for cell in plain.cells:
            if not cell.opening:
                met.add(plain.trial.outcome(cell))
    assert met == {
        "nothing", "by hand", "owner's", "all", "done", "refused", "key", "denied",
        "schema", "impossible",
    }  # fmt: skip


def test_a_relation_that_nobody_declared_is_refused_with_what_to_say(plain):
    for made in (
        "CREATE TABLE public.brand_new (id int)",
        "CREATE VIEW public.brand_new AS SELECT 1 AS one",
        "CREATE MATERIALIZED VIEW public.brand_new AS SELECT 1 AS one",
        "CREATE SEQUENCE public.brand_new",
    ):
        with plain.trial.rolled_back():
            plain.trial.run(made)
            with pytest.raises(UndeclaredError, match="brand_new") as refused:
                matrix(plain.history, look(plain.connection), quoting(plain.connection))
        assert 'info={"rls": …}' in str(refused.value)
        assert plain.history.declared_in in str(refused.value)


def test_a_schema_that_nobody_declared_is_refused(plain):
    with plain.trial.rolled_back():
        plain.trial.run("CREATE SCHEMA brand_new")
        with pytest.raises(UndeclaredError, match="open_schemas"):
            matrix(plain.history, look(plain.connection), quoting(plain.connection))


def test_a_kind_that_the_policy_does_not_know_is_refused(plain):
    history = dataclasses.replace(
        plain.history, relations={**plain.history.relations, "auth.sessions": "shared"}
    )
    with pytest.raises(UndeclaredError, match="shared"):
        matrix(history, plain.found, quoting(plain.connection))


def test_a_function_is_closed_unless_it_is_declared(plain):
    with plain.trial.rolled_back():
        plain.trial.run("CREATE FUNCTION public.f() RETURNS int RETURN 1")
        cells = [
            cell
            for cell in look_around(plain.history, plain.connection).cells
            if cell.object == "public.f()"
        ]
        with plain.trial.savepoint("setting"):
            open_to = {cell.actor_name for cell, _ in plain.trial.differences(cells)}
    assert open_to == set(ACTORS)


def of_a_new_table(plain, *statements):
    """Commands that go wrong with a table that only a model and the catalog know."""
    metadata = sa.MetaData()
    for table in plain.history.metadata.tables.values():
        table.to_metadata(metadata)
    goals = sa.Table(
        "user_goals", metadata,
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("goal", sa.Text),
        info={"rls": "owner"},
    )  # fmt: skip
    history = dataclasses.replace(plain.history, metadata=metadata)
    with plain.trial.rolled_back():
        for statement in (NEW_TABLE, *statements):
            plain.trial.run(statement)
        for table, values in fill(history):
            if table is goals:
                put(plain.connection, table, values)
        lab = look_around(history, plain.connection)
        cells = [c for c in lab.cells if c.object == "public.user_goals"]
        assert len(cells) > 100
        return {cell.command for cell, _ in differing(lab, cells)}


@pytest.mark.slow
def test_a_new_table_is_in_the_matrix_by_itself(plain):
    assert of_a_new_table(plain, *GOALS) == set()
    for left_out, command in zip(
        range(len(GOALS)), ("SELECT", "DELETE", "TRUNCATE", "INSERT"), strict=True
    ):
        rest = [*GOALS[:left_out], *GOALS[left_out + 1 :]]
        defaults = "GRANT ALL ON public.user_goals TO anon, authenticated, service_role"
        assert command in of_a_new_table(plain, defaults, *rest), GOALS[left_out]
