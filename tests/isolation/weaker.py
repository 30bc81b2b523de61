"""A policy's condition, made weaker: true, or without one of its parts."""

import re
from collections.abc import Iterator

JOINED = re.compile(r" (AND|OR) ")


def weaker(condition: str | None) -> Iterator[str]:
    """Every weaker or other form of ``condition``, as ``pg_get_expr`` writes it."""
    if condition is None:
        return
    yield "true"
    joint, parts = split(condition)
    for left_out in range(len(parts)):
        kept = parts[:left_out] + parts[left_out + 1 :]
        if kept:
            yield f" {joint} ".join(kept)
    if "app_metadata" in condition:
        yield condition.replace("app_metadata", "user_metadata")


def split(condition: str) -> tuple[str, list[str]]:
    """The parts that AND or OR joins on the outermost level, and which of them does."""
    inside = condition
    if inside.startswith("(") and _closes(inside, 0) == len(inside) - 1:
        inside = inside[1:-1]
    cuts = [m for m in JOINED.finditer(inside) if _depth(inside, m.start()) == 0]
    starts = [0, *(m.end() for m in cuts)]
    ends = [*(m.start() for m in cuts), len(inside)]
    joint = cuts[0][1] if cuts else "AND"
    return joint, [inside[a:b] for a, b in zip(starts, ends, strict=True)]


def _depth(text: str, end: int) -> int:
    return text.count("(", 0, end) - text.count(")", 0, end)


def _closes(text: str, start: int) -> int:
    """Where the bracket at ``start`` is closed. No text in a policy has brackets."""
    for end in range(start + 1, len(text) + 1):
        if _depth(text, end) == 0:
            return end - 1
    return -1
