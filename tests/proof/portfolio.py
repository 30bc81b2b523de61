"""Users with rows in every table, and what the old application does meanwhile."""

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa
from hypothesis import strategies as st

SPACE = UUID(int=7)
STATUSES = ("ACTIVE", "SUBMITTED", "ACCOUNT_CLOSED", "odd", None)

words = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12
)
amounts = st.decimals(0, 10**9, places=8)
documents = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), words),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
    ),
    max_leaves=6,
).map(lambda document: json.dumps(document).replace("\\u0000", ""))
moments = st.integers(0, 2**30).map(lambda s: dt.datetime.fromtimestamp(s, dt.UTC))

onboardings = st.fixed_dictionaries(
    {
        "alpaca_account_id": st.sampled_from(["a", "b", " ", None]),
        "alpaca_account_number": st.one_of(st.none(), words),
        "alpaca_account_status": st.sampled_from(STATUSES),
        "onboarding_data": documents,
        "onboarding_version": st.one_of(st.none(), st.integers(0, 3)),
        "primary_provider": st.one_of(st.none(), st.just("alpaca"), words),
        "account_aggregation_enabled": st.sampled_from([True, False, None]),
        "aggregation_onboarded_at": st.one_of(st.none(), moments),
        "created_at": st.one_of(st.none(), moments),
        "updated_at": st.one_of(st.none(), moments),
    }
)
accounts = st.fixed_dictionaries(
    {"account_name": st.one_of(st.none(), words), "raw_account_data": documents}
)
holdings = st.fixed_dictionaries(
    {
        "total_quantity": amounts,
        "security_name": words,
        "account_contributions": documents,
    }
)
snapshots = st.fixed_dictionaries({"total_value": amounts, "market_data": documents})
transactions = st.fixed_dictionaries({"amount": amounts, "description": words})
flags = st.fixed_dictionaries(
    {"enabled": st.booleans(), "reason": words, "expires_at": st.none() | moments}
)


@st.composite
def users(draw: st.DrawFn) -> dict[str, Any]:
    """One user's rows; ``touched`` is a new name for the accounts carried over."""
    return {
        "onboarding": draw(st.lists(onboardings, max_size=3)),
        "accounts": draw(st.lists(accounts, max_size=2)),
        "holdings": draw(st.lists(holdings, max_size=2)),
        "snapshots": draw(st.lists(snapshots, max_size=2)),
        "transactions": draw(st.lists(transactions, max_size=2)),
        "flags": draw(st.lists(flags, max_size=2)),
        "touched": draw(st.none() | words),
    }


def taken_over(**values: Any) -> dict[str, Any]:
    """A user with nothing but an account that the new application has taken over."""
    day = dt.datetime(2020, 2, 29, tzinfo=dt.UTC)
    row = {
        "alpaca_account_id": None, "alpaca_account_number": "number",
        "alpaca_account_status": "ACTIVE", "onboarding_data": "{}",
        "onboarding_version": 2, "primary_provider": "alpaca",
        "account_aggregation_enabled": True, "aggregation_onboarded_at": day,
        "created_at": day, "updated_at": day,
    }  # fmt: skip
    rest = ("accounts", "holdings", "snapshots", "transactions", "flags")
    return {
        "onboarding": [row],
        **{kind: [] for kind in rest},
        "touched": None,
    } | values


@dataclass(frozen=True)
class Write:
    """Something the old application does after ``step`` revisions were taken back."""

    step: int
    what: str
    user: int
    role: str
    value: str | None


def writes(steps: int, people: int) -> st.SearchStrategy[list[Write]]:
    """Writes of the old application, in any order."""
    return st.lists(
        st.builds(
            Write,
            step=st.integers(1, steps),
            what=st.sampled_from(["status", "id", "arrive", "bank", "leave"]),
            user=st.integers(0, people - 1),
            role=st.sampled_from(["authenticated", "service_role", "owner"]),
            value=st.sampled_from(STATUSES),
        ),
        max_size=12,
    ).map(lambda found: sorted(found, key=lambda write: write.step))


def user_id(number: int) -> UUID:
    return uuid5(SPACE, f"user {number}")


