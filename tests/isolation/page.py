"""Makes docs/isolation.md: what was seen on the first place, how much was tried."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.isolation.cells import Cell
from tests.isolation.equivalent import EQUIVALENT, reason
from tests.isolation.hunt import by_setting
from tests.isolation.lab import Lab
from tests.isolation.mutant import Mutant
from tests.isolation.mutants import mutants
from tests.isolation.policy import COMMANDS, WHAT

TEMPLATE = Path(__file__).with_name("page.template.md")

Seen = Mapping[tuple[str, str], str]
"""Command and actor to what came out, over all relations of a kind."""


def page(labs: Mapping[str, tuple[Lab, Lab]]) -> str:
    """The page, from each place's lab at head and while parked; the first is shown."""
    (lab, _), *_ = labs.values()
    hunted = mutants(lab.history, lab.found, lab.connection)
    parts = {
        "numbers": _numbers(labs),
        "commands": (f"- *{command}*: {meaning}" for command, meaning in WHAT.items()),
        "kinds": _kinds(lab),
        "behind": _behind(lab),
        "sorts": sorts(hunted),
        "equivalent": _equivalent(hunted),
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, lines in parts.items():
        text = text.replace(f"{{{name}}}", "\n".join(lines))
    return text


def _numbers(labs: Mapping[str, tuple[Lab, Lab]]) -> Iterator[str]:
    yield "| place | cells at head | cells while parked | mutants | without effect |"
    yield "| --- | --- | --- | --- | --- |"
    for name, (lab, parked) in labs.items():
        hunted = mutants(lab.history, lab.found, lab.connection)
        harmless = sum(reason(mutant) is not None for mutant in hunted)
        cells = f"{len(lab.cells):,} | {len(parked.cells):,}"
        yield f"| {name} | {cells} | {len(hunted):,} | {harmless} |"


def _outcomes(lab: Lab, cells: Iterable[Cell]) -> dict[tuple[str, str, str], set[str]]:
    """Kind, command and actor to every word that came out."""
    seen: dict[tuple[str, str, str], set[str]] = {}
    with lab.trial.rolled_back():
        for opening, group in by_setting(cells):
            with lab.trial.savepoint("setting", *opening):
                lab.trial.run("SAVEPOINT cell")
                for cell in group:
                    at = (cell.kind, cell.command, cell.actor_name)
                    seen.setdefault(at, set()).add(lab.trial.outcome(cell))
    return seen


def _kinds(lab: Lab) -> Iterator[str]:
    as_it_is = [cell for cell in lab.cells if not cell.opening]
    seen = _outcomes(lab, as_it_is)
    for kind in lab.history.kinds:
        here = {at[1:]: words for at, words in seen.items() if at[0] == kind}
        names = dict.fromkeys(cell.object for cell in as_it_is if cell.kind == kind)
        if not names:
            continue
        shown = _named(names)
        words = {word for found in here.values() for word in found}
        yield f"\n### {kind}\n"
        yield f"{shown}\n"
        if words <= {"denied", "schema"}:
            yield "Every command of every actor: `denied`, in a closed schema `schema`."
        else:
            yield from _table({at: " / ".join(sorted(w)) for at, w in here.items()})
    yield "\n### schemas and functions\n"
    yield "| what | who may |"
    yield "| --- | --- |"
    for cell in _one_a_line(as_it_is):
        allowed = [
            other.actor_name
            for other in as_it_is
            if (other.object, other.command) == (cell.object, cell.command)
            and other.expected == {"done"}
        ]
        who = ", ".join(allowed) if len(allowed) < len(lab.history.actors) else "all"
        yield f"| {cell.command} of `{cell.object}` | {who or 'nobody'} |"


def _one_a_line(cells: Iterable[Cell]) -> Iterable[Cell]:
    return {
        (cell.object, cell.command): cell
        for cell in cells
        if cell.kind in {"schema", "function"}
    }.values()


def _table(seen: Seen) -> Iterator[str]:
    """Commands down, actors across; equal columns and equal lines as one."""
    actors = list(dict.fromkeys(actor for _, actor in seen))
    commands = [c for c in COMMANDS if any(command == c for command, _ in seen)]
    columns = _same({a: tuple(seen.get((c, a), "") for c in commands) for a in actors})
    lines = _same(
        {c: tuple(seen.get((c, group[0]), "") for group in columns) for c in commands}
    )
    yield f"| | {' | '.join(', '.join(group) for group in columns)} |"
    yield f"| --- |{' --- |' * len(columns)}"
    for group in lines:
        cells = (seen.get((group[0], column[0]), "") for column in columns)
        yield f"| {', '.join(group)} | {' | '.join(cells)} |"


def _named(objects: Iterable[str]) -> str:
    return ", ".join(f"`{name.removeprefix('public.')}`" for name in objects)


def _same(items: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Names whose values are equal, together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, values in items.items():
        groups.setdefault(tuple(values), []).append(name)
    return list(groups.values())


def _behind(lab: Lab) -> Iterator[str]:
    opened = [cell for cell in lab.cells if cell.opening]
    seen = _outcomes(lab, opened)
    yield "| kind | opened | actors | then |"
    yield "| --- | --- | --- | --- |"
    lines: dict[tuple[str, str], dict[str, set[str]]] = {}
    for cell in opened:
        what = " and ".join(sorted({_wall(text) for text in cell.opening}))
        actors = lines.setdefault((cell.kind, what), {})
        words = seen[cell.kind, cell.command, cell.actor_name]
        actors.setdefault(cell.actor_name, set()).update(
            words if len(words) == 1 else cell.expected & words
        )
    for (kind, what), actors in lines.items():
        shown = {name: (" / ".join(sorted(words)),) for name, words in actors.items()}
        for group in _same(shown):
            who = "all" if len(group) > 6 else ", ".join(group)
            yield f"| {kind} | {what} | {who} | {shown[group[0]][0]} |"


def _wall(statement: str) -> str:
    return "the schema" if "ON SCHEMA" in statement else "the grants"


def sorts(hunted: Sequence[Mutant]) -> Iterator[str]:
    """A table of the kinds of mutants, with numbers."""
    examples = {mutant.sort: f"`{mutant}`" for mutant in reversed(hunted)}
    counts = Counter(mutant.sort for mutant in hunted)
    yield "| what is changed | mutants | for example |"
    yield "| --- | --- | --- |"
    for sort, example in sorted(examples.items()):
        yield f"| {sort} | {counts[sort]:,} | {example} |"


def _equivalent(hunted: Sequence[Mutant]) -> Iterator[str]:
    for line in EQUIVALENT:
        number = sum(line.covers(mutant) for mutant in hunted)
        objects = _named(line.objects)
        what = line.what.replace("\\", "").replace("w+", "…").replace(".*", "…")
        yield f"- {number}: `{what}` ({objects}). Why: {line.reason}."
