"""Outputs in the documents, from a real run: ``python tools/record.py``.

A page is its own script. Its blocks that begin with ``$ rollout`` or ``$ alembic`` are
run from the top to the bottom, on a PostgreSQL of their own; what happens between them,
and the reader need not see, stands in comments above them:

    <!-- record
    database shop                    work on this one, empty when it is first named
    database spare SPARE_URL         make it, and put its URL into the environment
    old application                  its tables and 1,032 rows
    rollout deploy --no-backup       a command whose output is not shown
    sql DELETE FROM …                a statement of the owner
    hold reporting LOCK TABLE …      the same, in a transaction that stays open
    wait report SELECT …             the same, and somebody is in its way
    let go                           ends those sessions
    start rollout deploy 006         a command in the background
    until SELECT … FROM …            wait until this is true
    finish / kill                    wait for that command / kill -9
    Ctrl-C 2                         is pressed so many seconds after the next command
    env NAME VALUE                   until the next comment
    write flags.csv SELECT …         rows as a file with a header
    slow                             up to the next comment for PROOF=full only
    -->

A line ``…`` in a block stands for lines left out. Numbers, times and widths differ from
run to run; when anything else does, a test fails, and all of the page is written anew.
"""

import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from story import telling  # noqa: E402

from rollout import embedded  # noqa: E402

PAGES = [ROOT / "docs" / name for name in ("cli.md", "monitoring.md", "runbook.md")]

PART = re.compile(
    r"<!-- record\n(?P<steps>.*?)-->"
    r"|^```\w*\n(?P<block>\$ (?:rollout|alembic) .*?)^```$",
    re.MULTILINE | re.DOTALL,
)
MASKS = [
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f-]+)?\b"), "#"),  # hashes, UUIDs
    (re.compile(r"\d[\d,.:]*"), "#"),
    (re.compile(r"(PostgreSQL #) \([^)]*\)"), r"\1"),  # who built it
    (re.compile(r"#-#-#([ T]#)?(\+#)?|# (\+# )?#"), "#"),
    (re.compile(r"# ?(ms|s|min|bytes|kB|MB|B)\b"), "# unit"),
    (re.compile(r"^connections .*"), "connections"),  # ours come and go
    (re.compile(r"\s+"), " "),
]
"""What differs from run to run."""


@dataclass(frozen=True)
class Block:
    """A block of the page: where it is, what it shows, and what a run shows."""

    start: int
    shown: str
    real: str

    @property
    def fitted(self) -> list[str] | None:
        """The run's lines, shortened as shown; None if they are others."""
        return fit(self.shown.splitlines(), self.real.splitlines())


def run(text: str, server: sa.URL, *, slow: bool = True) -> list[Block]:
    """Run a page's commands; every block with its true output."""
    blocks, skipped = [], False
    with telling(server) as story:
        for part in PART.finditer(text):
            if part["steps"] is not None:
                steps = part["steps"].splitlines()
                skipped = not slow and "slow" in steps
                story.forget()
                for line in () if skipped else steps:
                    story.step(line)
            elif not skipped:
                commands = re.findall(r"^\$ (\w+ .*)$", part["block"], re.MULTILINE)
                real = "".join(story.command(line) for line in commands)
                blocks.append(Block(part.start("block"), part["block"], real))
    return blocks


def masked(line: str) -> str:
    """The line without what differs from run to run."""
    for pattern, instead in MASKS:
        line = pattern.sub(instead, line)
    return line.rstrip()


def fit(shown: list[str], real: list[str]) -> list[str] | None:
    """``real`` with a ``…`` wherever ``shown`` has one; None if it does not fit."""
    pieces: list[list[str]] = [[]]
    for line in shown:
        if line == "…":
            pieces.append([])
        else:
            pieces[-1].append(masked(line))
    lines, found, at = [masked(line) for line in real], [], 0
    for number, piece in enumerate(pieces):
        last = len(lines) - len(piece)
        places = range(at, last + 1)
        if number == 0:
            places = places[:1]
        if number == len(pieces) - 1:
            places = places[-1:] if number else places if last == 0 else range(0)
        place = next((p for p in places if lines[p : p + len(piece)] == piece), None)
        if place is None:
            return None
        found += ["…"] * (number > 0) + real[place : place + len(piece)]
        at = place + len(piece)
    return found


def written(text: str, blocks: list[Block]) -> str:
    """The page with the run's outputs."""
    for block in reversed(blocks):
        lines = block.fitted or block.real.rstrip().splitlines()
        new = "\n".join(lines) + "\n"
        text = text[: block.start] + new + text[block.start + len(block.shown) :]
    return text


def main(names: Sequence[str] = ()) -> int:
    """Write the pages that are no longer true; those named in any case."""
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:  # a short path
        data_dir = Path(directory) / "data"
        Path(directory).chmod(0o755)
        server = embedded.start(data_dir, sync=False)
        try:
            for page in PAGES:
                if not names or page.name in names:
                    record(page, server, anyway=bool(names))
        finally:
            embedded.stop(data_dir)
    return 0


def record(page: Path, server: sa.URL, *, anyway: bool) -> None:
    """Write one page, unless it is true."""
    text = page.read_text(encoding="utf-8")
    blocks = run(text, server)
    for block in blocks:
        if block.fitted is None:
            line = text.count("\n", 0, block.start) + 1
            print(f"{page.relative_to(ROOT)}:{line} is new", file=sys.stderr)
    if anyway or any(block.fitted is None for block in blocks):
        page.write_text(written(text, blocks), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
