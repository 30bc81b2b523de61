"""What Python compiles is kept, whatever PYTHONDONTWRITEBYTECODE says.

Every Alembic command loads each revision, and every process that a test starts imports
the layer: compiled anew each time, that would be a fifth of the suite's time.
"""

import os
import sys


def keep() -> None:
    """Write ``__pycache__`` here, and in the processes that are started from here."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
