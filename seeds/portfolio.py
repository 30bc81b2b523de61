"""Seeds of the portfolio schema: ``rollout seed dev|staging|production``.

dev         300 users who look real: accounts at several institutions, holdings that add
            up, two years of transactions and snapshots (to June 2026)
staging     40 users without names, at institutions without names; the same shape
production  nothing: the portfolio has no reference data. Every table belongs to users,
            and even feature flags are rows of single users
"""

import dataclasses
from collections.abc import Sequence

from rollout.seeding import Rows
from seeds import portfolio_rows as rows
from seeds import portfolio_users as users
from seeds.people import KINDS, Person, people

PEOPLE = "auth.users"
DEV_USERS, STAGING_USERS = 300, 40


def dev() -> list[Rows]:
    """Development data."""
    return of_people(people(DEV_USERS, "dev"), "example.com", named=True)


def staging() -> list[Rows]:
    """Staging data: smaller, and nobody has a name."""
    everyone = [_anonymous(p) for p in people(STAGING_USERS, "staging")]
    return of_people(everyone, "staging.invalid", named=False)


def production() -> list[Rows]:
    """Reference data: there is none."""
    return []


def _anonymous(person: Person) -> Person:
    """The same person, with institutions and accounts known by numbers only."""
    accounts = tuple(
        dataclasses.replace(
            account,
            kind=account.kind
            if account.kind.provider == "alpaca"
            else account.kind._replace(
                institution=_unnamed(account.kind.institution),
                name=f"{account.kind.type} account",
            ),
        )
        for account in person.accounts
    )
    return dataclasses.replace(person, accounts=accounts)


def _unnamed(institution: str) -> str:
    every = sorted({kind.institution for kind in KINDS})
    return f"Institution {every.index(institution) + 1}"


def of_people(everyone: Sequence[Person], domain: str, *, named: bool) -> list[Rows]:
    """All tables. Accounts before onboarding, whose trigger would open them itself."""
    tables = (
        ("auth.users", users.USER_COLUMNS,
         lambda: users.users(everyone, domain, named=named)),
        ("public.user_investment_accounts", users.ACCOUNT_COLUMNS,
         lambda: users.accounts(everyone)),
        ("public.user_investment_transactions", rows.TRANSACTION_COLUMNS,
         lambda: rows.transactions(everyone)),
        ("public.user_aggregated_holdings", rows.HOLDING_COLUMNS,
         lambda: rows.holdings(everyone)),
        ("public.user_portfolio_snapshots", rows.SNAPSHOT_COLUMNS,
         lambda: rows.snapshots(everyone)),
        ("public.user_feature_flags", users.FLAG_COLUMNS,
         lambda: users.flags(everyone)),
        ("public.user_onboarding", users.ONBOARDING_COLUMNS,
         lambda: users.onboarding(everyone)),
        ("public.user_bank_connections", users.BANK_COLUMNS,
         lambda: users.banks(everyone)),
        ("public.user_transfers", users.TRANSFER_COLUMNS,
         lambda: users.transfers(everyone)),
        ("public.user_personalization", users.PERSONALIZATION_COLUMNS,
         lambda: users.personalization(everyone, named=named)),
    )  # fmt: skip
    optional = users.USER_OPTIONAL | users.ONBOARDING_OPTIONAL
    return [
        Rows(name, columns, make, optional=optional & set(columns))
        for name, columns, make in tables
    ]
