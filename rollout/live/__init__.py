"""A database in use: its sessions, disk, bloat and doubtful rows, and its upkeep."""
