"""Whether each revision's version says what its SQL does to applications."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, failed, passed, warned
from rollout.commands import script_text
from rollout.commands.revisions import Revision
from rollout.commands.target import Target
from rollout.reading.shape import Shape
from rollout.reading.version_step import Fault, Read, contents, order

TITLE = "versions of the revisions, compared with what their SQL does"

NO_PARSER = (
    "PostgreSQL's parser for Python is not installed here (pglast): only the order of"
    " the versions was looked at."
)


def run(context: Context) -> list[Finding]:
    """Read every upgrade as it is printed; asks the files, not the database."""
    return look(context.target)


def look(target: Target) -> list[Finding]:
    """The same without a database."""
    revisions = target.revisions
    faults = list(order(revisions))
    try:
        reads = read(target)
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "pglast":
            raise
        install = ["pip install pglast", "rollout check semantic-version"]
        return [*_told(faults), warned(NO_PARSER, remedy=install)]
    faults += contents(revisions, reads)
    if faults:
        return _told(faults)
    noted = [_excused(revision) for revision in revisions if revision.version_note]
    return [passed(f"{len(revisions)} revisions, as their SQL is", noted)]


def read(target: Target) -> dict[str, Read]:
    """What every upgrade of the history changes, in order.

    Raises:
        ModuleNotFoundError: pglast is not installed.
    """
    from pglast.parser import ParseError

    from rollout.reading import schema_reader

    shape, found = Shape(), {}
    log_table = target.option("log_table")
    texts = script_text.by_revision(target, target.revisions, up=True)
    for revision, sql in texts.items():
        shape.begin()
        try:
            schema_reader.read(shape, sql, log_table=log_table)
        except ParseError as error:
            shape.unread.append(f"the rest of it, from: {error}")
        found[revision] = Read(shape.changes(), shape.unread)
    return found


def _excused(revision: Revision) -> str:
    return f"{revision.revision} ({revision.version}): {revision.version_note}"


def _told(faults: list[Fault]) -> list[Finding]:
    found = []
    for grave, finding in ((True, failed), (False, warned)):
        these = [fault for fault in faults if fault.grave is grave]
        if these:
            names = ", ".join(dict.fromkeys(fault.revision for fault in these))
            found.append(
                finding(
                    f"{len(these)} that do not fit: {names}",
                    [f"{fault.revision}: {fault.text}" for fault in these],
                    [fault.mend for fault in these if fault.mend],
                )
            )
    return found
