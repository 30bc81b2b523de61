"""What a backup says about itself."""

import gzip
import json
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class SavedTable:
    """A table's rows when it was saved; ``hash`` does not depend on their order."""

    schema: str
    name: str
    rows: int
    hash: str


@dataclass(frozen=True)
class Keys:
    """Rows of an outside table that the saved rows refer to, by these columns."""

    columns: list[str]
    values: list[list[str]]


@dataclass(frozen=True)
class OutsideTable:
    """A table that the schema refers to and does not own, as far as it refers to it.

    ``columns`` are quoted names and types.
    """

    schema: str
    name: str
    columns: list[list[str]]
    keys: list[Keys]


@dataclass(frozen=True)
class OutsideFunction:
    """A function that policies, defaults and views of the schema call."""

    schema: str
    signature: str
    definition: str


@dataclass(frozen=True)
class Role:
    """A role that grants or policies name; ``attributes`` are those of CREATE ROLE."""

    name: str
    attributes: str


@dataclass(frozen=True)
class Manifest:
    """All of it.

    ``schemas`` are saved whole. ``adopted`` are schemas that these refer to and that
    the same owner made (a stand-in for Supabase's auth): saved whole, too, and restored
    where the database has none of its own.
    """

    database: str
    taken_at: str
    server: str
    client: int
    schemas: list[str]
    adopted: list[str]
    tables: list[SavedTable]
    outside_tables: list[OutsideTable]
    outside_functions: list[OutsideFunction]
    extensions: list[list[str]]
    roles: list[Role]

    @property
    def rows(self) -> int:
        """Rows of all saved tables."""
        return sum(table.rows for table in self.tables)

    @property
    def server_major(self) -> int:
        """The major version of the server that was saved."""
        return int(self.server.partition(".")[0])

    @property
    def outside_schemas(self) -> list[str]:
        """Schemas of what is referred to."""
        tables = {table.schema for table in self.outside_tables}
        return sorted(tables | {found.schema for found in self.outside_functions})

    def pack(self) -> bytes:
        """The manifest as bytes."""
        return gzip.compress(json.dumps(asdict(self)).encode(), mtime=0)

    @classmethod
    def unpack(cls, packed: bytes) -> "Manifest":
        """The manifest of these bytes."""
        read: dict[str, Any] = json.loads(gzip.decompress(packed))
        outside = [
            OutsideTable(**table | {"keys": [Keys(**keys) for keys in table["keys"]]})
            for table in read["outside_tables"]
        ]
        functions = [OutsideFunction(**found) for found in read["outside_functions"]]
        return cls(
            **read
            | {
                "tables": [SavedTable(**table) for table in read["tables"]],
                "outside_tables": outside,
                "outside_functions": functions,
                "roles": [Role(**role) for role in read["roles"]],
            }
        )
