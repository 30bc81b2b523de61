"""Look at the database's health: PASS, WARN or FAIL, with a remedy each.

Every check has a page in docs/checks/. Reads only, apart from a scratch database that
catalog-drift makes and drops again.
"""

import argparse

from rollout import checks
from rollout.checks.context import Context
from rollout.commands import findings
from rollout.commands.output import Output
from rollout.commands.target import Target

BLIND = """
the role of DATABASE_URL may not read the schema migrations: this is no pass.
Nothing was changed.
What could not be looked at is a WARN above, and may be broken.
As the owner of the tables (on Supabase: postgres), run: rollout check"""

EXAMPLE = "rollout check\nrollout check catalog-drift rejects\nrollout check --list"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which checks."""
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="only these; default: all"
    )
    parser.add_argument("--list", action="store_true", help="say which ones there are")


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Run the checks; 1 if any says FAIL, or if most could not look."""
    if args.list:
        return _list(out)
    names = args.names or checks.NAMES
    for name in names:
        checks.load(name)
    with target.connect() as connection:
        allowed = findings.refuse_strangers(target, connection)
        results = list(checks.run(Context(target, connection), names))
    status = findings.show(results, out)
    if not allowed:
        out.failed(BLIND)
    return status if allowed else 1


def _list(out: Output) -> int:
    titles = [(checks.shown(name), checks.load(name).TITLE) for name in checks.NAMES]
    out.table(["check", "looks at"], titles)
    out.document([{"name": name, "title": title} for name, title in titles])
    return 0


def interrupted(target: Target, args: argparse.Namespace) -> str:
    """Nothing but the scratch database was written, and that is dropped."""
    return "Nothing was changed."
