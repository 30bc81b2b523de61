"""Which revisions a TARGET means."""

import pytest

from rollout.commands import targets
from rollout.commands.target import Target
from rollout.errors import RolloutError


@pytest.fixture(scope="module")
def target():
    return Target()


def names(revisions):
    return [revision.revision for revision in revisions]


@pytest.mark.parametrize(
    ("current", "name", "steps"),
    [
        ("008", "head", ["009", "010"]),
        ("008", "009", ["009"]),
        ("008", "1.8.0", ["009"]),
        ("008", "v1.8.0", ["009"]),
        ("008", "+1", ["009"]),
        ("008", "008", []),
        (None, "000", ["baseline", "000"]),
    ],
)
def test_up(target, current, name, steps):
    assert names(targets.steps_up(target, current, name)) == steps


@pytest.mark.parametrize(
    ("current", "name", "steps"),
    [
        ("001", "base", ["001", "000", "baseline"]),
        ("001", "000", ["001"]),
        ("001", "-1", ["001"]),
        ("001", "1.0.0", ["001"]),
        ("001", "001", []),
        ("baseline", "-1", ["baseline"]),
    ],
)
def test_down(target, current, name, steps):
    assert names(targets.steps_down(target, current, name)) == steps


@pytest.mark.parametrize(
    ("steps", "current", "name", "said"),
    [
        (targets.steps_up, "008", "004", "rollout rollback 004"),
        (targets.steps_down, "004", "008", "rollout deploy 008"),
        (targets.steps_up, "008", "+3", "there is no revision"),
        (targets.steps_down, "000", "-3", "there is no revision"),
        (targets.steps_up, "008", "1.9", "rollout plan"),
    ],
)
def test_the_wrong_way_is_refused_with_the_right_command(
    target, steps, current, name, said
):
    with pytest.raises(RolloutError, match=r"Nothing was changed") as refused:
        steps(target, current, name)
    assert said in str(refused.value)
