"""A small shop to save and restore, and programs that misbehave."""

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from rollout.backup import clients, open_archive
from rollout.backup.archive import TRAILER, Part
from rollout.commands.target import Target
from tests.commands import ROOT

AUTH = """
    CREATE SCHEMA auth;
    CREATE TABLE auth.users (id uuid PRIMARY KEY, email text);
    CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS 'SELECT NULL::uuid';
    INSERT INTO auth.users
        SELECT gen_random_uuid(), 'u' || n FROM generate_series(1, 3) AS n;
"""
SHOP = """
    DO $$ BEGIN
        IF to_regrole('authenticated') IS NULL THEN CREATE ROLE authenticated; END IF;
    END $$;
    CREATE SCHEMA parked;
    CREATE TABLE parked.orders (id int PRIMARY KEY);
    CREATE TYPE public.state AS ENUM ('open', 'done');
    CREATE TABLE public.orders (
        id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        user_id uuid REFERENCES auth.users (id), state public.state DEFAULT 'open',
        note text, paid numeric(10, 2), twice int GENERATED ALWAYS AS (id * 2) STORED
    );
    ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON public.orders FOR SELECT TO authenticated
        USING ((SELECT auth.uid()) = user_id);
    GRANT SELECT ON public.orders TO authenticated;
    CREATE TABLE public."odd %s name" (id int PRIMARY KEY, "rollout row" text);
    CREATE VIEW public.open_orders AS SELECT * FROM public.orders WHERE state = 'open';
    CREATE FUNCTION public.total() RETURNS numeric LANGUAGE sql
        AS 'SELECT sum(paid) FROM public.orders';
    INSERT INTO public.orders (user_id, note, paid)
        SELECT id, E'tab\\t, line\\nend, \\\\N', 1.50 FROM auth.users;
    INSERT INTO public."odd %s name" VALUES (1, NULL), (2, '');
"""


def target(url: str, **x: object) -> Target:
    return Target(
        str(ROOT / "alembic.ini"),
        database_url=url,
        x=[f"{name}={value}" for name, value in x.items()],
    )


def password(url: str, secret: str) -> str:
    return sa.make_url(url).set(password=secret).render_as_string(hide_password=False)


def programs(directory: Path, major: int, **scripts: str) -> Path:
    """A directory of programs that call the real ones, some with a script instead.

    In a script ``$REAL`` is the real program.
    """
    real = clients.choose(major, ssl=False).directory
    directory.mkdir(exist_ok=True)
    for name in clients.PROGRAMS:
        script = scripts.get(name, 'exec "$REAL" "$@"')
        path = directory / name
        path.write_text(
            f'#!/bin/sh\nREAL="{real}/{name}"\ncase "$*" in *--version*|*/nowhere*)\n'
            f'exec "$REAL" "$@";; esac\n{script}\n'
        )
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return directory


def server_major(url: str, run: Callable[..., Any]) -> int:
    return int(run(url, "SELECT current_setting('server_version_num')::int / 10000"))


def resaved(path: Path, **changes: Any) -> Path:
    """The same dump with another manifest, as if that had been written."""
    archive = open_archive(path)
    manifest = type(archive.manifest)(**(vars(archive.manifest) | changes))
    data = path.read_bytes()
    dump_bytes = TRAILER.unpack(data[-TRAILER.size :])[0]
    with Part(path.with_name(f"resaved.{os.urandom(3).hex()}.dump")) as part:
        part.file.write(data[:dump_bytes])
        part.append(manifest)
        return part.finish()


def names(directory: Path) -> Sequence[str]:
    return sorted(path.name for path in directory.iterdir())
