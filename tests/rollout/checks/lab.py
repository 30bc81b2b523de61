"""One database: something is broken in it, and the checks must see that."""

from typing import Any

from psycopg2.extensions import connection as Connection

from rollout import checks
from rollout.checks.context import Context
from rollout.checks.finding import Finding
from rollout.commands.findings import worst
from rollout.commands.target import Target
from tests.commands import ROOT


class Lab:
    """Statements run on a database, checks run on it, and their remedies taken."""

    def __init__(self, url: str, connection: Connection) -> None:
        self.url, self.connection = url, connection
        self.target = Target(str(ROOT / "alembic.ini"), database_url=url)

    def run(self, *statements: str) -> None:
        for statement in statements:
            with self.connection.cursor() as cursor:
                cursor.execute(statement)

    def value(self, query: str) -> Any:
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            (row,) = cursor.fetchall()
            return row[0]

    def look(self, *names: str) -> dict[str, list[Finding]]:
        with self.target.connect() as connection:
            context = Context(self.target, connection)
            return {r.name: r.findings for r in checks.run(context, names)}

    def findings(self, name: str) -> list[Finding]:
        return self.look(name)[checks.shown(name)]

    def status(self, name: str) -> str:
        return worst(self.findings(name))

    def told(self, name: str) -> str:
        """Everything that is shown of a check, as one text."""
        return "\n".join(
            "\n".join((f.status, f.summary, *f.details, *f.remedy))
            for f in self.findings(name)
        )

    def remedies(self, name: str) -> list[str]:
        return [remedy for f in self.findings(name) for remedy in f.remedy]

    def mend(self, name: str) -> None:
        """Run the SQL among the remedies, exactly as it is shown."""
        for remedy in self.remedies(name):
            if ";" in remedy and "$" in remedy:
                self.run(remedy)
            elif ";" in remedy:  # several: CONCURRENTLY wants each by itself
                statements = remedy.split("--")[0].split(";")
                self.run(*(part for part in statements if part.strip()))
