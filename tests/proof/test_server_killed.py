"""The server itself is killed in the middle of a revision, and recovers."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from rollout import embedded
from tests import servers
from tests.commands import alembic_run
from tests.databases import Databases
from tests.proof import sample
from tests.proof.conftest import below, name_of
from tests.proof.interrupted import COMMIT
from tests.proof.standing import differences, standing
from tests.proof.turns import Command

pytestmark = pytest.mark.slow


@pytest.fixture
def own_server():
    if os.environ.get("PG") == "system":
        pytest.skip("only the embedded server can be started again here")
    with servers.new_server(settings={"synchronous_commit": "on"}) as url:
        yield Databases(url)


@pytest.mark.parametrize(
    ("revision", "name"), [("005", "upgrade"), ("009", "downgrade")]
)
@pytest.mark.parametrize("statement", ["UPDATE migrations.backfill_progress", COMMIT])
def test_after_the_server_was_killed_and_recovered_the_revision_is_finished(
    revision, name, statement, pool, own_server
):
    """In the second batch, before and after its commit, which no disk has seen yet."""
    up, down = Command("upgrade", revision), Command("downgrade", below(revision))
    command = up if name == "upgrade" else down
    url = own_server.make()
    alembic_run(url, "upgrade", "baseline")
    sample.insert(url, sample.LEGACY)
    pool.submit(up.undisturbed, url).result()
    pool.submit(down.undisturbed, url).result()
    if command is down:
        pool.submit(up.undisturbed, url).result()
    other = own_server.make(name_of(url))
    boundaries = pool.submit(command.undisturbed, other).result().boundaries

    ended = pool.submit(
        command.run, url, second_batch(boundaries, statement), kill_server
    ).result()
    assert ended.status == 1
    start_again(own_server.server)

    pool.submit(command.undisturbed, url).result()
    assert differences(standing(other), standing(url)) == []


def second_batch(boundaries, statement):
    """The boundary before ``statement`` in the second batch; after it for a commit."""
    batches = [
        at
        for at, boundary in enumerate(boundaries, 1)
        if boundary.statement.startswith("UPDATE migrations.backfill_progress")
    ]
    return batches[1] + (2 if statement == COMMIT else 0)


def kill_server(connection):
    """kill -9 of the server's first process; the others notice and end."""
    data_dir = Path(connection.engine.url.query["host"])
    os.kill(int((data_dir / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)


def start_again(server):
    data_dir = Path(server.query["host"])
    processes = [p for p in psutil.process_iter() if is_of_server(p, data_dir)]
    psutil.wait_procs(processes, timeout=30)
    embedded.start(data_dir)


def is_of_server(process, data_dir):
    try:
        return process.name() == "postgres" and Path(process.cwd()) == data_dir
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