@dataclass
class Portfolio:
    """A database with these users; remembers whom the old application touched."""

    url: str
    touched: set[UUID] = field(default_factory=set)
    gone: set[UUID] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._engine = sa.create_engine(self.url, poolclass=sa.NullPool)

    def insert(self, connection: sa.Connection, table: str, **values: Any) -> None:
        names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
        insert = sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})")
        connection.execute(insert, values)

    def fill(self, people: list[dict[str, Any]]) -> None:
        """Insert all rows, as they are made over a year at head."""
        with self._engine.begin() as connection:
            for number, person in enumerate(people):
                self._fill_one(connection, number, person)

    def _fill_one(
        self, connection: sa.Connection, number: int, person: dict[str, Any]
    ) -> None:
        user = user_id(number)
        self.insert(connection, "auth.users", id=user)
        for n, row in enumerate(person["onboarding"]):
            id_ = uuid5(user, f"onboarding {n}")
            old = {name: value for name, value in row.items() if name not in NEW}
            table = "public.user_onboarding"
            self.insert(connection, table, id=id_, user_id=user, **old)
            connection.execute(TAKE_OVER, {"id": id_, **{k: row[k] for k in NEW}})
        if person["touched"] is not None:
            connection.execute(TOUCH, {"name": person["touched"], "user": user})
        for kind, (table, fixed) in TABLES.items():
            for n, row in enumerate(person[kind]):
                numbered = {k: v.format(n) for k, v in fixed.items()}
                self.insert(connection, table, user_id=user, **numbered, **row)
        book = BOOK.bindparams(user=user)
        for n, row in enumerate(person["transactions"]):
            connection.execute(book, {"n": f"tx {n}", **row})

    def write(self, write: Write) -> None:
        """Do what the old application does, as its role."""
        user = user_id(write.user)
        if user in self.gone:
            return
        values = {"user": user, "value": write.value, "status": "ACTIVE"}
        with self._engine.begin() as connection:
            if write.role != "owner" and write.what != "leave":
                connection.execute(CLAIMS, {"claims": json.dumps({"sub": str(user)})})
                connection.exec_driver_sql(f"SET LOCAL ROLE {write.role}")
            for statement in WRITES[write.what]:
                connection.execute(sa.text(statement), used(statement, values))
        (self.gone if write.what == "leave" else self.touched).add(user)

    def rows(self, table: str) -> dict[str, tuple[UUID, str]]:
        """Owner and text of every row of a table, by its id."""
        with self._engine.connect() as connection:
            query = f"SELECT t.id::text, t.user_id, t::text FROM {table} AS t"
            found = connection.execute(sa.text(query))
            return {id_: (owner, row) for id_, owner, row in found}

    def query(self, statement: str, **values: Any) -> list[Any]:
        with self._engine.connect() as connection:
            return list(connection.execute(sa.text(statement), values))


def used(statement: str, values: dict[str, Any]) -> dict[str, Any]:
    return {name: v for name, v in values.items() if f":{name}" in statement}


NEW = (
    "onboarding_version", "primary_provider", "account_aggregation_enabled",
    "aggregation_onboarded_at",
)  # fmt: skip
"""What revision 009 adds: the new application writes it, to rows of the old one."""
TAKE_OVER = sa.text(
    f"UPDATE public.user_onboarding SET {', '.join(f'{n} = :{n}' for n in NEW)} "
    "WHERE id = :id"
)
TOUCH = sa.text("""
    UPDATE public.user_investment_accounts SET account_name = :name
    WHERE user_id = :user AND provider = 'alpaca'
""")
BOOK = sa.text("""
    INSERT INTO public.user_investment_transactions (
        user_id, account_id, provider_transaction_id, provider, transaction_type,
        transaction_date, amount, description
    )
    SELECT :user, id, :n, provider, 'buy', '2024-02-29', :amount, :description
    FROM public.user_investment_accounts WHERE user_id = :user
""")
CLAIMS = sa.text("SELECT set_config('request.jwt.claims', :claims, true)")
TABLES = {
    "accounts": (
        "public.user_investment_accounts",
        {"provider": "manual", "provider_account_id": "mine {}",
         "institution_name": "Bank", "account_type": "ira"},
    ),
    "holdings": ("public.user_aggregated_holdings", {"symbol": "S{}"}),
    "snapshots": ("public.user_portfolio_snapshots", {"snapshot_date": "2024-02-0{}1"}),
    "flags": ("public.user_feature_flags", {"flag_name": "flag {}"}),
}  # fmt: skip
WRITES = {
    "status": (
        """UPDATE public.user_onboarding SET alpaca_account_status = :value
            WHERE user_id = :user""",
    ),
    "id": (
        """UPDATE public.user_onboarding
            SET alpaca_account_id = 'new-' || left(id::text, 4)
            WHERE user_id = :user AND alpaca_account_id IS NULL""",
    ),
    "arrive": (
        """INSERT INTO public.user_onboarding (
                id, user_id, alpaca_account_id, alpaca_account_status
            ) VALUES (gen_random_uuid(), :user, gen_random_uuid()::text, :value)""",
    ),
    "bank": (
        """INSERT INTO public.user_bank_connections (id, user_id, bank_name)
            VALUES (gen_random_uuid(), :user, :value)""",
    ),
    "leave": (
        "DELETE FROM public.user_bank_connections WHERE user_id = :user",
        "DELETE FROM public.user_onboarding WHERE user_id = :user",
        "DELETE FROM auth.users WHERE id = :user",
    ),
}
