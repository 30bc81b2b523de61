"""The next command in a message, for the history that the message is about."""

import re

from rollout.commands import COMMANDS

FIRST = "alembic"
"""The section that commands mean without an option."""
OWN = re.compile(rf"\brollout (?=(?:{'|'.join(COMMANDS)})\b)")
CHANGES = "upgrade|downgrade|check|current|stamp|merge|revision"
ALEMBIC = re.compile(rf"\balembic (?=-x |(?:{CHANGES})\b)")


def of_section(text: str, section: str) -> str:
    """``text`` with the option that names ``section`` in every command it proposes.

    Without it, the operator of the second history would act on the first.
    """
    if section == FIRST:
        return text
    text = OWN.sub(f"rollout --schema {section} ", text)
    return ALEMBIC.sub(f"alembic -n {section} ", text)
