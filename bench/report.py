"""What benches leave in docs/: figures, a section of text, a plot; and their page.

``docs/performance/NAME.json``  the figures: ``save``, ``load``
``docs/performance/NAME.md``    the section that says what they mean: ``section``
``docs/performance/NAME.svg``   its plot: ``plot``
``docs/performance.md``         the sections that there are, joined: ``compose``

A section is rendered from the saved figures alone, so its words can be mended without
measuring again: ``python bench/report.py reads`` calls ``bench.reads.render()``.
"""

import argparse
import datetime as dt
import importlib
import json
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE = ROOT / "docs" / "performance.md"
PLACE = ROOT / "docs" / "performance"
ORDER = (
    "peers",
    "reads",
    "indexes",
    "backfill",
    "columns",
    "exchange",
    "ingest",
    "start",
)
"""The order of the sections on the page. Others come after them, by name."""

HEAD = """# Performance

Measured, not promised: each section says what was run and what it took, side by side
in one run, and what was aimed at and missed. Figures are of one machine ({machines}, on
the embedded PostgreSQL); ratios travel better than milliseconds. What migrations cost
the live application is in the [certificate](certificate.md).

To measure again, section by section, and write this page:

```
make bench
```
"""

LINK = re.compile(r"\]\((?![a-z]+:|#)([^)]+)\)")
NUMBER = re.compile(r"^[\d\-–+~<>≤≥*]")


def machine() -> dict[str, Any]:
    """What matters of the machine; neither its name nor where the data lie."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "memory_gb": round(pages / 2**30),
    }


def save(name: str, figures: dict[str, Any]) -> Path:
    """Write the figures, the machine's beside them under ``machine``."""
    PLACE.mkdir(exist_ok=True)
    path = PLACE / f"{name}.json"
    given = {"machine": machine(), **figures}
    path.write_text(json.dumps(given, indent=1, ensure_ascii=False) + "\n")
    return path


def load(name: str) -> dict[str, Any]:
    """Return the figures that ``save`` wrote.

    Raises:
        FileNotFoundError: The bench has not been run.
    """
    figures: dict[str, Any] = json.loads((PLACE / f"{name}.json").read_text())
    return figures


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; columns of numbers are set to the right."""
    cells = [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    columns = list(zip(*cells, strict=True)) if cells else [()] * len(headers)
    rule = ["---:" if c and all(map(NUMBER.match, c)) else "---" for c in columns]
    return "\n".join(f"| {' | '.join(line)} |" for line in (headers, rule, *cells))


def wrapped(text: str) -> str:
    """``text`` with its paragraphs broken into lines; tables and lists stay."""
    parts = text.strip().split("\n\n")
    return "\n\n".join(
        part if part[0] in "|#-!`" else textwrap.fill(part, 88, break_on_hyphens=False)
        for part in parts
    )


def section(name: str, text: str) -> Path:
    """Write a section: begins with ``## Title``, links start at docs/performance."""
    PLACE.mkdir(exist_ok=True)
    path = PLACE / f"{name}.md"
    path.write_text(text.strip() + "\n")
    return path


def plot(
    name: str, draw: "Callable[[Figure], None]", size: tuple[float, float] = (8, 4)
) -> Path:
    """Write an SVG that ``draw`` draws on a figure; the same figures, the same bytes.

    Args:
        size: Width and height in inches.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure  # no pyplot: it looks for a screen

    PLACE.mkdir(exist_ok=True)
    path = PLACE / f"{name}.svg"
    settings = {"svg.hashsalt": name, "svg.fonttype": "none", "font.size": 9}
    with mpl.rc_context(settings):
        figure = Figure(figsize=size, layout="constrained", facecolor="white")
        draw(figure)
        figure.savefig(path, metadata={"Date": None, "Creator": None})
    # matplotlib ends lines with blanks.
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n")
    return path


def compose() -> Path:
    """Join the sections that there are to docs/performance.md."""
    found = {path.stem: path for path in sorted(PLACE.glob("*.md"))}
    names = [name for name in ORDER if name in found]
    names += [name for name in found if name not in ORDER]
    parts = [HEAD.format(machines=_machines(names)), *(_text(found[n]) for n in names)]
    PAGE.write_text("\n".join(parts))
    return PAGE


def _text(path: Path) -> str:
    """A section as it reads on the page: links start one directory further up."""

    def moved(found: re.Match[str]) -> str:
        target = os.path.normpath(Path(PLACE.name) / found[1])
        return f"]({target})"

    return LINK.sub(moved, path.read_text())


def _machines(names: Iterable[str]) -> str:
    kinds = {
        f"{m['cores']} cores, {m['memory_gb']} GB"
        for m in (load(n)["machine"] for n in names if (PLACE / f"{n}.json").exists())
    }
    return " or ".join(sorted(kinds)) or "not measured yet"


def main() -> None:
    """Render the sections named from their saved figures, and the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    benches = sorted({path.stem for path in PLACE.glob("*.json")})
    parser.add_argument("names", nargs="*", metavar="bench", help=", ".join(benches))
    names = parser.parse_args().names
    if unknown := sorted(set(names) - set(benches)):
        parser.error(
            f"no figures of {', '.join(unknown)}; there are {', '.join(benches)}"
        )
    for name in names:
        importlib.import_module(f"bench.{name}").render()
    print(compose().relative_to(ROOT))


if __name__ == "__main__":
    main()
