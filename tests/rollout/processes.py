"""Alembic as processes to wait for and to kill, and what a database says meanwhile."""

import os
import subprocess
import sys
import time

import psycopg2
import sqlalchemy as sa

from rollout.embedded import url_text
from tests.commands import ROOT


def start(url, *arguments):
    """Start ``alembic …`` as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "alembic", *arguments],
        env={**os.environ, "DATABASE_URL": url, "PYTHONWARNINGS": "error"},
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def query(url, statement):
    connection = psycopg2.connect(url_text(sa.make_url(url)))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def wait_until(condition, timeout_s=60):
    until = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.02)
    return found
