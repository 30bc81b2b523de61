"""How a command of Alembic's runs: its steps, their locks, and interruptions."""
