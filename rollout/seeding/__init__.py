"""Filling a database: with a schema's own seeds, or from a CSV file.

A schema names its seeds in its section of alembic.ini (``seeds = seeds.portfolio``), a
module with

``dev() staging() production()``
    Each returns a list of :class:`Rows`, in an order that foreign keys allow. The same
    rows in every run: ids must be derived (uuid5), not drawn.
``PEOPLE``  (only where there is such a table)
    Name of the table whose rows are people. Rows in it that no seed made are real ones,
    and development data is not put beside them unasked.
"""

from rollout.seeding.csv_file import ImportResult, import_csv
from rollout.seeding.rows import Rows
from rollout.seeding.seeds import ENVIRONMENTS, Seeded, seeds_of

__all__ = [
    "ENVIRONMENTS",
    "ImportResult",
    "Rows",
    "Seeded",
    "import_csv",
    "seeds_of",
]
