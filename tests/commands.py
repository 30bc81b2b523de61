"""Alembic, run inside this process or as a command of its own."""

import argparse
import io
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config

ROOT = Path(__file__).parent.parent


def alembic_run(
    url: str | None,
    name: str,
    *arguments: object,
    x: Sequence[str] = (),
    section: str = "alembic",
    **options: object,
) -> str:
    """Run an Alembic command in this process; return what it printed.

    ``alembic_run(url, "upgrade", "head", sql=True, x=["pause_ms=5"])``. A refusal is
    raised as it is, like any other exception. ``section`` is that of alembic.ini.
    """
    printed = io.StringIO()
    cmd_opts = argparse.Namespace(x=list(x)) if x else None
    config = Config(
        str(ROOT / "alembic.ini"),
        ini_section=section,
        stdout=printed,
        output_buffer=printed,
        cmd_opts=cmd_opts,
    )
    if url is not None:
        config.attributes["database_url"] = url
    getattr(command, name)(config, *arguments, **options)
    return printed.getvalue()


def alembic_cli(
    url: str | None, *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m alembic`` with DATABASE_URL from the project's root.

    ``url=None`` leaves DATABASE_URL unset. Never raises for an exit status.
    """
    return run_module("alembic", *arguments, url=url, env=env)


def run_module(
    module: str,
    *arguments: str,
    url: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    user: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m module`` as a process of its own, where wished as ``user``."""
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    if url is not None:
        environment["DATABASE_URL"] = url
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=environment | dict(env or {}),
        cwd=cwd,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
