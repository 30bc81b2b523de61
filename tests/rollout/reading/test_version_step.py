"""Version steps and kinds, held against what the SQL of a revision changes."""

from pathlib import Path

import pytest

from rollout.commands.revisions import Revision
from rollout.reading.thing import Change, Step
from rollout.reading.version_step import Read, contents, order

TABLE = Change(Step.MINOR, "table", "table app.t added")
GONE = Change(Step.MAJOR, "column", "column app.t.a gone")
FUNCTION = Change(Step.MINOR, "function", "function app.f() added")
INDEX = Change(Step.PATCH, "index", "index app.i added")
ROWS = Change(Step.PATCH, "data", "rows of app.t written")
NOTE = "2.0.0 is the product's release; nothing breaks"


def revision(number, version, kind="schema", note=""):
    return Revision(
        f"{number:03}", None, version, "a step", kind, 1, "CREATE", "none", "automatic",
        Path(f"{number:03}_step.py"), note,
    )  # fmt: skip


def history(*versions):
    return [revision(number, version) for number, version in enumerate(versions)]


def judged(before, version, *changes, kind="schema", note="", unread=()):
    """Faults of a revision with ``version`` after one with ``before``."""
    revisions = [revision(0, before), revision(1, version, kind, note)]
    reads = {"000": Read([TABLE], []), "001": Read(list(changes), list(unread))}
    return list(contents(revisions, reads))


def test_versions_that_rise_one_by_one_are_in_order():
    assert list(order(history("0.9.0", "1.0.0", "1.0.1", "1.1.0", "2.0.0"))) == []


@pytest.mark.parametrize("version", ["1.1.0", "1.0.9", "0.9.9"])
def test_a_version_that_does_not_rise_is_grave(version):
    (fault,) = order(history("1.0.0", "1.1.0", version))
    assert (fault.revision, fault.grave) == ("002", True)
    assert "not higher" in fault.text


@pytest.mark.parametrize("version", ["1.1", "v1.1.0", "1.01.0", "1.1.0-rc1", ""])
def test_what_is_no_version_is_grave(version):
    (fault,) = order(history("1.0.0", version))
    assert fault.grave
    assert "no version like 1.2.3" in fault.text


@pytest.mark.parametrize(
    ("version", "missing"), [("1.3.0", "1.2.0"), ("1.1.3", "1.1.2"), ("2.1.0", "2.0.0")]
)
def test_a_version_that_is_left_out_is_pointed_out(version, missing):
    (fault,) = order(history("1.0.0", "1.1.0", "1.1.1", version))
    assert not fault.grave
    assert fault.text == f"1.1.1 → {version} leaves out {missing}"


@pytest.mark.parametrize(
    ("version", "change"), [("2.0.0", GONE), ("1.3.0", TABLE), ("1.2.1", INDEX)]
)
def test_the_step_that_the_change_asks_for_is_right(version, change):
    kind = "indexes" if change is INDEX else "schema"
    assert judged("1.2.0", version, change, kind=kind) == []


@pytest.mark.parametrize(
    ("version", "change", "mend"),
    [("1.3.0", GONE, "2.0.0"), ("1.2.1", GONE, "2.0.0"), ("1.2.1", TABLE, "1.3.0")],
)
def test_a_step_that_is_too_small_is_grave_and_the_right_one_is_said(
    version, change, mend
):
    (fault,) = judged("1.2.0", version, change, INDEX)
    assert fault.grave
    assert change.text in fault.text
    assert INDEX.text not in fault.text
    assert fault.mend == f'schema_version = "{mend}" in 001_step.py'


@pytest.mark.parametrize(
    ("version", "change"), [("2.0.0", TABLE), ("2.0.0", FUNCTION), ("1.3.0", None)]
)
def test_a_step_that_is_too_large_is_pointed_out(version, change):
    (fault,) = judged("1.2.0", version, *([change] if change else []))
    assert not fault.grave
    assert "no more than" in fault.text


def test_a_note_excuses_a_step():
    assert judged("1.2.0", "2.0.0", TABLE, note=NOTE) == []
    assert judged("1.2.0", "1.3.0", GONE, note=NOTE) == []


def test_a_note_that_excuses_nothing_is_pointed_out():
    (fault,) = judged("1.2.0", "1.3.0", TABLE, note=NOTE)
    assert "excuses nothing" in fault.text


def test_a_note_does_not_excuse_the_order():
    (fault,) = order([revision(0, "1.0.0"), revision(1, "0.9.0", note=NOTE)])
    assert fault.grave


def test_before_the_first_release_minor_is_enough():
    assert judged("0.3.0", "0.4.0", GONE) == []
    assert judged("0.9.0", "1.0.0", TABLE) == []
    assert judged("0.3.0", "0.3.1", GONE)[0].grave


@pytest.mark.parametrize(
    ("kind", "change"),
    [("data", TABLE), ("data", FUNCTION), ("indexes", TABLE), ("indexes", ROWS),
     ("procedures", TABLE), ("procedures", ROWS)],
)  # fmt: skip
def test_a_kind_is_held_against_the_content(kind, change):
    version = "1.3.0" if change.step is Step.MINOR else "1.2.1"
    (fault,) = judged("1.2.0", version, change, kind=kind)
    assert not fault.grave
    assert fault.text == f"kind {kind!r}, but {change.text}"


@pytest.mark.parametrize(("kind", "change"), [("data", ROWS), ("indexes", INDEX)])
def test_a_schema_revision_that_is_none_is_told_its_kind(kind, change):
    (fault,) = judged("1.2.0", "1.2.1", change)
    assert fault.mend == f'kind = "{kind}" in 001_step.py'
    assert judged("1.2.0", "1.2.1", change, kind=kind) == []


def test_what_could_not_be_read_is_never_called_right():
    (fault,) = judged("1.2.0", "1.3.0", TABLE, unread=["EXECUTE x"])
    assert "EXECUTE x" in fault.text
    assert judged("1.2.0", "2.0.0", TABLE, unread=["EXECUTE x"]) == []
