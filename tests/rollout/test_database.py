"""Which database, connecting to it, and what is said when that fails."""

import os
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from psycopg2.extensions import parse_dsn
from sqlalchemy.exc import OperationalError

from rollout import database, embedded
from rollout.database import parse_url, resolve_url
from rollout.errors import RolloutError
from tests import servers
from tests.commands import run_module

SECRET = "s3cr3t/@:%#? x"
SECRET_IN_URL = "s3cr3t%2F%40%3A%25%23%3F%20x"


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(url, statement):
    engine = database.create_engine(url, application_name="rollout-test")
    with engine.connect() as connection:
        return connection.exec_driver_sql(statement).scalar()


def why_not(raw):
    """Return what is said when connecting to ``raw`` fails."""
    url = parse_url(raw)
    with pytest.raises(OperationalError) as caught:
        ask(url, "SELECT 1")
    return str(database.connect_error(url, caught.value))


@pytest.fixture(scope="module")
def guarded_server(tmp_path_factory):
    """Yield the address of a server that asks ``guarded`` for a password."""
    rules = Path(tmp_path_factory.mktemp("hba"), "pg_hba.conf")
    # The server's own user has to read it, through pytest's private directories.
    rules = rules if os.geteuid() else Path(f"/tmp/rollout-hba.{os.getpid()}")
    rules.write_text(
        "local all guarded scram-sha-256\nlocal all all trust\n"
        "host all guarded all scram-sha-256\nhostnossl all nobody all reject\n"
    )
    rules.chmod(0o644)
    port = str(free_port())
    settings = {
        "hba_file": str(rules),
        "listen_addresses": "127.0.0.1,::1",
        "port": port,
        "lc_messages": "C",
    }
    with servers.new_server(settings=settings) as url:
        quoted = SECRET.replace("'", "''").replace("%", "%%")
        ask(url, f"CREATE ROLE guarded LOGIN PASSWORD '{quoted}'; COMMIT; SELECT 1")
        ask(url, "CREATE ROLE crowded LOGIN CONNECTION LIMIT 0; COMMIT; SELECT 1")
        yield url
    rules.unlink()


# Which URL


