import pytest

TABLE = "public.user_portfolio_snapshots"


@pytest.mark.parametrize(
    "index",
    [
        "(user_id, snapshot_date, snapshot_type)",  # the unique constraint's
        "USING gin (asset_allocation);CREATE INDEX ON {t} USING gin (asset_allocation)",
        "(lower(snapshot_type)) WHERE total_value > 0;"
        "CREATE INDEX ON {t} (lower(snapshot_type)) WHERE total_value > 0",
    ],
)
def test_the_same_index_twice_is_a_warning_until_one_is_gone(lab, index):
    lab.run(f"CREATE INDEX ON {TABLE} {index}".format(t=TABLE))
    assert lab.status("duplicate_indexes") == "WARN"
    assert len(lab.remedies("duplicate_indexes")) == 1
    lab.mend("duplicate_indexes")
    assert lab.status("duplicate_indexes") == "PASS"


@pytest.mark.parametrize(
    "index",
    [
        "(user_id, snapshot_date DESC, snapshot_type)",
        "(user_id, snapshot_date, snapshot_type) WHERE total_value > 0",
        "(user_id, snapshot_date, snapshot_type text_pattern_ops)",
    ],
)
def test_an_index_for_other_queries_is_no_duplicate(lab, index):
    lab.run(f"CREATE INDEX ON {TABLE} {index}")
    assert lab.status("duplicate_indexes") == "PASS"


def test_the_beginning_of_another_is_only_told(lab):
    said = lab.told("duplicate_indexes")
    assert said.startswith("PASS")
    assert "idx_investment_accounts_user_id is the beginning of" in said
