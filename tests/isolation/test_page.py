"""docs/isolation.md says what is so."""

from contextlib import ExitStack

import pytest

from tests.commands import ROOT
from tests.isolation.cells import MAINTAIN_SINCE
from tests.isolation.lab import open_lab
from tests.isolation.page import page
from tests.isolation.places import PLACES

pytestmark = pytest.mark.slow
PAGE = ROOT / "docs" / "isolation.md"


def test_the_page_is_up_to_date(url_of):
    with ExitStack() as stack:
        labs = {
            place.name: tuple(
                stack.enter_context(open_lab(place.history, url_of(place, down_to)))
                for down_to in (None, "baseline")
            )
            for place in PLACES
        }
        if labs["plain"][0].found.server_version < MAINTAIN_SINCE:
            pytest.skip("the page is of PostgreSQL 17 or later, which has MAINTAIN")
        made = page(labs)
    assert made == PAGE.read_text(encoding="utf-8"), (
        "docs/isolation.md is stale, if the other tests pass. Make it anew:\n"
        "    python -m tests.isolation > docs/isolation.md"
    )
