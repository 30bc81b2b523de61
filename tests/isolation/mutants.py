"""Everything that could be weakened, one thing at a time, found in the catalog.

Done in a savepoint, a mutant must make at least one cell come out otherwise: or nobody
would notice it.
"""

from psycopg2.extensions import connection as Connection

from tests.isolation import mutants_of_rights as rights
from tests.isolation import mutants_of_rows as of_rows
from tests.isolation.found import Found
from tests.isolation.history import History
from tests.isolation.mutant import Mutant


def mutants(history: History, found: Found, connection: Connection) -> list[Mutant]:
    """Every mutant of what is ours."""
    return [
        *of_rows.policies(history, found, connection),
        *of_rows.row_security(history, found),
        *of_rows.views(history, found),
        *of_rows.keys(history, found, connection),
        *rights.tables(history, found, connection),
        *rights.columns(history, found, connection),
        *rights.functions(history, found, connection),
        *rights.schemas(history, found, connection),
        *rights.roles(history, connection),
    ]
