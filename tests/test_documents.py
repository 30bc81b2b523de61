"""What the documents say is so: links, commands, pasted output, settings."""

import itertools
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.config import main as alembic_main

from rollout import ops
from rollout.commands import COMMANDS
from rollout.embedded import url_text
from rollout.settings import Settings
from tests.commands import ROOT
from tests.versions.revisions import VERSIONS, in_order

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
HOW_IT_RUNS = (ROOT / "docs" / "how-it-runs.md").read_text(encoding="utf-8")
DECISIONS = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
PROGRAMS = ("alembic", "make", "rollout", "python")
SECTIONS = re.findall(
    r"^\[(\w+)\]\nscript_location", (ROOT / "alembic.ini").read_text(), re.MULTILINE
)
MACHINE = re.compile(r"(?<![\w.…])/(work|root|home|tmp|Users)/")

each_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: str(page.relative_to(ROOT))
)


def prose(text: str) -> str:
    """The text without its code blocks."""
    return FENCE.sub("", text)


def blocks(text: str, language: str = "") -> list[str]:
    return [body for kind, body in FENCE.findall(text) if kind == language]


def commands(text: str) -> Iterator[list[str]]:
    """Command lines in the text's plain code blocks, as lists of words."""
    for line in "\n".join(blocks(text)).splitlines():
        line = line.removeprefix("$ ")
        if line.split(" ", 1)[0] in PROGRAMS:
            yield shlex.split(line)


def anchors(page: Path) -> set[str]:
    """The page's headings as GitHub makes them into anchors."""
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-")
        for heading in HEADING.findall(prose(page.read_text(encoding="utf-8")))
    }


def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())


@each_page
def test_every_relative_link_leads_somewhere(page):
    for link in LINK.findall(prose(page.read_text(encoding="utf-8"))):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@each_page
def test_a_page_names_no_path_of_a_machine(page):
    assert MACHINE.findall(page.read_text(encoding="utf-8")) == []


@each_page
def test_every_command_that_a_page_shows_exists(page):
    text = page.read_text(encoding="utf-8")
    shown = [shlex.split(code) for code in CODE.findall(prose(text)) if "'" not in code]
    for program, *arguments in itertools.chain(commands(text), filter(None, shown)):
        if "--schema" in arguments[:-1]:
            section = arguments.pop(arguments.index("--schema") + 1)
            assert section in (*SECTIONS, "NAME"), section
        names = [a for a in arguments if not a.startswith("-") and "=" not in a]
        if program == "make" and names:
            assert names[0] in targets(), f"make {names[0]}"
        if program == "rollout" and names:
            assert names[0] in COMMANDS, f"rollout {names[0]}"
        if program == "python" and arguments[0] != "-m":
            assert (ROOT / arguments[0]).exists(), arguments[0]


def test_no_page_is_empty_of_commands_to_check():
    """So that the tests above cannot pass by finding nothing."""
    assert len(list(commands(README))) > 8
    assert len(LINK.findall(prose(README))) > 10
    assert len(blocks(CONTRIBUTING, "python")) > 3


@pytest.mark.slow
@pytest.mark.parametrize("name", ["README.md", "docs/supabase.md"])
def test_the_alembic_commands_run_one_after_the_other(
    name, head_database, monkeypatch, capsys
):
    """By Alembic's own command line, in this process: a new one takes a second."""
    monkeypatch.setenv("DATABASE_URL", head_database)
    monkeypatch.chdir(ROOT)
    text = (ROOT / name).read_text(encoding="utf-8")
    found = [words for words in commands(text) if words[0] == "alembic"]
    assert found
    for _, *arguments in found:
        try:
            alembic_main(arguments)
        except SystemExit as ended:
            said = capsys.readouterr().err
            pytest.fail(f"alembic {shlex.join(arguments)}: {ended.code}\n{said}")


def tables(text: str) -> list[str]:
    """Rows of drawn tables; sorted, since rows that tie may come in either order."""
    return sorted(line.rstrip() for line in text.splitlines() if line[:1] in {"│", "┃"})


