"""What the documents show of commands is what a run shows: see tools/record.py.

PROOF=full runs the blocks marked slow as well.
"""

import difflib
import importlib.util
import os
import sys

import pytest

from tests.commands import ROOT

FULL = os.environ.get("PROOF") == "full"


@pytest.fixture(scope="module")
def record():
    path = ROOT / "tools" / "record.py"
    spec = importlib.util.spec_from_file_location("record", path)
    sys.modules["record"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def own_server(server):
    if "TEST_DATABASE_URL" in os.environ:
        pytest.skip("makes databases by the names in the documents")
    return server


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cli.md", "monitoring.md", "runbook.md"])
def test_what_a_page_shows_is_what_a_run_shows(
    name, record, own_server, tmp_path_factory, monkeypatch
):
    cache = tmp_path_factory.getbasetemp() / "catalogs"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    blocks = record.run(text, own_server, slow=FULL)
    assert len(blocks) > 1
    for block in blocks:
        shown, real = block.shown.splitlines(), block.real.splitlines()
        differs = difflib.unified_diff(shown, real, "shown", "run", lineterm="", n=1)
        assert block.fitted is not None, "\n".join(
            [f"run: python tools/record.py {name}", *differs]
        )


def test_every_output_on_a_page_comes_from_its_commands(record):
    for page in record.PAGES:
        text = page.read_text(encoding="utf-8")
        assert len(record.PART.findall(text)) > 5
        assert text.count("\n$ ") == sum(
            part["block"].count("\n$ ") + 1
            for part in record.PART.finditer(text)
            if part["block"]
        )


SHOWN = "$ rollout x\n…\n010  applied  12 ms\n…\nDone in 1.2 s."


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (
            "$ rollout x\na\n010  applied  2 s\nDone in 640 ms.",
            "$ rollout x\n…\n010  applied  2 s\n…\nDone in 640 ms.",
        ),
        (
            "$ rollout x\n011   applied  7 ms\nb\nDone in 3 s.",
            "$ rollout x\n…\n011   applied  7 ms\n…\nDone in 3 s.",
        ),
        ("$ rollout x\n010  failed  12 ms\nDone in 1 s.", None),
        ("$ rollout x\n010  applied  12 ms\nDone in 1 s.\nand more", None),
        ("first\n$ rollout x\n010  applied  12 ms\nDone in 1 s.", None),
        ("$ rollout x\nDone in 1 s.", None),
    ],
)
def test_numbers_and_widths_may_differ_and_nothing_else(record, real, expected):
    fitted = record.fit(SHOWN.splitlines(), real.splitlines())
    assert fitted == (expected.splitlines() if expected else None)


def test_a_block_without_gaps_is_compared_whole(record):
    assert record.fit(["a 1"], ["a 2"]) == ["a 2"]
    assert record.fit(["a 1"], ["a 1", "b"]) is None
    assert record.fit(["a", "b"], ["a"]) is None
    assert record.fit(["…"], ["a"]) == ["…"]


def test_a_page_is_written_with_the_runs_lines(record):
    page = "text\n\n```\n$ rollout x\n1 ms\n…\n```\nmore\n"
    (part,) = record.PART.finditer(page)
    start, shown = part.start("block"), part["block"]
    block = record.Block(start, shown, "$ rollout x\n7 ms\nb\n")
    assert record.written(page, [block]) == page.replace("1 ms", "7 ms")
    other = record.Block(start, shown, "$ rollout x\nfailed\n")
    assert other.fitted is None
    assert record.written(page, [other]) == page.replace("1 ms\n…", "failed")
