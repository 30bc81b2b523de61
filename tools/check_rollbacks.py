"""Every revision can be taken back, or says how: read from the file, not imported.

    python tools/check_rollbacks.py [FILE …]

Without a file: all revisions of all histories in alembic.ini. A revision needs a line
``Rollback:`` in its docstring, and a ``downgrade()`` that does something, or raises
with instructions. An empty one is right only where the Rollback line says what stays,
or that it "does nothing: …" and why. Exit status 1 with a line a finding. Used by
.pre-commit-config.yaml.

Source: HomeOps strategy, "Pre-commit Hooks", check-migration-rollback.
"""

import ast
import configparser
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROLLBACK = re.compile(r"^Rollback:[ \t]*(\S.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
INSTRUCTIONS = 40
"""Fewer letters do not say what happened and what to do instead."""
NOTHING = re.compile(r"does\s+nothing:\s+\S|\bstays?\b")


def findings(path: Path) -> Iterator[str]:
    """What keeps one revision from being taken back."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    said = ROLLBACK.search(ast.get_docstring(tree) or "")
    if said is None:
        yield f"{path}: its docstring has no line 'Rollback:' that says something"
    functions = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name == "downgrade"
    ]
    if len(functions) != 1:
        yield f"{path}: it has {len(functions) or 'no'} downgrade()"
        return
    where = f"{path}:{functions[0].lineno}"
    body = [node for node in functions[0].body if not _says_nothing(node)]
    if not body and not (said and NOTHING.search(said[1])):
        yield (
            f"{where}: downgrade() does nothing; give back what upgrade() took, raise"
            " with instructions, or say in the Rollback line what stays and why"
        )
    elif body and isinstance(body[0], ast.Raise) and not _instructs(body[0]):
        yield f"{where}: downgrade() raises without saying what to do instead"


def _says_nothing(node: ast.stmt) -> bool:
    """``pass``, ``return``, ``...``, or a docstring."""
    if isinstance(node, ast.Return):
        return node.value is None or isinstance(node.value, ast.Constant)
    constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return constant or isinstance(node, ast.Pass)


def _instructs(node: ast.Raise) -> bool:
    """Whether the exception gets a text that is long enough, or one made elsewhere."""
    if not isinstance(node.exc, ast.Call) or not node.exc.args:
        return False
    written = [
        str(part.value)
        for part in ast.walk(node.exc)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    return not written or len("".join(written)) >= INSTRUCTIONS


def revisions(ini: Path) -> Iterator[Path]:
    """The files of every history."""
    config = configparser.ConfigParser(
        {"here": str(ini.parent)}, interpolation=None, strict=False
    )
    config.read(ini, encoding="utf-8")
    for name in config.sections():
        place = config.get(name, "version_locations", fallback="") or (
            config.get(name, "script_location", fallback="") + "/versions"
        )
        if config.has_option(name, "script_location"):
            for directory in re.split(r"[:;\s]+", place):
                found = Path(directory.replace("%(here)s", str(ini.parent)))
                yield from sorted((ini.parent / found).glob("*.py"))


def main(arguments: list[str]) -> int:
    """Print the findings; 1 if there are any, or if there is no revision at all."""
    files = [Path(name) for name in arguments] or list(revisions(ROOT / "alembic.ini"))
    if not files:
        print("there is no revision to look at: is alembic.ini right?")
        return 1
    found = [line for path in files for line in findings(path)]
    print("\n".join(found) if found else f"{len(files)} revisions can be taken back")
    return bool(found)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
