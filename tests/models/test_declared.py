"""What the models declare, read from their metadata."""

import re

import pytest
import sqlalchemy as sa

import models
from models import metadata
from models.types import ExactNumeric, TextEnum

TABLES = sorted(metadata.tables.values(), key=lambda table: table.fullname)
OURS = [table for table in TABLES if table.info.get("managed", True)]

by_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.fullname)


@by_table
def test_every_constraint_and_index_has_a_name_that_fits(table):
    for item in [*table.constraints, *table.indexes]:
        assert item.name, f"{item!r} of {table} has no name"
        assert len(item.name) <= 63


@by_table
def test_every_table_and_column_has_a_comment(table):
    assert table.comment
    assert [column.name for column in table.columns if not column.comment] == []


@by_table
def test_every_table_states_who_may_read_it(table):
    kinds = {"owner", "owner-read", "flags", "closed", "existing", "reference"}
    assert table.info["rls"] in kinds


@by_table
def test_defaults_are_left_to_the_server(table):
    assert [c.name for c in table.columns if c.default or c.onupdate] == []


@by_table
def test_enum_columns_are_text_held_by_a_check_of_their_values(table):
    for column in table.columns:
        if not isinstance(column.type, TextEnum):
            continue
        assert isinstance(column.type.impl_instance, sa.Text)
        (check,) = (
            str(item.sqltext)
            for item in table.constraints
            if item.name == f"{table.name}_{column.name}_check"
        )
        assert re.findall("'(.*?)'", check) == list(column.type.enum)


@pytest.mark.parametrize("table", OURS, ids=lambda table: table.name)
def test_every_amount_is_held_against_nan(table):
    amounts = {c.name for c in table.columns if isinstance(c.type, ExactNumeric)}
    if amounts:
        name = f"{table.name}_amounts_check"
        (check,) = (c.sqltext for c in table.constraints if c.name == name)
        listed = re.fullmatch(r"'NaN'::numeric NOT IN \((.*)\)", str(check))
        assert listed
        assert set(listed[1].split(", ")) == amounts


@pytest.mark.parametrize("table", OURS, ids=lambda table: table.name)
def test_every_foreign_key_to_a_user_cascades(table):
    for key in table.foreign_key_constraints:
        assert key.ondelete == "CASCADE"


def test_everything_exported_is_there():
    assert [name for name in models.__all__ if not hasattr(models, name)] == []
    mapped = {mapper.class_.__name__ for mapper in models.Base.registry.mappers}
    assert mapped <= set(models.__all__)
