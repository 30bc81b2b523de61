"""What is printed, and where."""

import datetime as dt
import json
from decimal import Decimal

import pytest

from rollout.commands.output import Output, plain_table
from rollout.errors import RolloutError

SOME_DAY = dt.datetime(2025, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
COLUMNS = ("name", "rows", "since")
ROWS = [("accounts", 12_345, None), ("a b\n c", 6, SOME_DAY)]


def test_numbers_are_right_aligned_and_no_line_ends_in_blanks():
    assert plain_table(COLUMNS, ROWS) == [
        "name        rows  since",
        "accounts  12,345  -",
        "a b c          6  2025-01-02 03:04:05",
    ]


def test_json_is_one_document_and_nothing_else(capsys):
    out = Output(json=True)
    out.line("not printed")
    out.table(COLUMNS, ROWS)
    out.document({"at": ROWS[1][2], "sum": Decimal("1.10"), "names": {"b", "a"}})
    said = json.loads(capsys.readouterr().out)
    assert said == {
        "at": "2025-01-02T03:04:05+00:00",
        "sum": "1.10",
        "names": ["a", "b"],
    }
    with pytest.raises(AssertionError):
        out.document({})


def test_without_json_there_is_no_document(capsys):
    Output().document({"a": 1})
    assert capsys.readouterr().out == ""


def test_notices_go_to_stderr(capsys):
    Output().notice("working")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "working\n")


def test_a_terminal_gets_a_table_with_the_same_cells(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    Output().table(COLUMNS, ROWS)
    assert "12,345" in capsys.readouterr().out


def test_nobody_to_ask_is_a_refusal(monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(RolloutError, match="--yes"):
        Output().confirm("Drop it?")
    assert Output().confirm("Drop it?", yes=True)


@pytest.mark.parametrize(
    ("answer", "meant"), [("yes\n", True), ("y\n", False), ("\n", False), ("", False)]
)
def test_only_yes_is_a_yes(answer, meant, monkeypatch, capsys):
    import io

    stdin = io.StringIO(answer)
    stdin.isatty = lambda: True
    monkeypatch.setattr("sys.stdin", stdin)
    assert Output().confirm("Drop it?") is meant
    assert "Drop it?" in capsys.readouterr().err
