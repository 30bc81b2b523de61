"""Which indexes a query goes by, from EXPLAIN (FORMAT JSON)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import asyncpg

LED_BY_USER = """
    SELECT a.attname = 'user_id' FROM pg_index AS i
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indexrelid = to_regclass(%s)
"""
SCANS = ("Index Scan", "Index Only Scan", "Bitmap Index Scan")


@dataclass
class Plan:
    """What a plan reads, and how."""

    indexes: dict[str, str] = field(default_factory=dict)
    """Name to condition."""
    others: list[str] = field(default_factory=list)
    """Tables that are read without an index."""
    sorts: list[str] = field(default_factory=list)
    """Kinds of sorting."""
    estimated: float = 0.0
    """Rows that the planner expects below any LIMIT."""
    cost: float = 0.0
    """What the planner thinks that it costs."""

    def text(self) -> str:
        """One line."""
        parts = [*self.indexes, *(f"all of {table}" for table in self.others)]
        return ", ".join([*parts, *(kind.lower() for kind in self.sorts)])


def explain(cursor: Any, sql: str, parameters: Mapping[str, Any]) -> Plan:
    """The plan that the cursor's role would get for this statement now."""
    cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
    return read(cursor.fetchone()[0])


def explain_prepared(cursor: Any, statement: Select[Any]) -> Plan:
    """The plan of a prepared statement, as asyncpg sends it; plan_cache_mode counts."""
    compiled = statement.compile(dialect=asyncpg.dialect())
    cursor.execute("DEALLOCATE ALL")
    cursor.execute(f"PREPARE explained AS {compiled}")
    values = [compiled.params[name] for name in compiled.positiontup or ()]
    execute = f"EXECUTE explained ({', '.join(['%s'] * len(values))})"
    cursor.execute(
        f"EXPLAIN (FORMAT JSON) {execute if values else 'EXECUTE explained'}", values
    )
    return read(cursor.fetchone()[0])


def read(document: Any) -> Plan:
    """The plan in EXPLAIN's document."""
    if isinstance(document, str):
        document = json.loads(document)
    plan = Plan(cost=document[0]["Plan"]["Total Cost"])
    for node in _nodes(document[0]["Plan"]):
        kind = node["Node Type"]
        if kind in SCANS:
            plan.indexes[node["Index Name"]] = node.get("Index Cond", "")
            plan.estimated = max(plan.estimated, node["Plan Rows"])
        elif kind.endswith("Seq Scan"):
            plan.others.append(node["Relation Name"])
        elif kind.endswith("Sort"):
            plan.sorts.append(kind)
    return plan


def astray(cursor: Any, plan: Plan) -> list[str]:
    """Why a plan is not by indexes led by user_id alone; nothing when it is."""
    found = [f"reads all of {table}" for table in plan.others]
    for name, condition in plan.indexes.items():
        cursor.execute(LED_BY_USER, (f'public."{name}"',))
        if cursor.fetchone() != (True,):
            found.append(f"{name} is not led by user_id")
        elif "user_id" not in condition:
            found.append(f"{name} is read whole")
    if not found and not plan.indexes:
        found.append("reads no table")
    return found


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)
