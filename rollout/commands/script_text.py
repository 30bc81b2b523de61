"""A revision as SQL text: what ``alembic upgrade FROM:TO --sql`` prints."""

import re

from rollout.commands.revisions import Revision
from rollout.commands.target import Target

RUNNING = re.compile(r"^-- Running (?:upgrade|downgrade) .*$", re.MULTILINE)
LITERAL = re.compile(
    r"""
    --[^\n]*                          # comment to the end of the line
    | /\*.*?\*/                       # block comment
    | (?P<dollar>\$\w*\$).*?(?P=dollar)
    | [eE]?'(?:[^'\\]|''|\\.)*'       # string
    | "(?:[^"]|"")*"                  # quoted name
    | ;
    """,
    re.VERBOSE | re.DOTALL,
)
DO_BODY = re.compile(r"^\s*DO\s+(?P<tag>\$\w*\$)(?P<body>.*)(?P=tag)", re.S | re.I)


def whole(target: Target, start: str, end: str, *, up: bool = True) -> str:
    """The script from ``start`` to ``end``, as psql runs it; "base" is before all."""
    name = "upgrade" if up else "downgrade"
    return target.alembic(name, f"{start}:{end}", sql=True)


def by_revision(target: Target, steps: list[Revision], *, up: bool) -> dict[str, str]:
    """What each of ``steps`` (neighbours, in order of running) does, without the head.

    Transaction statements around it are left out.
    """
    if not steps:
        return {}
    before = target.revisions[0].down_revision or "base"
    if up:
        start, end = steps[0].down_revision or before, steps[-1].revision
    else:
        start, end = steps[0].revision, steps[-1].down_revision or before
    parts = RUNNING.split(whole(target, start, end, up=up))[1:]
    return {
        step.revision: re.sub(r"\s*COMMIT;\s*(BEGIN;\s*)?\Z", "\n", part).strip("\n")
        for step, part in zip(steps, parts, strict=True)
    }


def statements(sql: str) -> list[str]:
    """``sql`` cut at its semicolons; comments are left out, empty statements too."""
    found, current, position = [], list[str](), 0
    for token in LITERAL.finditer(sql):
        current.append(sql[position : token.start()])
        position = token.end()
        text = token.group()
        if text == ";":
            found.append("".join(current).strip())
            current = []
        elif text.startswith(("--", "/*")):
            current.append(" ")
        else:
            current.append(text)
    found.append("".join([*current, sql[position:]]).strip())
    return [statement for statement in found if statement]


def without_comments(sql: str) -> str:
    """``sql`` with a blank for every comment, strings and bodies as they are."""
    return LITERAL.sub(
        lambda m: " " if m.group().startswith(("--", "/*")) else m.group(), sql
    )


def do_body(statement: str) -> str | None:
    """What runs inside a DO block, without comments; None for another statement."""
    found = DO_BODY.match(statement)
    return without_comments(found["body"]) if found else None
