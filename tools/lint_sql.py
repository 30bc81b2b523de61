"""Lint every SQL text: parsed by PostgreSQL's own parser, judged by squawk.

Of every history in alembic.ini: checks the printed upgrade and downgrade, statement by
statement, the bodies of DO blocks and functions too, and that every revision says what
an operator asks. Exit status 1 with a line a finding.
"""

import configparser
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pglast
from alembic.config import Config
from alembic.script import ScriptDirectory

ROOT = Path(__file__).resolve().parent.parent

EXCLUDED = {
    "prefer-robust-stmts": "IF NOT EXISTS hides drift; a revision is a transaction",
    "prefer-text-field": "schema_versions has the specification's column types",
    "prefer-bigint-over-int": "likewise",
    "prefer-identity": "likewise",
    "constraint-missing-not-valid": "in one transaction only for a table made in it; "
    "for one with rows the operation commits in between",
    "ban-drop-view": "only on the way down; views hold no rows",
    "ban-drop-function": "only on the way down; functions hold no rows",
    "ban-set-schema": "parking: a downgrade takes a table out of sight with every row",
    "ban-drop-column": "only on the way down, after the values are parked",
    "ban-drop-table": "only the layer's own tables, whose rows are parked or rebuilt",
}

GEXEC = re.compile(r"\\gexec\s*(?:\\\\)?")
"""psql's command in printed scripts; no parser of SQL knows it."""


def histories() -> list[str]:
    """The sections of alembic.ini that have revisions."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "alembic.ini", encoding="utf-8")
    return [s for s in config.sections() if config.has_option(s, "script_location")]


def script(*arguments: str) -> str:
    """What ``alembic … --sql`` prints, without psql's own commands in it."""
    command = [sys.executable, "-m", "alembic", *arguments, "--sql"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return GEXEC.sub(";", done.stdout)


def parse(name: str, sql: str) -> Iterator[str]:
    """Findings of PostgreSQL's parser, PL/pgSQL bodies included."""
    try:
        statements = pglast.parse_sql(sql)
    except pglast.parser.ParseError as error:
        yield f"{name}: {error}"
        return
    for raw in statements:
        kind = type(raw.stmt).__name__
        text = sql[raw.stmt_location : raw.stmt_location + (raw.stmt_len or len(sql))]
        if kind == "DoStmt" or (
            kind == "CreateFunctionStmt" and "plpgsql" in text.lower()
        ):
            yield from parse_body(name, as_function(text) if kind == "DoStmt" else text)


def as_function(do: str) -> str:
    """A DO block as a function, which is what pglast takes."""
    body = do[re.search(r"\bDO\b", do).end() :]  # type: ignore[union-attr]
    return f"CREATE FUNCTION block() RETURNS void LANGUAGE plpgsql AS {body}"


def parse_body(name: str, function: str) -> Iterator[str]:
    """Findings in one PL/pgSQL body."""
    try:
        pglast.parser.parse_plpgsql_json(function)
    except pglast.parser.ParseError as error:
        yield f"{name}: {error}: {function.strip()[:60]}"


def squawk(name: str, sql: str) -> Iterator[str]:
    """Findings of squawk, the excluded rules aside."""
    program = Path(sys.executable).parent / "squawk"
    command = [str(program), "--reporter=json", "--pg-version=15.0"]
    command += [f"--exclude={rule}" for rule in EXCLUDED]
    done = subprocess.run(
        [*command, "--stdin-filepath", name],
        input=sql, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode and not done.stdout.strip():
        yield f"{name}: squawk failed: {done.stderr.strip()}"
        return
    for finding in json.loads(done.stdout or "[]"):
        where = finding.get("line", 0) + 1
        yield f"{name}:{where}: {finding['rule_name']}: {finding['message']}"


def revisions(section: str = "alembic") -> Iterator[str]:
    """Revisions that lack a version, a downgrade, Locks or Rollback."""
    for revision in ScriptDirectory.from_config(
        Config(ROOT / "alembic.ini", ini_section=section)
    ).walk_revisions():
        module, name = revision.module, Path(revision.path).name
        text = module.__doc__ or ""
        for line in ("Locks:", "Rollback:"):
            if not re.search(rf"^{line} \S", text, re.MULTILINE):
                yield f"{name}: its docstring has no line {line!r}"
        for attribute in ("schema_version", "kind", "phase", "downgrade"):
            if not hasattr(module, attribute):
                yield f"{name}: it has no {attribute}"


def findings() -> Iterator[str]:
    """All of them."""
    for path in sorted((ROOT / "alembic").glob("*/sql/*.sql")):
        yield from parse(path.name, path.read_text())
    for section in histories():
        yield from revisions(section)
        for name, arguments in {
            "upgrade.sql": ("upgrade", "head"),
            "downgrade.sql": ("downgrade", "head:base"),
        }.items():
            sql = script("-n", section, *arguments)
            said = name if section == "alembic" else f"{section}-{name}"
            yield from parse(said, sql)
            yield from squawk(said, sql)


def main() -> int:
    """Print the findings; 1 if there are any."""
    found = list(findings())
    print("\n".join(found) if found else "SQL: no finding")
    return bool(found)


if __name__ == "__main__":
    raise SystemExit(main())