def test_the_program_wins_over_the_environment_and_that_over_the_file(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://env/x")
    assert resolve_url(explicit="postgresql://arg/x", configured="x").host == "arg"
    assert resolve_url(configured="postgresql://ini/x").host == "env"
    monkeypatch.delenv("DATABASE_URL")
    assert resolve_url(configured="postgresql://ini/x").host == "ini"


@pytest.mark.parametrize(
    "scheme",
    ["postgres", "postgresql", "postgresql+psycopg", "postgresql+asyncpg"],
)
def test_every_way_to_write_postgresql_is_taken(scheme):
    assert parse_url(f"{scheme}://h/d").drivername == "postgresql+psycopg2"


def test_spaces_around_a_url_do_not_matter():
    assert parse_url(" postgresql://h/d\n").database == "d"


@pytest.mark.parametrize(
    ("raw", "phrase"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("portfolio", "cannot be read"),
        ("'postgresql://u:hushhush@h/d'", "cannot be read"),
        ("postgresql://u:hushhush@h:port/d", "cannot be read"),
        ("postgresql://u:hushhush@h:0/d", "port 0"),
        ("postgresql://u:hushhush@h:70000/d", "port 70000"),
        ("postgresql://u:hush@hush@h/d", "an @ too many"),
        ("postgresql://u:hushhush@h/d%00", "zero byte"),
        ("mysql://u:hushhush@h/d", "names 'mysql'"),
        ("sqlite:///portfolio.db", "names 'sqlite'"),
        ("driver://user:hushhush@localhost/dbname", "names 'driver'"),
    ],
)
def test_what_is_no_postgresql_url_is_refused_without_repeating_it(raw, phrase):
    with pytest.raises(RolloutError) as caught:
        parse_url(raw, source="DATABASE_URL")
    said = str(caught.value)
    assert said.startswith("DATABASE_URL ")
    assert phrase in said
    assert "Nothing was changed" in said
    assert "hush" not in said


def test_a_password_in_the_query_is_hidden_like_any_other():
    url = parse_url("postgresql://u@h/d?password=hushhush&sslpassword=hushhush")
    assert url.password == "hushhush"
    assert "hush" not in database.shown(url)


def test_without_any_database_both_ways_out_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(embedded, "installed", lambda: False)
    with pytest.raises(RolloutError) as caught:
        resolve_url(root=tmp_path)
    assert "export DATABASE_URL=" in str(caught.value)
    assert "[embedded]" in str(caught.value)


# Connecting


def test_a_percent_encoded_password_opens_the_door(guarded_server):
    host = guarded_server.query["host"]
    port = guarded_server.query["port"]
    raw = f"postgres://guarded:{SECRET_IN_URL}@/postgres?host={host}&port={port}"
    assert ask(parse_url(raw), "SELECT current_user") == "guarded"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_addresses_of_both_kinds_are_understood(guarded_server, host):
    with closing(
        socket.socket(socket.AF_INET6 if "[" in host else socket.AF_INET)
    ) as s:
        if s.connect_ex((host.strip("[]"), int(guarded_server.query["port"]))):
            pytest.skip(f"this machine has no {host}")
    port = guarded_server.query["port"]
    raw = f"postgres://guarded:{SECRET_IN_URL}@{host}:{port}/postgres"
    assert ask(parse_url(raw), "SELECT current_user") == "guarded"


def test_connections_carry_a_name_and_no_startup_options(empty_database):
    assert ask(parse_url(empty_database), "SHOW application_name") == "rollout-test"
    sources = "SELECT count(*) FROM pg_settings WHERE source = 'client' AND name <> ALL"
    known = (
        "('{application_name,client_encoding,DateStyle,TimeZone,extra_float_digits}')"
    )
    assert ask(parse_url(empty_database), f"{sources} {known}") == 0


@pytest.mark.parametrize(
    ("setting", "query", "found"),
    [
        ("default_transaction_isolation = serializable",
         "SHOW transaction_isolation", "read committed"),
        ("client_encoding = 'SQL_ASCII'", "SELECT U&'\\00fc'", "ü"),
    ],
)  # fmt: skip
def test_what_a_database_has_set_is_not_taken(
    setting, query, found, empty_database, databases
):
    url = sa.make_url(empty_database)
    databases.run(f"ALTER DATABASE {url.database} SET {setting}")
    with database.create_engine(url, application_name="test").connect() as connection:
        assert connection.exec_driver_sql(query).scalar() == found


def test_what_the_url_says_about_timeouts_wins(empty_database):
    url = parse_url(empty_database).update_query_dict({"connect_timeout": "3"})
    engine = database.create_engine(url, application_name="x")
    with engine.connect() as connection:
        parameters = connection.connection.driver_connection.info.dsn_parameters
    assert parameters["connect_timeout"] == "3"
    assert parameters["keepalives_idle"] == "30"


# When connecting fails


@pytest.mark.parametrize("name", ["a b", "a+b", "50%", "it's", "a/b"])
def test_a_url_as_text_is_what_libpq_reads(name):
    url = sa.URL.create(
        "postgresql", "me", name, database=name, query={"host": f"/srv/{name}"}
    )
    text = embedded.url_text(url)
    assert " " not in text  # pg_dump 18 refuses it
    read = parse_dsn(text)
    assert (read["dbname"], read["password"]) == (name, name)
    assert read["host"] == f"/srv/{name}"


def test_a_server_that_is_down_is_called_that(tmp_path):
    assert "no server answers there" in why_not(f"postgresql://u@/d?host={tmp_path}")
    said = why_not(f"postgresql://u:hushhush@127.0.0.1:{free_port()}/d")
    assert "no server answers there" in said
    assert "hush" not in said


def test_an_unknown_host_is_called_that():
    assert "the host name is not known" in why_not("postgresql://u@nowhere.invalid/d")


def test_a_wrong_password_is_called_that_and_not_shown(guarded_server):
    host, port = guarded_server.query["host"], guarded_server.query["port"]
    said = why_not(f"postgres://guarded:hushhush@/postgres?host={host}&port={port}")
    assert "wrong user or password" in said
    assert "hush" not in said
    assert "wrong user or password" in why_not(
        f"postgres://guarded@/postgres?host={host}&port={port}"
    )


@pytest.mark.parametrize(
    ("user", "place", "phrase"),
    [
        ("postgres", "missing", "no such database"),
        ("missing", "postgres", "no such user"),
        ("crowded", "postgres", "no connection left"),
    ],
)
def test_the_cause_of_a_refusal_is_named(guarded_server, user, place, phrase):
    url = guarded_server.set(username=user, database=place)
    said = why_not(url.render_as_string(hide_password=False))
    assert phrase in said
    assert "Nothing was changed." in said


@pytest.mark.parametrize(
    ("user", "query", "phrase"),
    [
        ("guarded", "?sslmode=require", "SSL could not be agreed on"),
        ("nobody", "", "does not let this user in"),
    ],
)
def test_ssl_and_access_rules_are_told_apart(guarded_server, user, query, phrase):
    port = guarded_server.query["port"]
    assert phrase in why_not(f"postgresql://{user}@127.0.0.1:{port}/postgres{query}")


@pytest.mark.parametrize(
    ("said", "phrase"),
    [
        ("FATAL:  Tenant or user not found", "does not know this project"),
        ("FATAL:  MaxClientsInSessionMode: max clients reached", "connection left"),
        ("FATAL:  sorry, too many clients already", "no connection left"),
        ('FATAL:  permission denied for database "x"', "may not connect"),
        ("timeout expired", "does not answer"),
        ("Network is unreachable", "cannot be reached"),
        ("FATAL:  the database system is starting up", "starting or stopping"),
        ("FATAL:  Zugriff verweigert: hushhush", "the connection failed"),
    ],
)
def test_what_cannot_be_staged_here_is_told_by_its_words(said, phrase):
    url = parse_url("postgresql://u:hushhush@h/d")
    error = OperationalError("", {}, Exception(said))
    told = str(database.connect_error(url, error))
    assert phrase in told
    assert "hush" not in told


def test_a_password_inside_a_longer_word_does_not_garble_the_message():
    url = parse_url("postgresql://u:post@h/d")
    assert database.scrub("role post postgres", url) == "role *** postgres"


def test_an_option_of_another_driver_is_named():
    url = parse_url("postgresql://u:hushhush@h/d?pgbouncer=true")
    with pytest.raises(sa.exc.DBAPIError) as caught:
        ask(url, "SELECT 1")
    said = str(database.connect_error(url, caught.value))
    assert "pgbouncer" in said
    assert "libpq does not know" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    "raw",
    ["", "mysql://u:hushhush@h/d", "postgresql://u:hushhush@127.0.0.1:1/d"],
)
def test_alembic_ends_with_status_1_and_no_traceback(raw):
    done = run_module("alembic", "current", url=raw)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "hush" not in done.stderr
    assert "Nothing was changed" in done.stderr


