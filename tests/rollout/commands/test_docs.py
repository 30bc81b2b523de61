"""docs/cli.md: every command has its section, with output of a real run."""

import re

import pytest

from rollout.commands import COMMANDS
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
