"""Rows of the old application as bad as they come, for hypothesis."""

import hashlib
from dataclasses import astuple, dataclass
from uuid import UUID, uuid5

import psycopg2
import sqlalchemy as sa
from hypothesis import strategies as st
from psycopg2.extras import execute_values

from rollout.embedded import url_text

USERS = [uuid5(UUID(int=0), f"user {n}") for n in range(5)]
MOMENTS = (
    "-infinity", "0001-01-01 00:00+00", "1999-12-31 23:59:59.999999+00",
    "2024-02-29 12:00+14", "2024-02-29 12:00+00", "infinity", None,
)  # fmt: skip
"""In order of time, NULL last: PostgreSQL sorts it so."""
HUGE = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(250))
"""Too long for an index, and compression does not help."""
SPACES = ("", " ", "\t\r\n", "\u00a0", "\u2003\u200b", "\ufeff")
STATUSES = (
    None, "", "ACTIVE", " active\n", "Active", "ACCOUNT_UPDATED", "SUBMITTED",
    "approval_pending", "ACCOUNT_CLOSED", "REJECTED", "PAPER_ONLY", "\u00a0ACTIVE",
    "'; DROP TABLE auth.users; --", "ACTIVE" * 1000,
)  # fmt: skip

text = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20
)
account_ids = st.one_of(
    st.none(),
    st.sampled_from(["acct-1", "acct-2", "ACCT-1", " acct-1", HUGE, "é" * 5000]),
    st.sampled_from(SPACES),
    text,
)


@dataclass(frozen=True)
class Row:
    """A row of public.user_onboarding, its moments as places in MOMENTS."""

    id: UUID
    user_id: UUID | None
    alpaca_account_id: str | None
    alpaca_account_number: str | None
    alpaca_account_status: str | None
    created: int
    updated: int

    def values(self) -> tuple[object, ...]:
        """What goes into the table."""
        *rest, created, updated = astuple(self)
        return *(str(v) if isinstance(v, UUID) else v for v in rest), *(
            MOMENTS[moment] for moment in (created, updated)
        )


moments = st.integers(0, len(MOMENTS) - 1)
rows = st.lists(
    st.builds(
        Row,
        id=st.uuids(version=4),
        user_id=st.sampled_from([*USERS, None]),
        alpaca_account_id=account_ids,
        alpaca_account_number=account_ids,
        alpaca_account_status=st.one_of(st.sampled_from(STATUSES), text),
        created=moments,
        updated=moments,
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda row: row.id,
)


def insert(url: str, legacy: list[Row]) -> None:
    """Make the users, and the rows."""
    connection = psycopg2.connect(url_text(sa.make_url(url)))
    with connection, connection.cursor() as cursor:
        users = [(str(user),) for user in USERS]
        execute_values(cursor, "INSERT INTO auth.users (id) VALUES %s", users)
        execute_values(
            cursor,
            "INSERT INTO public.user_onboarding (id, user_id, alpaca_account_id,"
            " alpaca_account_number, alpaca_account_status, created_at, updated_at)"
            " VALUES %s",
            [row.values() for row in legacy],
        )
    connection.close()
