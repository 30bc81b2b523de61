"""What ``alembic/env.py`` calls: Alembic as ever, with the layer's protections on.

Source: design, "How a revision runs"; explained in docs/how-it-runs.md.
"""

import os
import sys

from alembic import context

from rollout import hints
from rollout.errors import RolloutError
from rollout.running import interrupts
from rollout.running.offline import print_script
from rollout.running.online import run_online

INTERRUPTED = """\
The revision in progress was rolled back; earlier ones stand, and steps that commit on
their own (batches, concurrent indexes) are repeated safely.
Run the same command again to go on."""


def run() -> None:
    """Run the command that Alembic was called with.

    Called from the command line, a refusal is printed and ends with status 1 and no
    traceback; called from a program, it is raised.

    Raises:
        RolloutError: Refused or failed, with what to do next.
    """
    from_command_line = getattr(context.config.cmd_opts, "cmd", None) is not None
    try:
        if context.is_offline_mode():
            print_script()
        elif from_command_line:
            with interrupts.heard():
                run_online()
        else:
            run_online()
    except RolloutError as error:
        if not from_command_line:
            raise
        said = hints.of_section(str(error), context.config.config_ini_section)
        print(f"\n{said}", file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:  # --sql | psql, and psql has stopped and said why
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except KeyboardInterrupt as error:
        if not from_command_line:
            raise
        print(f"\n{interrupts.said(error)}\n{INTERRUPTED}", file=sys.stderr)
        raise SystemExit(interrupts.status(error)) from None
