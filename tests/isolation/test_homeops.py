"""Whose each row of HomeOps is: cells and mutants; PROOF=full tries all of them."""

import os
from collections.abc import Iterator

import pytest

from tests.commands import ROOT
from tests.homeops.history import SECTION, need_vector, run, seed
from tests.isolation import homeops_page
from tests.isolation.cells import MAINTAIN_SINCE
from tests.isolation.declared import open_household, prepared
from tests.isolation.household import EQUIVALENT, HOMEOPS, RULES, reason
from tests.isolation.hunt import differing, hunt
from tests.isolation.lab import Lab

FULL = os.environ.get("PROOF") == "full"
CELLS, MUTANTS = (1, 1) if FULL else (6, 40)
"""Of how many one is tried."""
PAGE = ROOT / "docs" / "homeops-isolation.md"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lab(_databases) -> Iterator[Lab]:
    need_vector(_databases.server)

    def fill(url: str) -> None:
        run(url, "upgrade", "head")
        seed(url, "dev")

    household = _databases.template(f"{SECTION} dev", fill)
    url = _databases.make(household)
    prepared(url)
    with open_household(url) as opened:
        yield opened


@pytest.fixture(scope="module")
def hunted(lab):
    return homeops_page.hunted(lab)


def wrong(lab, cells):
    with lab.trial.rolled_back():
        return [
            f"{cell} should be {' or '.join(cell.expected)}, is {word}: "
            f"{cell.statements[0][:300]}"
            for cell, word in differing(lab, cells)
        ]


def test_every_table_has_rules_and_no_rule_is_for_nothing(lab):
    there = {cell.object for cell in lab.cells if cell.kind == "declared"}
    assert there == set(RULES)
    models = {table.fullname for table in HOMEOPS.metadata.tables.values()}
    assert set(RULES) == models | {"financial.transactions_old"}


def test_every_cell_comes_out_as_its_rule_says(lab, record_property):
    cells = lab.cells[::CELLS]
    record_property("cells", len(cells))
    assert len(cells) > 1_000
    assert wrong(lab, cells) == []


def test_every_mutant_is_noticed(lab, hunted, record_property):
    chosen = hunted[::MUTANTS]
    record_property("mutants", len(chosen))
    survived = [c.mutant for c in hunt(lab, chosen) if c.cell is None]
    assert [str(mutant) for mutant in survived if not reason(mutant)] == []
    assert survived == [mutant for mutant in chosen if reason(mutant)]


def test_every_reason_is_needed(hunted):
    for line in EQUIVALENT:
        for object_ in line.objects:
            assert any(
                line.covers(mutant) and mutant.object == object_ for mutant in hunted
            ), f"{object_}: {line.reason}"


@pytest.mark.parametrize(
    ("weakened", "object_", "command"),
    [
        ("ALTER POLICY \"Users manage their portfolios\" ON financial.portfolios "
         "USING (true)", "financial.portfolios", "count"),
        ("GRANT SELECT ON core.users TO authenticated", "core.users", "SELECT"),
        ("ALTER TABLE ai.messages DISABLE ROW LEVEL SECURITY", "ai.messages", "count"),
    ],
)  # fmt: skip
def test_it_would_be_noticed(lab, weakened, object_, command):
    cells = [cell for cell in lab.by_object[object_] if cell.command == command]
    with lab.trial.rolled_back(), lab.trial.savepoint("weakened", weakened):
        assert list(differing(lab, cells))


def test_the_page_is_up_to_date(lab, hunted):
    if lab.found.server_version < MAINTAIN_SINCE:
        pytest.skip("the page is of PostgreSQL 17 or later, which has MAINTAIN")
    assert homeops_page.page(lab, hunted) == PAGE.read_text(encoding="utf-8"), (
        "docs/homeops-isolation.md is stale, if the other tests pass. Make it anew:\n"
        "    python -m tests.isolation homeops > docs/homeops-isolation.md"
    )
