"""What is shipped, what is pinned, and what `make` offers."""

import re
import subprocess
import sys
import tomllib

import pytest

from tests.commands import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONSTRAINTS = (ROOT / "constraints.txt").read_text()
SHIPPED = ("models", "rollout", "seeds")


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted():
    """Yield every requirement, those of the extras as well."""
    yield from PROJECT["project"]["dependencies"]
    for extra in PROJECT["project"]["optional-dependencies"].values():
        yield from extra


def test_every_package_is_listed_and_alembic_is_none():
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for top in SHIPPED
        for path in (ROOT / top).rglob("__init__.py")
    }
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == found


@pytest.mark.parametrize("package", SHIPPED)
def test_packages_say_that_they_are_typed(package):
    assert (ROOT / package / "py.typed").exists()


@pytest.mark.slow
def test_the_folder_does_not_hide_the_library():
    assert not (ROOT / "alembic" / "__init__.py").exists()
    command = [sys.executable, "-c", "import alembic; print(alembic.__version__)"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def test_every_pin_is_exact_and_names_no_place():
    lines = [line for line in CONSTRAINTS.splitlines() if not line.startswith("#")]
    assert [
        line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.+-]+", line)
    ] == []


@pytest.mark.parametrize("requirement", sorted(set(wanted())))
def test_what_is_wanted_is_pinned(requirement):
    name = re.match(r"[\w.-]+", requirement)[0]
    pins = dict(line.split("==") for line in CONSTRAINTS.splitlines() if "==" in line)
    pinned = {normal(key): version for key, version in pins.items()}
    assert normal(name) in pinned
    if "==" in requirement:
        assert requirement.endswith(f"=={pinned[normal(name)]}")


def test_make_alone_lists_every_target():
    makefile = (ROOT / "Makefile").read_text()
    targets = re.search(r"\.PHONY: (.*)", makefile)[1].split()
    done = subprocess.run(
        ["make"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    listed = re.findall(r"make ([a-z-]+) +\S", done.stdout)
    assert listed == sorted(listed, key=lambda target: targets.index(target))
    assert set(listed) == set(targets)
