r"""What a printed script leaves to psql's ``\gexec``, said in plain SQL.

The Supabase CLI sends statements to the server, to which a backslash is a syntax error.
"""

from rollout.commands.script_text import LITERAL

GEXEC = "\\gexec \\\\"

# Nothing that a block executes may be CONCURRENTLY. A megabyte is indexed in some
# milliseconds, so there it need not be; else it is left to who pushes the file.
EXECUTE = """\
DO $found$
DECLARE
    statement text;
    give_up_at timestamptz := clock_timestamp() + interval '30 s';
BEGIN
    FOREACH statement IN ARRAY ARRAY(
{query}
    ) LOOP
        IF statement LIKE '% CONCURRENTLY %' THEN
            IF pg_relation_size(
                substring(statement FROM ' ON (.+?) USING ')::regclass
            ) > 1048576 THEN
                RAISE EXCEPTION 'an index of a large table is missing'
                    USING HINT = 'What is done stays. Build it by psql, then push '
                        'again, and the file goes on: ' || statement;
            END IF;
            PERFORM set_config('lock_timeout', '10ms', true);
            statement := replace(statement, ' CONCURRENTLY ', ' ');
        END IF;
        LOOP
            BEGIN
                EXECUTE statement;
                EXIT;
            EXCEPTION WHEN lock_not_available THEN
                IF clock_timestamp() > give_up_at THEN
                    RAISE;
                END IF;
            END;
            PERFORM pg_sleep(0.005 + 0.015 * random());
        END LOOP;
    END LOOP;
END
$found$;"""


def without_psql(sql: str) -> str:
    """``sql`` with a DO block for every query whose result psql would execute."""
    written, start = [], 0
    for token in LITERAL.finditer(sql):
        if token.group() != ";":
            continue
        statement = sql[start : token.end()]
        if statement.endswith(f"{GEXEC};"):
            query = statement.removesuffix(f"{GEXEC};").strip()
            statement = f"\n\n{EXECUTE.replace('{query}', query)}"
        written.append(statement)
        start = token.end()
    return "".join([*written, sql[start:]])
