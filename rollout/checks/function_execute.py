"""Functions that anybody may call: PostgreSQL grants that unless told otherwise."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, Item, judge

TITLE = "functions that PUBLIC or the anonymous role may execute"

# A trigger function cannot be called, so somebody else's is no finding.
QUERY = """
    SELECT n.nspname, p.proname, p.oid::regprocedure::text AS function, p.prosecdef,
        p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) AS is_trigger,
        string_agg(
            CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END, ', '
        ) AS callers
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS g
    WHERE n.nspname = ANY (:schemas) AND p.prokind IN ('f', 'p')
        AND (g.grantee = 0 OR g.grantee = to_regrole(:anonymous)::oid)
        AND NOT EXISTS (
            SELECT FROM pg_depend AS e
            WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid
                AND e.deptype = 'e'
        )
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 3
"""


def run(context: Context) -> list[Finding]:
    """Ours are open to nobody unless granted; others' count if they run as owner."""
    rows = context.rows(
        QUERY, schemas=context.schemas, anonymous=next(iter(context.api_roles), "")
    )
    graded = [(row, context.is_our_function(row.nspname, row.proname)) for row in rows]
    items = [
        Item(
            f"{row.function}: {row.callers}",
            f"REVOKE EXECUTE ON ROUTINE {row.function} FROM {row.callers};",
            ours,
        )
        for row, ours in graded
        if ours or (row.prosecdef and not row.is_trigger)
    ]
    return judge(items, fine="none", bad="open to everybody")
