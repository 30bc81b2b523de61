"""What is said while work goes on: on stderr, so that stdout stays SQL or JSON."""

import sys


def notice(message: str) -> None:
    """Print one message for the operator on stderr."""
    print(message, file=sys.stderr, flush=True)
