"""Mutants that change nothing for anybody, each with the reason why.

A mutant that survives and is not here fails the test; so does a line here that no
survivor needs any more.
"""

import re
from dataclasses import dataclass

from tests.isolation.mutant import Mutant

CANNOT_BE_WRITTEN = (
    "public.index_usage", "public.migration_progress", "public.table_sizes",
    "migrations.onboarding_accounts",
)  # fmt: skip


@dataclass(frozen=True)
class Equivalent:
    """Mutants by their object and what they do, and why they are harmless."""

    objects: tuple[str, ...]
    what: str
    reason: str

    def covers(self, mutant: Mutant) -> bool:
        """Whether ``mutant`` is meant."""
        return mutant.object in self.objects and bool(
            re.fullmatch(self.what, mutant.what)
        )


EQUIVALENT = (
    Equivalent(
        ("public.user_feature_flags",),
        r'policy "Admins can change feature flags": WITH CHECK \(true\)',
        "the condition is about the token, not the row, and USING has asked it already",
    ),
    Equivalent(
        ("public.index_usage", "public.migration_progress", "public.table_sizes"),
        "security_invoker off",
        "they read pg_catalog only, which every role reads alike",
    ),
    Equivalent(
        (
            *CANNOT_BE_WRITTEN,
            "public.user_portfolio_legacy",
            "public.user_positions_aggregated",
        ),
        r"GRANT REFERENCES TO \w+",
        "no foreign key can refer to a view",
    ),
    Equivalent(
        CANNOT_BE_WRITTEN,
        r"GRANT (INSERT|UPDATE \(.*\)|INSERT \(.*\)) TO \w+",
        "PostgreSQL cannot write to these views, whoever asks: they join or group",
    ),
)


def reason(mutant: Mutant) -> str | None:
    """Why nobody needs to notice ``mutant``; None if somebody should."""
    found = [line.reason for line in EQUIVALENT if line.covers(mutant)]
    return found[0] if found else None
