"""Everything that could be weakened, one at a time: each is noticed by some cell."""

import dataclasses
from collections import Counter

import pytest

from tests.isolation.equivalent import EQUIVALENT, reason
from tests.isolation.hunt import hunt
from tests.isolation.mutants import mutants
from tests.isolation.weaker import split, weaker

SORTS = {
    "policy", "row level security", "view option", "grant", "column grant",
    "foreign key", "function", "definer function", "schema",
}  # fmt: skip


def survivors(lab, hunted):
    """Mutants that no cell notices."""
    return (caught.mutant for caught in hunt(lab, hunted) if caught.cell is None)


@pytest.mark.slow
def test_every_mutant_is_noticed(lab, record_property):
    hunted = mutants(lab.history, lab.found, lab.connection)
    record_property("mutants", len(hunted))
    assert {mutant.sort for mutant in hunted} - {"role"} == SORTS
    survived = list(survivors(lab, hunted))
    assert [str(mutant) for mutant in survived if not reason(mutant)] == []
    # A reason that covers more than what survives would hide a mutant some day.
    assert survived == [mutant for mutant in hunted if reason(mutant)]


def test_every_reason_is_needed(plain):
    hunted = mutants(plain.history, plain.found, plain.connection)
    for line in EQUIVALENT:
        for object_ in line.objects:
            assert any(
                line.covers(mutant) and mutant.object == object_ for mutant in hunted
            ), f"{object_}: {line.reason}"


@pytest.mark.slow
def test_every_mutant_of_what_is_parked_is_noticed(parked, record_property):
    hunted = [
        mutant
        for mutant in mutants(parked.history, parked.found, parked.connection)
        if "parked" in mutant.object
    ]
    record_property("mutants", len(hunted))
    assert {mutant.sort for mutant in hunted} >= {"schema", "grant"}
    assert list(survivors(parked, hunted)) == []


def test_every_policy_is_among_the_mutants(plain):
    """Dropped, its conditions true, each part of them left out, opened to others."""
    hunted = mutants(plain.history, plain.found, plain.connection)
    of_holdings = [
        mutant.what.partition(": ")[2]
        for mutant in hunted
        if mutant.what.startswith('policy "Users can change their manual holdings"')
    ]
    by_hand = "(data_source = 'manual'::text)"
    own = "(( SELECT auth.uid() AS uid) = user_id)"
    assert sorted(of_holdings) == sorted(
        ["dropped", "TO PUBLIC", "TO anon"]
        + [
            f"{clause} ({condition})"
            for clause in ("USING", "WITH CHECK")
            for condition in ("true", by_hand, own)
        ]
    )
    policies = Counter(
        mutant.object for mutant in hunted if mutant.what.endswith(": dropped")
    )
    assert policies["public.user_feature_flags"] == 4
    assert sum("user_metadata" in mutant.what for mutant in hunted) == 5


LEFT_OUT = {
    "keys": (lambda cell: "key" in cell.expected, "foreign key"),
    "the passer-by": (lambda cell: cell.actor_name == "passer-by", "policy"),
    "the other user": (
        lambda cell: cell.actor.role == "authenticated" and cell.actor_name != "owner",
        "policy",
    ),
    "anon": (lambda cell: cell.actor.role == "anon", "grant"),
    "any column": (lambda cell: cell.command == "count", "column grant"),
    "passing off": (lambda cell: "passed off" in cell.command, "policy"),
    "calls": (lambda cell: cell.command == "EXECUTE", "definer function"),
    "names": (lambda cell: cell.command == "USAGE", "schema"),
    "what stands behind": (lambda cell: bool(cell.opening), "row level security"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LEFT_OUT)
def test_without_some_cells_some_mutants_survive(plain, name):
    """So each part of the matrix is needed, and a survivor is reported."""
    part, sort = LEFT_OUT[name]
    lab = dataclasses.replace(plain, cells=[c for c in plain.cells if not part(c)])
    assert len(lab.cells) < len(plain.cells)
    hunted = [
        mutant
        for mutant in mutants(lab.history, lab.found, lab.connection)
        if mutant.sort == sort and not reason(mutant)
    ]
    assert next(survivors(lab, hunted), None) is not None


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("(a = b)", ["true"]),
        ("((a = b) AND (c = 'd'::text))", ["true", "(c = 'd'::text)", "(a = b)"]),
        ("((f(a) = b) OR (c = d))", ["true", "(c = d)", "(f(a) = b)"]),
        ("((a OR b) AND c)", ["true", "c", "(a OR b)"]),
        (
            "((auth.jwt() -> 'app_metadata'::text) = x)",
            ["true", "((auth.jwt() -> 'user_metadata'::text) = x)"],
        ),
        (None, []),
    ],
)
def test_a_condition_is_weakened_in_every_part(condition, expected):
    assert list(weaker(condition)) == expected


def test_a_condition_is_split_on_the_outermost_level_only():
    assert split("((a AND b) OR (c AND d))") == ("OR", ["(a AND b)", "(c AND d)"])
