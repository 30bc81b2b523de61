"""Semantic versions of every history, without a database: check semantic-version.

Exit status 1 unless all of them say what their SQL does.
"""

import configparser
from pathlib import Path

from rollout.checks import semantic_version
from rollout.commands.target import Target

INI = Path(__file__).resolve().parent.parent / "alembic.ini"


def sections() -> list[str]:
    """The histories in alembic.ini."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(INI, encoding="utf-8")
    return [s for s in config.sections() if config.has_option(s, "script_location")]


def main() -> int:
    """Print the findings; 1 if one is no PASS."""
    worst = 0
    for section in sections():
        for found in semantic_version.look(Target(str(INI), section)):
            worst = max(worst, found.status != "PASS")
            for text in (f"{found.status} {found.summary}", *found.details):
                print(f"{section}: {text}")
            for text in found.remedy:
                print(f"{section}: to mend: {text}")
    return worst


if __name__ == "__main__":
    raise SystemExit(main())
