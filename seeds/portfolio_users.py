"""The users and what the old application keeps of them: columns, and rows for each."""

import json
import random
from collections.abc import Iterator

from seeds.market import DAYS
from seeds.people import Account, Person
from seeds.portfolio_rows import CLOSE, Everyone, Row, accounts_of

NOBODY = "00000000-0000-0000-0000-000000000000"
USER_COLUMNS = (
    "id", "email", "raw_app_meta_data", "raw_user_meta_data", "last_sign_in_at",
    "created_at", "updated_at", "instance_id", "aud", "role", "email_confirmed_at",
    "confirmation_token", "recovery_token", "email_change", "email_change_token_new",
)  # fmt: skip
# Supabase's own table has these; its Auth cannot read a user whose tokens are NULL.
USER_OPTIONAL = frozenset(USER_COLUMNS[7:])
ACCOUNT_COLUMNS = (
    "id", "user_id", "provider", "provider_account_id", "provider_item_id",
    "institution_id", "institution_name", "account_name", "account_type",
    "account_subtype", "sync_enabled", "last_synced", "sync_status",
    "sync_error_message", "is_active", "is_primary", "created_at", "updated_at",
)  # fmt: skip
ONBOARDING_COLUMNS = (
    "id", "user_id", "onboarding_data", "status", "alpaca_account_id",
    "alpaca_account_number", "alpaca_account_status", "created_at", "updated_at",
    "primary_provider", "account_aggregation_enabled", "plaid_link_completed",
    "aggregation_onboarded_at",
)  # fmt: skip
ONBOARDING_OPTIONAL = frozenset(ONBOARDING_COLUMNS[9:])
PERSONALIZATION_COLUMNS = (
    "id", "user_id", "first_name", "investment_goals", "risk_tolerance",
    "investment_timeline", "experience_level", "monthly_investment_goal",
    "market_interests", "created_at", "updated_at",
)  # fmt: skip
BANK_COLUMNS = (
    "id", "user_id", "alpaca_account_id", "relationship_id", "bank_name",
    "bank_account_type", "last_4", "created_at", "updated_at",
)  # fmt: skip
TRANSFER_COLUMNS = (
    "id", "user_id", "alpaca_account_id", "relationship_id", "transfer_id", "amount",
    "status", "created_at", "updated_at",
)  # fmt: skip
FLAG_COLUMNS = (
    "id", "user_id", "flag_name", "enabled", "reason", "set_by", "created_at",
    "updated_at",
)  # fmt: skip


def users(everyone: Everyone, domain: str, *, named: bool) -> Iterator[Row]:
    """Rows of auth.users; without a password: sign in by a link."""
    for person in everyone:
        name = f"{person.first} {person.last}" if named else f"User {person.number:04d}"
        email = f"{name.replace(' ', '.').lower()}.{person.number}@{domain}"
        seen = CLOSE.replace(hour=person.number % 24)
        app = {"provider": "email", "providers": ["email"]}
        yield (
            person.id, email, json.dumps(app), json.dumps({"full_name": name}), seen,
            person.joined, seen, NOBODY, "authenticated", "authenticated",
            person.joined, "", "", "", "",
        )  # fmt: skip


def accounts(everyone: Everyone) -> Iterator[Row]:
    """Rows of user_investment_accounts."""
    for person, account in accounts_of(everyone):
        kind, ok = account.kind, account.sync_status == "success"
        yield (
            account.id, person.id, kind.provider, provider_id(account), account.item,
            None if account.item is None else _institution_id(kind.institution),
            kind.institution, kind.name, kind.type, kind.subtype, ok,
            CLOSE if ok else account.opened, account.sync_status,
            "The institution asks to sign in again"
            if account.sync_status == "error" else None,
            account.active, account.primary, account.opened, CLOSE,
        )  # fmt: skip


def _institution_id(name: str) -> str:
    return f"ins_{sum(name.encode()) % 1000}"


def provider_id(account: Account) -> str:
    """The account's id at its provider; Alpaca's are UUIDs."""
    if account.kind.provider == "alpaca":
        return str(account.id)
    return f"{account.kind.provider}-{account.number}"


def onboarding(everyone: Everyone) -> Iterator[Row]:
    """Rows of user_onboarding: an Alpaca account's has the account's own id."""
    for person in everyone:
        alpaca = next((a for a in person.accounts if a.kind.provider == "alpaca"), None)
        linked = any(a.kind.provider == "plaid" for a in person.accounts)
        done = bool(person.accounts)
        data = json.dumps({"step": "done" if done else "kyc", "version": 2})
        yield (
            alpaca.id if alpaca else person.key("onboarding"), person.id, data,
            "completed" if done else "in_progress",
            provider_id(alpaca) if alpaca else None, alpaca.number if alpaca else None,
            alpaca.status if alpaca else None, person.joined, CLOSE,
            "alpaca" if alpaca else "plaid", linked, linked,
            person.joined if linked else None,
        )  # fmt: skip


def personalization(everyone: Everyone, *, named: bool) -> Iterator[Row]:
    """Rows of user_personalization; arrays in PostgreSQL's own notation."""
    goals = ("retirement", "house", "education", "emergency fund", "travel")
    for person in everyone:
        chance = random.Random(f"goals of {person.id}")
        wanted = ",".join(f'"{goal}"' for goal in chance.sample(goals, 2))
        yield (
            person.key("personalization"), person.id,
            person.first if named else None, f"{{{wanted}}}",
            chance.choice(("conservative", "moderate", "aggressive")),
            chance.choice(("1-3 years", "5-10 years", "10+ years")),
            chance.choice(("beginner", "intermediate", "advanced")),
            chance.choice((100, 250, 500, 1000)), "{stocks,etfs}", person.joined,
            person.joined,
        )  # fmt: skip


def _funded(everyone: Everyone) -> Iterator[tuple[Person, Account]]:
    for person, account in accounts_of(everyone):
        if account.kind.provider == "alpaca" and account.active:
            yield person, account


def banks(everyone: Everyone) -> Iterator[Row]:
    """Rows of user_bank_connections, one an Alpaca account."""
    names = ("Chase", "Bank of America", "Wells Fargo", "Ally Bank", "Capital One")
    for person, account in _funded(everyone):
        yield (
            person.key("bank"), person.id, provider_id(account),
            str(person.key("relationship")), names[person.number % len(names)],
            "CHECKING", account.number[-4:], account.opened, account.opened,
        )  # fmt: skip


def transfers(everyone: Everyone) -> Iterator[Row]:
    """Rows of user_transfers: what was paid into and out of Alpaca accounts."""
    for person, account in _funded(everyone):
        for number, booked in enumerate(account.history.transactions):
            if booked.kind in ("deposit", "withdrawal"):
                moment = account.opened.replace(
                    year=DAYS[booked.day].year, month=DAYS[booked.day].month,
                    day=DAYS[booked.day].day,
                )  # fmt: skip
                yield (
                    person.key(f"transfer {number}"), person.id, provider_id(account),
                    str(person.key("relationship")), str(person.key(f"ach {number}")),
                    abs(booked.amount), "COMPLETE", moment, moment,
                )  # fmt: skip


def flags(everyone: Everyone) -> Iterator[Row]:
    """Rows of user_feature_flags: who tries what is new."""
    for person in everyone:
        for name, every in (("portfolio_aggregation", 3), ("tax_lots", 10)):
            if person.number % every == 0:
                yield (
                    person.key(f"flag {name}"), person.id, name, True, "pilot group",
                    "seed", person.joined, person.joined,
                )  # fmt: skip
