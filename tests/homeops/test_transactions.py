"""040 and 070: what the way back needs is kept, and it is verified first."""

import json

import psycopg2
import pytest

from rollout.errors import RolloutError
from tests.commands import run_module
from tests.homeops.history import before

pytestmark = pytest.mark.slow
ROWS = """
    SELECT external_id, amount::float8 FROM financial.transactions ORDER BY 1
"""
PREPARE = """
    INSERT INTO core.users (id, email, full_name)
    VALUES (md5('user')::uuid, 'a@homeops.local', 'A');
    INSERT INTO financial.accounts (id, user_id, name, account_type)
    VALUES (md5('account')::uuid, md5('user')::uuid, 'Account', 'checking');
    INSERT INTO financial.transactions (
        account_id, transaction_date, amount, external_id
    )
    SELECT md5('account')::uuid, '2025-01-01', amount, 'row ' || n
    FROM unnest(
        ARRAY[0.1, 0.30000000000000004, 1.005, -9999999999999.98, 7.129]::float8[]
    ) WITH ORDINALITY AS value (amount, n)
"""
AMOUNTS = {"row 1": 0.1, "row 2": 0.30000000000000004, "row 3": 1.005}
AMOUNTS |= {"row 4": -9999999999999.98, "row 5": 7.129}


@pytest.fixture
def booked(homeops_at):
    database = homeops_at("005")
    database.run(PREPARE)
    return database


@pytest.mark.usefixtures("vector")
def test_amounts_are_exact_at_head(booked, run_homeops):
    run_homeops(booked.url, "upgrade", "head")
    query = "SELECT external_id, amount::text FROM financial.transactions ORDER BY 1"
    assert [amount for _, amount in booked.rows(query)] == [
        "0.10", "0.30", "1.01", "-9999999999999.98", "7.13",
    ]  # fmt: skip
    summed = booked.value("SELECT sum(amount)::text FROM financial.transactions"
                          " WHERE external_id IN ('row 1', 'row 2')")  # fmt: skip
    assert summed == "0.40"


@pytest.mark.usefixtures("vector")
def test_the_way_back_gives_every_amount_that_it_was(booked, run_homeops):
    """Row 3 was touched meanwhile, but not its amount; row 5 has a new one."""
    run_homeops(booked.url, "upgrade", "head")
    for column, row in (("description = 'x'", 3), ("amount = 8.5", 5)):
        booked.run(
            f"UPDATE financial.transactions SET {column}"
            f" WHERE external_id = 'row {row}'"
        )
    run_homeops(booked.url, "downgrade", "005")
    assert dict(booked.rows(ROWS)) == AMOUNTS | {"row 5": 8.5}


def test_categories_are_parked_and_come_back(booked, run_homeops):
    run_homeops(booked.url, "upgrade", "040")
    booked.run(
        "UPDATE financial.transactions SET merchant_category = 'grocery'"
        " WHERE external_id = 'row 2'"
    )
    run_homeops(booked.url, "downgrade", before("040"))
    assert dict(booked.rows(ROWS)) == AMOUNTS
    run_homeops(booked.url, "upgrade", "040")
    query = "SELECT external_id, merchant_category FROM financial.transactions"
    assert {row: what for row, what in booked.rows(query) if what} == {
        "row 2": "grocery"
    }


def test_the_rollback_verifies_the_backup_table_first(booked, run_homeops):
    run_homeops(booked.url, "upgrade", "040")
    booked.run("DROP TABLE financial.transactions_old")
    snapshot, rows = booked.snapshot(), booked.contents()
    with pytest.raises(RolloutError, match="Cannot rollback: backup table not found"):
        run_homeops(booked.url, "downgrade", before("040"))
    assert booked.contents() == rows
    assert booked.snapshot() == snapshot


@pytest.mark.usefixtures("vector")
def test_keys_and_indexes_have_the_documents_names_on_every_way(booked, run_homeops):
    expected = {
        ("fk_transactions_account", "financial.transactions"),
        ("idx_transactions_account_date", "financial.transactions"),
    }
    query = """
        SELECT conname::text, conrelid::regclass::text FROM pg_constraint
        WHERE conname = 'fk_transactions_account'
            AND conrelid = 'financial.transactions'::regclass
        UNION SELECT c.relname::text, indrelid::regclass::text FROM pg_index
        JOIN pg_class AS c ON c.oid = indexrelid
        WHERE c.relname = 'idx_transactions_account_date'
    """
    for command, target in (("upgrade", "head"), ("downgrade", "005")):
        run_homeops(booked.url, command, target)
        assert set(booked.rows(query)) == expected


@pytest.mark.usefixtures("vector")
def test_no_booking_is_at_the_end_of_time_on_every_way(booked, run_homeops):
    """The second table, the new column and both ways back carry the check over."""
    for command, target in (
        ("upgrade", "040"),
        ("upgrade", "head"),
        ("downgrade", before("070")),
        ("downgrade", "005"),
    ):
        run_homeops(booked.url, command, target)
        for end in ("infinity", "-infinity"):
            with pytest.raises(psycopg2.errors.CheckViolation) as refused:
                booked.run(
                    "INSERT INTO financial.transactions"
                    " (account_id, transaction_date, amount)"
                    f" VALUES (md5('account')::uuid, '{end}', 1)"
                )
            assert refused.value.diag.constraint_name == "transactions_date_check"


def test_checks_find_nothing_at_head_with_both_changes_done(lived_in):
    """Every check of ``rollout check``, catalog drift and validation among them."""
    done = run_module("rollout", "-n", "homeops", "check", "--json", url=lived_in.url)
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    findings = [f for f in found["findings"] if f["status"] != "PASS"]
    assert findings == []
    assert {"catalog-drift", "validation", "function-execute"} <= {
        f["name"] for f in found["findings"]
    }


def test_drift_is_found(lived_in):
    """So the test above can fail."""
    lived_in.run("DROP INDEX financial.idx_transactions_account_date")
    done = run_module("rollout", "-n", "homeops", "check", url=lived_in.url)
    assert done.returncode == 1
    assert "idx_transactions_account_date" in done.stdout + done.stderr
