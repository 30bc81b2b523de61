"""Why connecting fails, told by what libpq, the server or a pooler says.

There is no SQLSTATE to go by: psycopg2 hands over only text when connecting fails.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """One kind of failure: how to recognise it, what to call it, what to do."""

    pattern: str
    headline: str
    advice: str

    def matches(self, said: str) -> bool:
        """Whether ``said`` holds the pattern, in any case."""
        return re.search(self.pattern, said, re.IGNORECASE) is not None


UNKNOWN = Cause(
    "", "the connection failed", "Check DATABASE_URL, and try the same one with psql."
)

# The first that matches is taken: the more telling ones stand first.
CAUSES = (
    Cause(
        "tenant or user not found|no tenant identifier",
        "the pooler does not know this project or user",
        "Supabase's pooler wants the user postgres.<project-ref>, and the host of\n"
        "your project's region. Copy the string anew from the dashboard: Connect.",
    ),
    Cause(
        "password authentication failed|no password supplied|SASL|SCRAM",
        "wrong user or password",
        "Check both; in a URL the password's special characters are written as %XX\n"
        "(@ as %40, : as %3A, / as %2F, # as %23, % as %25).",
    ),
    Cause(
        "pg_hba.conf|(peer|ident) authentication failed",
        "the server does not let this user in from here",
        "Its pg_hba.conf decides by user, database, address and SSL. Add a line;\n"
        "for a managed server allow this machine's address, or add ?sslmode=require.",
    ),
    Cause(
        "too many (clients|connections)|connection slots|max ?clients"
        "|no more connections",
        "the server has no connection left",
        "Wait, close idle clients, or raise the limit.",
    ),
    Cause(
        r"\bSSL\b|sslmode|certificate",
        "SSL could not be agreed on",
        "Set it in the URL's query: ?sslmode=require for a managed server,\n"
        "?sslmode=disable for a local one without SSL.",
    ),
    Cause(
        'role ".*" (does not exist|is not permitted)',
        "no such user",
        "Check the user in DATABASE_URL, or create the role on the server.",
    ),
    Cause(
        "permission denied for database",
        "this user may not connect to that database",
        "Its owner can allow it: GRANT CONNECT ON DATABASE name TO user",
    ),
    Cause(
        'database ".*" does not exist',
        "no such database",
        "Check the name at the end of DATABASE_URL, or create it: createdb NAME",
    ),
    Cause(
        "could not translate host name|name or service not known|name resolution"
        "|nodename nor servname|no address associated",
        "the host name is not known",
        "Check the host in DATABASE_URL. Supabase's direct host has an IPv6 address\n"
        "only: without IPv6 use the session pooler (port 5432) instead.",
    ),
    Cause(
        "network is unreachable|no route to host|cannot assign requested",
        "the host cannot be reached from here",
        "Check network and firewall. Supabase's direct host has an IPv6 address only:\n"
        "without IPv6 use the session pooler (port 5432) instead.",
    ),
    Cause(
        "timeout expired|timed out",
        "the host does not answer",
        "Check host and port in DATABASE_URL, firewall, and address restrictions.",
    ),
    Cause(
        "starting up|shutting down|in recovery mode|not yet accepting",
        "the server is starting or stopping",
        "Wait a moment, then run the same command again.",
    ),
    Cause(
        "connection refused|no such file or directory|closed the connection"
        "|connection reset",
        "no server answers there",
        "Start it, or check host and port in DATABASE_URL. For the embedded one:\n"
        "    unset DATABASE_URL; make up",
    ),
    Cause(
        "invalid (connection|URI query|dsn|integer|port)",
        "the URL's query has an option that libpq does not know",
        "Remove what is meant for other drivers (pgbouncer, schema, ssl …).",
    ),
)
