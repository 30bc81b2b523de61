"""Who may do what with an object, whatever the project's default privileges are."""

from collections.abc import Mapping, Sequence

from alembic import op

API_ROLES = ("anon", "authenticated", "service_role")
"""The roles under which Supabase's API runs."""


def grant_only(
    target: str, grants: Mapping[str, str], *, roles: Sequence[str] = API_ROLES
) -> None:
    """Revoke everything on ``target`` from PUBLIC and ``roles``, then grant ``grants``.

    Supabase projects differ in their default privileges, so none may be relied on.

    Args:
        target: As GRANT takes it: ``public.things``, ``FUNCTION public.f()``.
        grants: Role to privileges: ``{"authenticated": "SELECT, INSERT"}``.

    Locks: none that a read or write would notice.
    """
    op.execute(f"REVOKE ALL ON {target} FROM PUBLIC, {', '.join(roles)}")
    for role, privileges in grants.items():
        op.execute(f"GRANT {privileges} ON {target} TO {role}")
