"""What squawk says about a revision's SQL, where squawk is installed."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

NOT_HERE = "prefer-robust-stmts"
"""A rule for scripts without transactions; the layer's revisions can be repeated."""
PARKED_GONE = re.compile(r"DROP TABLE IF EXISTS parked\.\w+;")
"""What restores parked values ends with it: nothing is lost."""

AS_RUN = (
    "SET lock_timeout = '10ms'; SET statement_timeout = '1s'; BEGIN; {sql}; COMMIT;"
)
"""A revision runs in a transaction, with short timeouts."""


def program() -> str | None:
    """The linter: on PATH, or beside this Python."""
    beside = Path(sys.executable).with_name("squawk")
    return shutil.which("squawk") or (str(beside) if beside.exists() else None)


def findings(sql: str, exclude: str = "") -> list[str]:
    """One line a rule that ``sql`` breaks, with how often; empty without squawk.

    ``exclude`` names rules that do not apply, comma separated.
    """
    squawk = program()
    if squawk is None:
        return []
    rules = [NOT_HERE, *(rule.strip() for rule in exclude.split(",") if rule.strip())]
    done = subprocess.run(
        [squawk, "--reporter=json", f"--exclude={','.join(rules)}",
         "--stdin-filepath=revision.sql"],
        input=AS_RUN.format(sql=PARKED_GONE.sub("", sql)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        found = json.loads(done.stdout or "[]")
    except ValueError:
        return [f"squawk failed: {(done.stderr or done.stdout).strip()[:200]}"]
    broken: dict[str, list[str]] = {}
    for finding in found:
        broken.setdefault(finding["rule_name"], []).append(finding["message"])
    return [f"{rule} ({len(said)}): {said[0]}" for rule, said in broken.items()]