@pytest.mark.slow
def test_the_pasted_demo_is_what_the_demo_prints(
    databases, empty_database, alembic_cli
):
    (pasted,) = (block for block in blocks(README) if block.startswith("$ make demo"))
    try:
        done = subprocess.run(
            [sys.executable, str(ROOT / "tools" / "demo.py")],
            env={"DATABASE_URL": empty_database, "PATH": "", "PYTHONWARNINGS": "error"},
            cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    finally:
        databases.run("DROP DATABASE IF EXISTS portfolio_demo WITH (FORCE)")
    assert done.returncode == 0, done.stderr
    assert len(tables(done.stdout)) > 30
    assert tables(done.stdout) == tables(pasted), "paste the output of `make demo` anew"


def test_the_pasted_output_shows_every_revision():
    for command_line in ("$ make up", "$ make demo"):
        (pasted,) = (b for b in blocks(README) if b.startswith(f"{command_line}\n"))
        for script in in_order():
            version = script.module.schema_version
            line = f"upgrade {script.revision:<8} {version:<7} {script.doc}: "
            assert line in pasted, f"paste the output of `{command_line[2:]}` anew"


@pytest.mark.slow
def test_the_readmes_application_does_what_is_shown(head_database, connect):
    sync, async_ = blocks(README, "python")
    with connect(head_database, autocommit=True).cursor() as cursor:
        cursor.execute("INSERT INTO auth.users DEFAULT VALUES RETURNING id")
        (user_id,) = cursor.fetchone()
    url = url_text(sa.make_url(head_database))
    program = "\n".join(
        [
            "import asyncio",
            f"user_id = {str(user_id)!r}",
            sync.replace("postgresql+psycopg2://…", url_for("psycopg2", url)),
            "async def main():",
            *(f"    {line}" for line in async_.splitlines()),
            "    print(len(accounts))",
            "    await engine.dispose()",
            "asyncio.run(main())",
        ]
    ).replace("postgresql+asyncpg://…", url_for("asyncpg", url))
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    account, count = done.stdout.splitlines()
    uuid = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
    assert uuid.sub("", account) in uuid.sub("", README)
    assert count == "1"


def url_for(driver: str, url: str) -> str:
    return url.replace("postgresql://", f"postgresql+{driver}://")


@pytest.mark.slow
def test_the_worked_example_works(tmp_path, head_database, connect):
    """CONTRIBUTING's revision 011, in a copy of the history up to 010."""
    (example,) = (b for b in blocks(CONTRIBUTING, "python") if 'revision = "011"' in b)
    name = re.search(r"versions/(011_\w+\.py)", CONTRIBUTING)[1]
    versions = tmp_path / "alembic" / "versions"
    shutil.copytree(VERSIONS, versions, ignore=shutil.ignore_patterns("__pycache__"))
    for later in versions.glob("*.py"):
        if later.name[:3].isdecimal() and later.name[:3] > "010":
            later.unlink()
    for file in ("env.py", "script.py.mako"):
        shutil.copy(ROOT / "alembic" / file, tmp_path / "alembic")
    (versions / name).write_text(example, encoding="utf-8")
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(tmp_path / "alembic"))
    config.attributes["database_url"] = head_database
    for direction, revision in (("upgrade", "011"), ("downgrade", "010")) * 2:
        getattr(command, direction)(config, revision)
    command.upgrade(config, "011")
    with connect(head_database).cursor() as cursor:
        cursor.execute("SELECT plaid_item_id FROM public.user_bank_connections")


@pytest.mark.parametrize("setting", [field.name for field in fields(Settings)])
def test_every_setting_is_explained(setting):
    row = re.search(rf"^\| `{setting}` \|.*$", HOW_IT_RUNS, re.MULTILINE)
    assert row is not None
    default = next(f.default for f in fields(Settings) if f.name == setting)
    if isinstance(default, float):
        assert f"| {default:g} |" in row[0]


@pytest.mark.parametrize("operation", ops.__all__)
def test_every_operation_is_listed(operation):
    page = ROOT / "docs" / "operations.md"
    more = page.read_text(encoding="utf-8") if page.exists() else ""
    assert f"`{operation}`" in HOW_IT_RUNS + more or f"{operation}(" in more


def test_every_table_of_the_bookkeeping_is_listed_with_its_columns(
    head_database, connect
):
    with connect(head_database).cursor() as cursor:
        cursor.execute("""
            SELECT relname, string_agg(attname, ', ' ORDER BY attnum)
            FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0
            WHERE relnamespace = 'migrations'::regnamespace AND relkind = 'r'
                AND NOT attisdropped
            GROUP BY relname
        """)
        found = cursor.fetchall()
    assert len(found) > 5
    for table, columns in found:
        assert f"| `{table}` | {columns} |" in HOW_IT_RUNS


def test_the_evidence_for_decisions_exists():
    tests = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))
    }
    cited = set(re.findall(r"`(test_\w+)`", DECISIONS))
    assert len(cited) > 30
    assert cited - tests == set()


def test_the_files_that_decisions_name_exist():
    for name in re.findall(r"`([\w/]+\.(?:py|sql|ini))`", DECISIONS):
        assert (ROOT / name).exists() or list((ROOT / "tests").rglob(name)), name
