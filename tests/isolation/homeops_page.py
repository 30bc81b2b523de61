"""Makes docs/homeops-isolation.md."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.isolation.declared import COMMANDS, STAND_IN
from tests.isolation.household import EQUIVALENT, RULES, Rules
from tests.isolation.lab import Lab
from tests.isolation.mutant import Mutant
from tests.isolation.mutants import mutants
from tests.isolation.page import sorts

TEMPLATE = Path(__file__).with_name("homeops_page.template.md")


def hunted(lab: Lab) -> list[Mutant]:
    """Every mutant of what is HomeOps' own."""
    found = mutants(lab.history, lab.found, lab.connection)
    outside = tuple(f"{schema}." for schema in STAND_IN)
    return [
        mutant
        for mutant in found
        if not mutant.object.startswith(outside)
        and mutant.object not in {f"schema {schema}" for schema in STAND_IN}
    ]


def page(lab: Lab, all_mutants: Sequence[Mutant]) -> str:
    """The page, from a lab at head."""
    parts = {
        "cells": [f"{len(lab.cells):,}"],
        "mutants": [f"{len(all_mutants):,}"],
        "tables": [str(len(RULES))],
        "rules": _rules(),
        "sorts": sorts(all_mutants),
        "equivalent": _equivalent(all_mutants),
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, lines in parts.items():
        text = text.replace(f"{{{name}}}", "\n".join(lines))
    return text


def _rules() -> Iterator[str]:
    """Tables with the same rules on one line."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, rules in RULES.items():
        alike.setdefault(tuple(_words(rules)), []).append(name)
    yield "| tables | read | insert | change | into | remove |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for words, names in sorted(alike.items(), key=lambda item: -len(item[1])):
        yield f"| {', '.join(f'`{n}`' for n in names)} | {' | '.join(words)} |"


def _words(rules: Rules) -> Iterator[str]:
    for command in COMMANDS:
        rule = getattr(rules, command)
        text = "" if rule is None else f"`{re.sub(r'[{}]', '', rule)}`"
        if command == "update" and rules.columns:
            text += f" ({', '.join(rules.columns)})"
        yield text.replace("|", "\\|")


def _equivalent(all_mutants: Sequence[Mutant]) -> Iterator[str]:
    for line in EQUIVALENT:
        number = sum(line.covers(mutant) for mutant in all_mutants)
        objects = ", ".join(f"`{name}`" for name in line.objects)
        what = line.what.replace("\\", "").replace(".*", "…")
        yield f"- {number}: `{what}` ({objects}). Why: {line.reason}."
