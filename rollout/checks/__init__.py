"""Checks of a database, one a file."""
