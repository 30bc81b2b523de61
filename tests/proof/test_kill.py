"""Killed at any statement, run again: the same database as without the kill.

By default every boundary outside of a plain transaction, and one in eight inside.
PROOF=full takes all of them; what surrounds a revision is then disturbed for each.
"""

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
from tests.proof.conftest import REVISIONS, below, name_of
from tests.proof.interrupted import COMMIT, end_own, kill_client
from tests.proof.pool import PROCESSES
from tests.proof.standing import differences, standing
from tests.proof.turns import Command, again_and_again, take_turns

pytestmark = pytest.mark.slow


def check(reports, at_least):
    print(sum(report.tried for report in reports), "disturbances")  # shown by -rP
    wrong = [line for report in reports for line in report.wrong]
    assert not wrong, "\n".join(line[:300] for line in wrong[:20])
    assert sum(report.tried for report in reports) >= at_least


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_interrupted_revision_is_finished_by_running_it_again(
    revision, pool, with_data, own_databases
):
    down = Command("downgrade", below(revision))
    up = Command("upgrade", revision)
    template = with_data(revision)
    jobs = [
        pool.submit(
            take_turns, own_databases.make(template), down, up, part, PROCESSES
        )
        for part in range(PROCESSES)
    ]
    check([job.result() for job in jobs], at_least=8)


def test_a_first_upgrade_interrupted_again_and_again_comes_to_the_same(
    pool, own_databases
):
    jobs = [
        pool.submit(
            again_and_again, own_databases.make(), own_databases.make(), how, REVISIONS
        )
        for how in (kill_client, end_own)
    ]
    check([job.result() for job in jobs], at_least=80)


@pytest.fixture
def own_server():
    if os.environ.get("PG") == "system":
        pytest.skip("only the embedded server can be started again here")
    durable = {"synchronous_commit": "on", "fsync": "on", "full_page_writes": "on"}
    with servers.new_server(settings=durable) as url:
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
