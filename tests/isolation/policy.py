"""What each kind of relation allows to each actor, in words.

``nothing``, ``by hand``, ``owner's``, ``all``  the rows that a statement touched: none,
    the owner's one that was entered by hand, both of the owner's, everybody's
``done``        one row was written, or the thing was made
``refused``     by a policy's WITH CHECK
``key``         by a foreign key
``denied``      no privilege on the relation itself
``denied below``  a privilege on the view, none on what it reads
``schema``      no privilege on the schema
``impossible``  PostgreSQL has no such command for a view
"""

from collections.abc import Mapping

Access = dict[str, frozenset[str]]
"""Command to the outcomes that are right; a command that is missing is not judged."""

READ = ("SELECT", "count")
INSERTS = ("INSERT", "INSERT by hand", "INSERT RETURNING", "UPSERT", "UPSERT as own")
UPDATES = ("UPDATE", "UPDATE RETURNING", "UPDATE moved", "UPDATE passed off")
DELETES = ("DELETE", "DELETE RETURNING")
BOOKED = ("INSERT booked", "UPDATE booked")
ANY_COLUMN = ("INSERT a column", "UPDATE a column")
RIGHTS = ("TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN", "LOCK")
SEQUENCE = ("last_value", "nextval", "setval")
ROWS = READ + INSERTS + UPDATES + BOOKED + DELETES
COMMANDS = ROWS + RIGHTS + ANY_COLUMN + SEQUENCE
"""All that is tried with a relation."""

WHAT = {
    "count": "`count(*)`: any column will do",
    "INSERT": "a row of the owner's, as a provider would write it",
    "INSERT by hand": "the same, marked as entered by hand",
    "INSERT RETURNING": "the same, read back",
    "UPSERT": "over the owner's row, ON CONFLICT DO UPDATE",
    "UPSERT as own": "the same, making the row one's own",
    "UPDATE": "without WHERE, so that no SELECT policy helps",
    "UPDATE RETURNING": "of the owner's rows, read back",
    "UPDATE moved": "`user_id` becomes the other user's",
    "UPDATE passed off": "a row by hand becomes a provider's",
    "INSERT booked": "a row of one's own, booked on the owner's account",
    "UPDATE booked": "the owner's rows, booked on a third user's account",
    "DELETE": "without WHERE",
    "DELETE RETURNING": "of the owner's rows",
    "INSERT a column": "no value given: a privilege on any column will do",
    "UPDATE a column": "each in turn",
    "MAINTAIN": "REINDEX; PostgreSQL 17 or later",
    "LOCK": "ACCESS EXCLUSIVE, of a view: UPDATE, DELETE, TRUNCATE or MAINTAIN will do",
}


def _access(*parts: tuple[tuple[str, ...], str]) -> Access:
    """Commands to the words that will do, several with ``|`` between them."""
    return {
        command: frozenset(words.split("|"))
        for commands, words in parts
        for command in commands
    }


NO_RIGHTS = _access((RIGHTS, "denied"))
DENIED = _access((COMMANDS, "denied"))
"""The grants are missing."""

NOTHING = NO_RIGHTS | _access(
    (READ + UPDATES + DELETES + ("UPDATE booked",), "nothing"),
    (INSERTS, "refused"),
    (("INSERT booked",), "refused"),
)
"""Granted, and every row is somebody else's. Booking: see ``cells.expected``."""

OWN = NO_RIGHTS | _access(
    ((*READ, *DELETES, "UPDATE", "UPDATE RETURNING"), "owner's"),
    ((*INSERTS, "INSERT booked"), "done"),
    (("UPDATE moved", "UPDATE passed off"), "refused"),
    (("UPDATE booked",), "key"),
)
BY_HAND = OWN | _access(
    ((*DELETES, "UPDATE", "UPDATE RETURNING"), "by hand"),
    (("INSERT",), "refused"),
)
ONLY_READ = NOTHING | _access((READ, "owner's"))
ALL = NO_RIGHTS | _access(
    ((*READ, "UPDATE", "UPDATE moved", "UPDATE passed off", "DELETE"), "all"),
    (INSERTS, "done"),
    (("UPDATE RETURNING", "DELETE RETURNING"), "owner's"),
    (BOOKED, "key"),  # a foreign key holds for who bypasses row level security too
)

UNWRITABLE = _access(
    (("INSERT", "UPDATE", "DELETE", *ANY_COLUMN), "denied|impossible"),
    (("TRUNCATE", "REFERENCES"), "impossible"),
    (("TRIGGER", "LOCK"), "denied"),
)
NO_VIEW = UNWRITABLE | _access((READ, "denied"))
EMPTY_VIEW = UNWRITABLE | _access((READ, "nothing"))
OWN_VIEW = UNWRITABLE | _access((READ, "owner's"))
FULL_VIEW = UNWRITABLE | _access((READ, "all"))

AUTHENTICATED = ("owner", "other", "forged admin", "no subject", "no claims", "admin")


def _kind(rest: Access, anon: Access = DENIED, **special: Access) -> dict[str, Access]:
    return dict.fromkeys(AUTHENTICATED, rest) | {"anon": anon} | special


KINDS: Mapping[str, Mapping[str, Access]] = {
    "owner": _kind(NOTHING, owner=OWN, service_role=ALL),
    "existing": _kind(NOTHING, owner=OWN, service_role=ALL),
    "owner-read": _kind(NOTHING, owner=BY_HAND, service_role=ALL),
    "flags": _kind(NOTHING, owner=ONLY_READ, admin=ALL, service_role=ALL),
    "closed": _kind(DENIED, service_role=DENIED),
    "reference": _kind(DENIED, service_role=DENIED),
    "owner view": _kind(EMPTY_VIEW, NO_VIEW, owner=OWN_VIEW, service_role=FULL_VIEW),
    "server view": _kind(NO_VIEW, NO_VIEW, service_role=FULL_VIEW),
}
"""``info["rls"]``, or the declared kind of a view → actor → command → outcome."""

BELOW = _access((("SELECT",), "denied below"))
"""A view is granted, what it reads is not: security_invoker holds."""
AT_MOST = _access((("SELECT",), "nothing|denied below"))
INVOKER = _kind(
    AT_MOST,
    AT_MOST,
    owner=_access((("SELECT",), "owner's|nothing|denied below")),
    service_role=_access((("SELECT",), "all|denied below")),
)
"""A view in a closed schema, opened and granted: it shows what its reader may read."""

HARMLESS = _access((ROWS, "nothing|refused|denied|key"))
"""Found so, and not ours to change: only that nobody else's row is touched counts."""


def found(allowed: frozenset[str]) -> dict[str, Access]:
    """The same for a table that others made, whose owner may do ``allowed``."""
    verbs = allowed | ({"count"} if "SELECT" in allowed else set())
    may = {command: OWN[command] for command in ROWS if command.split()[0] in verbs}
    if "UPDATE" in allowed and "INSERT" in allowed:
        may |= {command: OWN[command] for command in INSERTS}
    service = {command: ALL[command] for command in ROWS}
    return _kind(HARMLESS, HARMLESS, owner=HARMLESS | may, service_role=service)
