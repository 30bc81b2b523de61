"""The connections that a command writes by."""

from sqlalchemy import URL, Connection, Engine, event

from rollout import database
from rollout.running.locks import ambient
from rollout.settings import Settings


def engine_of(url: URL, settings: Settings) -> Engine:
    """An engine whose every transaction begins with the layer's timeouts.

    SET LOCAL, not options at connect: a transaction pooler keeps no session settings.
    """
    engine = database.create_engine(url, application_name="rollout")

    @event.listens_for(engine, "begin")
    def set_timeouts(connection: Connection) -> None:
        if not is_autocommit(connection):
            connection.exec_driver_sql(
                f"{ambient(settings.lock_try_ms)}; SET LOCAL statement_timeout = 0; "
                "SET LOCAL idle_in_transaction_session_timeout = 0; "
                "SET LOCAL standard_conforming_strings = on"
            )

    return engine


def is_autocommit(connection: Connection) -> bool:
    """Whether every statement commits by itself."""
    # Not get_isolation_level(): that asks the server, which knows no AUTOCOMMIT.
    return connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
