"""Where the database stands: revision, pending, half done, failed, parked, lock holder."""

import argparse
from typing import Any

from rollout.commands import state
from rollout.commands.output import Output
from rollout.commands.state import Standing
from rollout.commands.target import Target

EXAMPLE = "rollout status\nrollout status --json | jq .pending"


def arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Print it. Reads only."""
    with target.connect() as connection:
        standing = state.read(target, connection)
    out.line(state.told(target, standing))
    return 0
