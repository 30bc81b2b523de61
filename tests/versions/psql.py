"""Run a printed script the way an operator does."""

import shutil
import subprocess

import sqlalchemy as sa

from rollout import embedded
from rollout.embedded import url_text


def program() -> str:
    """psql: the embedded server's, else the system's."""
    if embedded.installed():
        return str(embedded.binaries() / "psql")
    return shutil.which("psql") or "psql"


def psql(url: str, script: str) -> subprocess.CompletedProcess[str]:
    """Run ``script``, stopping at the first error; never raises for an exit status."""
    arguments = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url_text(sa.make_url(url))]
    return subprocess.run(
        [program(), *arguments],
        input=script, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
