"""Parse SQL files by PostgreSQL's own parser, PL/pgSQL bodies included.

    python tools/check_sql.py FILE …

Exit status 1 with a line a finding. Used by .pre-commit-config.yaml.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import lint_sql


def findings(path: Path) -> Iterator[str]:
    """What is wrong with one file; that there is no SQL in it, too."""
    text = path.read_text(encoding="utf-8")
    found = list(lint_sql.parse(str(path), text))
    yield from found
    if not found and not lint_sql.pglast.parse_sql(text):
        yield f"{path}: there is no statement in it"


def main(arguments: list[str]) -> int:
    """Print the findings; 1 if there are any."""
    found = [line for name in arguments for line in findings(Path(name))]
    print("\n".join(found), end="\n" if found else "")
    return bool(found)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
