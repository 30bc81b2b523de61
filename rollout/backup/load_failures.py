"""Why a backup could not be restored, by what psql or pg_restore said."""

import re
from pathlib import Path

from rollout import database
from rollout.backup.archive import Archive
from rollout.backup.process import Running
from rollout.commands.target import Target
from rollout.errors import RolloutError

ADVICE = {
    "P0001": "The backup does not hold what its manifest says. Use another one, and\n"
    "keep this one to find out why.",
    "23503": "Rows refer to others that are not there, for example to users that were\n"
    "deleted since. Bring those back first, then run the same command again.",
    "42501": "The role may not make everything that was saved. Use the owner of the\n"
    "database (on Supabase: postgres), then run the same command again.",
    "42704": "Something outside the backup is missing (a role, a type, an extension).\n"
    "Create it, then run the same command again.",
    "53100": "The server's disk is full. Free space, then run the same command again.",
    "55P03": "Somebody uses the tables. Stop the application, then run the command\n"
    "again; to see who it is: rollout doctor",
    "57P01": "The server ended the connection. When it answers, run the same command\n"
    "again.",
}
"""SQLSTATE → likely cause and what to do."""


class LoadFailed(RolloutError):
    """Nothing was restored; ``said`` is what psql or pg_restore said."""

    def __init__(self, shown: str, path: Path, said: str, advice: str) -> None:
        self.said = said
        super().__init__(
            f"{path} could not be restored into {shown}. PostgreSQL said:\n"
            f"    {said or 'nothing'}\n"
            "All of it was one transaction, and that was rolled back: the database is\n"
            f"as it was before.\n{advice}"
        )


def failed(target: Target, archive: Archive, program: Running) -> LoadFailed:
    """What to say when ``program`` did not end well."""
    text_ = database.scrub(program.said(), target.url)
    found = re.search(r"(?:ERROR|FATAL):  (?:(\w{5}): )?(.*)", text_)
    state, said = (found[1] or "", found[2]) if found else ("", text_)
    detail = re.search(r"DETAIL:  (.*)", text_)
    if detail:
        said += f" ({detail[1]})"
    if said.startswith("differs: "):
        said = said.replace("differs: ", "what was restored differs. ")
    advice = ADVICE.get(state) or "Mend that, then run the same command again."
    return LoadFailed(target.shown, archive.path, said, advice)
