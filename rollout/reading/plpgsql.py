"""The statements inside a PL/pgSQL block, by PostgreSQL's own parser (pglast)."""

import json
import re
from collections.abc import Iterator
from typing import Any

from pglast import ast, parse_sql
from pglast.parser import ParseError, parse_plpgsql_json

PLACE = re.compile(r"%(?:\d+\$)?-?\d*([IsL])")
HARMLESS = re.compile(
    r"\s*(SET|RESET|LOCK|GRANT|REVOKE|ANALYZE|VACUUM|COMMENT|SELECT|CREATE ROLE)\b",
    re.I,
)
"""What begins like this changes nothing that has a name in a schema."""


class Unread:
    """An EXECUTE whose text is known only when it runs."""

    def __init__(self, expression: str) -> None:
        self.expression = " ".join(expression.split())[:80]


def of_do(body: str) -> Iterator[str | Unread]:
    """Every statement in a DO block's ``body``, in order, both ways of every IF.

    What only runs where something is parked is left out: it puts back what was there.
    """
    tag = "$plpgsql_body$"
    function = f"CREATE FUNCTION b() RETURNS void LANGUAGE plpgsql AS {tag}{body}{tag}"
    yield from _walk(json.loads(parse_plpgsql_json(function)))


def _walk(node: Any) -> Iterator[str | Unread]:
    if isinstance(node, list):
        for item in node:
            yield from _walk(item)
    if not isinstance(node, dict):
        return
    for name, value in node.items():
        if name == "PLpgSQL_stmt_execsql":
            yield value["sqlstmt"]["PLpgSQL_expr"]["query"]
        elif name == "PLpgSQL_stmt_perform":
            yield value["expr"]["PLpgSQL_expr"]["query"]
        elif name in ("PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors"):
            yield from _executed(value["query"]["PLpgSQL_expr"]["query"])
            yield from _walk(value.get("body"))
        elif name in ("PLpgSQL_stmt_if", "PLpgSQL_if_elsif") and _asks_parked(value):
            yield from _walk([value.get("elsif_list"), value.get("else_body")])
        else:
            yield from _walk(value)


def _asks_parked(condition: dict[str, Any]) -> bool:
    query = condition["cond"]["PLpgSQL_expr"]["query"]
    return bool(re.search(r"'parked\..*IS NOT NULL\s*$", query, re.DOTALL))


def _executed(expression: str) -> Iterator[str | Unread]:
    """The text that EXECUTE runs, with ``"?"`` in the place of names not known."""
    select: Any = parse_sql(f"SELECT {expression}")[0].stmt
    text = _text(select.targetList[0].val)
    if text is None:
        yield Unread(expression)
        return
    try:
        parse_sql(text)
        yield text
    except ParseError:
        if not HARMLESS.match(text):
            yield Unread(expression)


FILL = {"I": '"?"', "s": '"?"', "L": "'?'"}


def _text(node: Any) -> str | None:
    """An expression's text; None where not even its beginning is known."""
    match node:
        case ast.TypeCast():
            return _text(node.arg)
        case ast.A_Const(val=ast.String(sval=text)):
            return str(text)
        case ast.A_Expr(name=(*_, ast.String(sval="||"))):
            left, right = _text(node.lexpr), _text(node.rexpr)
            return (
                None if left is None else left + (FILL["s"] if right is None else right)
            )
        case ast.FuncCall(funcname=(*_, ast.String(sval="format"))):
            pattern = _text((node.args or (None,))[0])
            filled = pattern and PLACE.sub(lambda found: FILL[found[1]], pattern)
            return filled and filled.replace("%%", "%")
        case _:
            return None
