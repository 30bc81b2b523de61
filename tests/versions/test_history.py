"""The history as files: one line of revisions, each of which says what it is."""

import ast
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.versions.revisions import DIRECTORY, VERSIONS, in_order

KINDS = {"schema", "data", "indexes", "procedures"}
FILE_NAME = re.compile(r"(baseline|\d{3})_v(\d+)_(\d+)_(\d+)_([a-z0-9_]+)\.py")

each_revision = pytest.mark.parametrize(
    "script", in_order(), ids=lambda script: script.revision
)


def repeated_ids(versions: Path) -> set[str]:
    """Revision ids that more than one file claims; Alembic ignores all but one."""
    ids = Counter(
        ast.literal_eval(node.value)
        for file in versions.glob("*.py")
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.Assign)
        and [getattr(target, "id", "") for target in node.targets] == ["revision"]
    )
    assert ids, "no revision was found"
    return {revision for revision, files in ids.items() if files > 1}


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def test_there_is_one_head():
    assert len(DIRECTORY.get_heads()) == 1


def test_there_is_one_base():
    assert DIRECTORY.get_bases() == ["baseline"]


def test_no_two_files_have_the_same_revision_id():
    assert repeated_ids(VERSIONS) == set()


def test_a_second_file_with_the_same_id_is_noticed(tmp_path):
    for name in ("one.py", "two.py"):
        shutil.copy(next(VERSIONS.glob("003_*.py")), tmp_path / name)
    assert repeated_ids(tmp_path) == {"003"}


def test_every_file_is_part_of_the_history():
    files = {file.name for file in VERSIONS.glob("*.py")}
    assert files == {Path(script.path).name for script in in_order()}


def test_versions_increase_from_revision_to_revision():
    versions = [number(script.module.schema_version) for script in in_order()]
    assert versions == sorted(set(versions))


@each_revision
def test_a_file_is_named_after_its_revision_and_version(script):
    match = FILE_NAME.fullmatch(Path(script.path).name)
    assert match is not None
    assert match[1] == script.revision
    assert ".".join(match.group(2, 3, 4)) == script.module.schema_version


@each_revision
def test_a_revision_says_its_kind_and_phase(script):
    assert script.module.kind in KINDS
    assert script.module.phase in {1, 2, 3}


@each_revision
def test_a_docstring_says_what_is_locked_and_how_it_is_taken_back(script):
    assert re.search(r"^Locks: \S", script.module.__doc__, re.MULTILINE)
    assert re.search(r"^Rollback: (automatic|by hand)\b", script.module.__doc__, re.M)


@each_revision
def test_a_revision_has_a_downgrade_that_does_or_says_something(script):
    downgrade = next(
        node
        for node in ast.parse(Path(script.path).read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == "downgrade"
    )
    only_passes = all(isinstance(node, ast.Pass) for node in downgrade.body)
    assert not only_passes


@each_revision
def test_a_revision_does_not_import_the_models(script):
    imported = {
        name
        for node in ast.walk(ast.parse(Path(script.path).read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
        )
    }
    assert not any(name.split(".")[0] == "models" for name in imported)


@each_revision
def test_every_sql_file_belongs_to_a_revision_that_reads_it(script):
    source = Path(script.path).read_text()
    for file in (VERSIONS / "sql").glob(f"{script.revision}_*.sql"):
        name = file.stem.removeprefix(f"{script.revision}_")
        read = any(name in Path(other.path).read_text() for other in in_order())
        assert read, f"{file.name} is read by no revision"
    assert source
