import pytest

TABLE = "CREATE TABLE migrations.child (a uuid REFERENCES auth.users (id), b text)"


def test_a_foreign_key_without_an_index_is_a_warning_until_it_has_one(lab):
    lab.run(TABLE)
    assert lab.status("foreign_key_indexes") == "WARN"
    lab.mend("foreign_key_indexes")
    assert lab.status("foreign_key_indexes") == "PASS"


@pytest.mark.parametrize(
    "index", ["(b, a)", "(a) WHERE b = 'x'", "(b) INCLUDE (a)", "(lower(a::text))"]
)
def test_an_index_that_does_not_lead_with_the_column_does_not_count(lab, index):
    lab.run(TABLE, f"CREATE INDEX child_a ON migrations.child {index}")
    assert lab.status("foreign_key_indexes") == "WARN"


@pytest.mark.parametrize("index", ["(a, b)", "(a) WHERE a IS NOT NULL"])
def test_one_that_leads_with_it_does(lab, index):
    lab.run(TABLE, f"CREATE INDEX child_a ON migrations.child {index}")
    assert lab.status("foreign_key_indexes") == "PASS"


def test_columns_of_a_composite_key_may_come_in_any_order(lab):
    lab.run(
        "CREATE TABLE migrations.parent (x int, y int, PRIMARY KEY (x, y))",
        "CREATE TABLE migrations.child (x int, y int,"
        " FOREIGN KEY (x, y) REFERENCES migrations.parent)",
    )
    assert lab.status("foreign_key_indexes") == "WARN"
    lab.run("CREATE INDEX ON migrations.child (y, x)")
    assert lab.status("foreign_key_indexes") == "PASS"


def test_existing_tables_are_only_named(lab):
    said = lab.told("foreign_key_indexes")
    assert said.startswith("PASS")
    assert "not made by this project: public.user_transfers" in said
