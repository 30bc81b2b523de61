"""docs/cli.md: every command has its section, with output of a real run."""

import argparse
import importlib
import re

import pytest

from rollout import cli
from rollout.commands import COMMANDS, module_name
from tests.commands import ROOT

PAGE = ROOT / "docs" / "cli.md"


def sections():
    """Heading → text."""
    parts = re.split(r"^## (.+)$", PAGE.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_section_with_output(name):
    text = sections()[name]
    assert f"$ rollout {name}" in text
    assert "TODO" not in text


def test_no_section_is_about_a_command_that_is_gone():
    commands = [name for name in sections() if name in COMMANDS or name.islower()]
    assert set(commands) == set(COMMANDS)


def options(name):
    """Each option of a command, and each word that it takes."""
    parser = argparse.ArgumentParser(add_help=False)
    importlib.import_module(module_name(name)).arguments(parser)
    for action in parser._actions:
        yield from (o for o in action.option_strings if o.startswith("--"))
        yield from (str(choice) for choice in action.choices or ())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_in_the_section_of_its_command(name):
    text = sections()[name]
    assert [o for o in options(name) if not re.search(rf"{o}(?![\w-])", text)] == []


def test_no_option_is_shown_that_is_gone():
    common = argparse.ArgumentParser()
    cli._common(common)
    known = {o for action in common._actions for o in action.option_strings}
    known |= {option for name in COMMANDS for option in options(name)}
    shown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE.read_text()))
    assert shown - known == set()