# What kind of server


@pytest.fixture
def session(empty_database):
    engine = database.create_engine(parse_url(empty_database), application_name="x")
    with engine.connect() as connection:
        yield connection


def test_a_suitable_server_is_taken_and_no_transaction_left_open(session):
    database.check_server(session)
    assert not database.is_pooled(session)
    assert not session.in_transaction()


def test_an_older_server_is_refused(session, monkeypatch):
    monkeypatch.setattr(database, "OLDEST_SERVER", 990_000)
    with pytest.raises(RolloutError, match="15 or later is needed"):
        database.check_server(session)
    assert not session.in_transaction()


def test_a_database_that_is_read_only_is_refused(empty_database):
    name = parse_url(empty_database).database
    set_it = f"ALTER DATABASE {name} SET default_transaction_read_only = on"
    ask(parse_url(empty_database), f"{set_it}; COMMIT; SELECT 1")
    engine = database.create_engine(parse_url(empty_database), application_name="x")
    with (
        engine.connect() as connection,
        pytest.raises(RolloutError, match="is read only"),
    ):
        database.check_server(connection)


def test_a_standby_is_refused(session, monkeypatch):
    claim = "SELECT 180000 AS version_num, '18' AS version, true AS standby"
    monkeypatch.setattr(database, "STATE", sa.text(f"{claim}, true AS read_only"))
    with pytest.raises(RolloutError, match="is a standby"):
        database.check_server(session)


def test_a_pooler_in_between_is_seen(empty_database, pooler):
    engine = database.create_engine(pooler(empty_database), application_name="x")
    with engine.connect() as connection:
        assert database.is_pooled(connection)


@pytest.fixture
def pooler(tmp_path_factory):
    """Stand between client and server; make up the process id, as poolers do."""
    directory = tmp_path_factory.mktemp("p")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(directory / ".s.PGSQL.5432"))
    listener.listen()

    def pump(source, target):
        while chunk := source.recv(65_536):
            at = chunk.find(b"K\0\0\0\x0c")  # BackendKeyData
            if at >= 0:
                chunk = chunk[: at + 5] + b"\0\0\0\x07" + chunk[at + 9 :]
            target.sendall(chunk)
        target.shutdown(socket.SHUT_RDWR)

    def serve(url):
        client, _ = listener.accept()
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{url.query['host']}/.s.PGSQL.{url.query['port']}")
        with client, server:
            back = threading.Thread(target=pump, args=(server, client), daemon=True)
            back.start()
            pump(client, server)
            back.join()

    threads = []

    def start(raw):
        url = parse_url(raw)
        if "host" not in url.query:
            pytest.skip("the server given has no socket")
        threads.append(threading.Thread(target=serve, args=(url,), daemon=True))
        threads[-1].start()
        return url.update_query_dict({"host": str(directory), "port": "5432"})

    yield start
    for thread in threads:
        thread.join(5)
    listener.close()
