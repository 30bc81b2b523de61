"""An upgrade killed half-way can be taken back: what stood before it stands again."""

import pytest

from tests.commands import alembic_run
from tests.proof.conftest import below
from tests.proof.interrupted import kill_client
from tests.proof.standing import differences, left_behind, rows_of_query, standing
from tests.proof.turns import FULL, Command

pytestmark = pytest.mark.slow

EVERY = 1 if FULL else 12
STANDING = "SELECT version_num FROM migrations.alembic_version"
MARKS = "SELECT revision FROM migrations.unfinished WHERE direction = 'upgrade'"


@pytest.mark.parametrize("revision", ["005", "009"])
def test_an_interrupted_upgrade_can_be_taken_back(revision, with_data, own_databases):
    """The two revisions that commit in between; the others are rolled back whole."""
    down, up = Command("downgrade", below(revision)), Command("upgrade", revision)
    url = own_databases.make(with_data(below(revision)))
    up.undisturbed(url)
    down.undisturbed(url)  # the first turn differs from those that follow
    before = standing(url)
    boundaries = len(up.undisturbed(url).boundaries)
    down.undisturbed(url)
    abandoned = 0
    for at in range(1, boundaries + 1, EVERY):
        up.run(url, at, kill_client)
        if rows_of_query(url, MARKS):
            alembic_run(url, "downgrade", "-1", x=[f"abandon={revision}"])
            abandoned += 1
        elif rows_of_query(url, STANDING) == [(revision,)]:
            down.undisturbed(url)
        else:  # the next runner clears the name of the killed one
            alembic_run(url, "upgrade", below(revision))
        assert left_behind(url) + differences(before, standing(url)) == [], at
    assert abandoned > 3
    up.undisturbed(url)
