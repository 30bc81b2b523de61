"""Whether the files of applied revisions are still those that were applied."""

from rollout.bookkeeping.revision_file import RevisionFile
from rollout.checks.context import Context
from rollout.checks.finding import Finding, failed, passed

TITLE = "revision files that changed after they were applied"

RECORDED = """
    SELECT version, checksum FROM migrations.schema_versions
    WHERE status = 'applied' AND checksum IS NOT NULL
"""


def run(context: Context) -> list[Finding]:
    """Compare the journal's SHA-256 with that of each file."""
    recorded = {row.version: row.checksum for row in context.rows(RECORDED)}
    script = context.target.script
    files = [RevisionFile.of(s) for s in reversed(list(script.walk_revisions()))]
    applied = [file for file in files if file.version in recorded]
    changed = [f for f in applied if f.checksum != recorded[f.version]]
    if not changed:
        return [passed(f"{len(applied)} applied revisions, none changed")]
    accept = ",".join(file.revision for file in changed)
    return [
        failed(
            f"{len(changed)} changed: {', '.join(f.revision for f in changed)}",
            [
                f"{file.path.name}: applied {recorded[file.version][:12]}…,"
                f" now {file.checksum[:12]}…"
                for file in changed
            ],
            [
                *(f"git checkout -- {file.path.name}" for file in changed),
                f"alembic -x accept_changed={accept} upgrade head",
            ],
        )
    ]
