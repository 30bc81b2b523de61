"""Run queries as one user: ``with as_user(session, user_id): ...``.

As Supabase's API does it: the role and ``request.jwt.claims`` are set for one
transaction at a time, so row level security decides what the block sees, and a pooled
connection carries nothing over.

    with as_user(session, user_id):
        session.scalars(select(UserInvestmentAccount)).all()

    async with as_user(async_session, user_id, claims={"aal": "aal2"}):
        ...

What holds:

- The block owns its transaction. None may be open before it; a clean exit commits, an
  error rolls back.
- After a commit or rollback inside the block, the next statement gets the role again,
  never the login role. If the role cannot be set, each statement fails.
- Objects known to the session are expired at the start and detached at the end, with
  the values that they have loaded, so that no row is handed on to the next block.
- Blocks do not nest.

What does not: SQL that the block itself sends as text may say ``RESET ROLE`` or
``COMMIT``. The block keeps honest code to one user's rows; it cages no hostile SQL.
"""

import json
import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Generic, TypeVar, overload
from weakref import WeakSet

from sqlalchemy import Connection, RootTransaction, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Session, SessionTransaction, scoped_session

__all__ = [
    "AsyncTenant",
    "Tenant",
    "TenantError",
    "as_anon",
    "as_service",
    "as_user",
]

Claims = Mapping[str, Any]
SyncT = TypeVar("SyncT", bound="Session | Connection | scoped_session[Any]")
AsyncT = TypeVar("AsyncT", bound=AsyncSession | AsyncConnection)

SET_TENANT = text(
    "SELECT set_config('request.jwt.claims', :claims, true),"
    " set_config('role', :role, true)"
)
# In a statement of its own: it must see what outlived the first one.
GET_TENANT = text("SELECT current_user, current_setting('request.jwt.claims', true)")

# Sessions and connections inside a block. Not in their ``info``: a connection's belongs
# to the pooled DBAPI connection and outlives it.
_active: WeakSet[Session | Connection] = WeakSet()


class TenantError(RuntimeError):
    """A block that cannot keep to its role was refused. Nothing was changed."""


class _Guard:
    """Sets role and claims in every transaction of the connections it watches."""

    def __init__(self, role: str, claims: str) -> None:
        self.role = role
        self.claims = claims
        self.set_in: dict[Connection, RootTransaction | None] = {}
        self.busy = False

    def watch(self, connection: Connection) -> None:
        """Set role and claims on ``connection`` now, and in its later transactions."""
        if connection not in self.set_in:
            self.forget(closed=True)
            self.set_in[connection] = None
            event.listen(connection, "before_cursor_execute", self._before)
        self.apply(connection)

    def forget(self, *, closed: bool = False) -> None:
        """Leave all connections alone, or those that are closed."""
        for connection in [c for c in self.set_in if c.closed or not closed]:
            event.remove(connection, "before_cursor_execute", self._before)
            del self.set_in[connection]

    def _before(self, connection: Connection, *_: Any) -> None:
        if not self.busy:
            self.apply(connection)

    def apply(self, connection: Connection) -> None:
        """Set role and claims once a transaction, and see that they hold."""
        transaction = connection.get_transaction()
        if transaction is not None and transaction is self.set_in[connection]:
            return
        self.busy = True
        try:
            connection.execute(SET_TENANT, {"role": self.role, "claims": self.claims})
            role, claims = connection.execute(GET_TENANT).one()
        finally:
            self.busy = False
        if (role, claims) != (self.role, self.claims):
            raise TenantError(
                f"the connection did not keep the role {self.role}: it runs as {role}."
                "\nThe statement was not sent.\n"
                "In AUTOCOMMIT there is no transaction to hold the role. Use an engine "
                "or a connection with a transactional isolation level."
            )
        self.set_in[connection] = connection.get_transaction()


class Tenant(Generic[SyncT]):
    """The block around a ``Session`` or ``Connection``; made by ``as_user``."""

    def __init__(self, target: SyncT, role: str, claims: str) -> None:
        self._target = target
        self._inner: Session | Connection = (
            target() if isinstance(target, scoped_session) else target
        )
        self._guard = _Guard(role, claims)

    def __enter__(self) -> SyncT:
        inner = self._inner
        _refuse_if_in_use(inner)
        _active.add(inner)
        if isinstance(inner, Session):
            inner.expire_all()
            event.listen(inner, "after_begin", self._after_begin)
            return self._target
        try:
            inner.begin()
            self._guard.watch(inner)
        except BaseException:
            self._leave(failed=True)
            raise
        return self._target

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave(failed=kind is not None)

    def _after_begin(
        self, session: Session, transaction: SessionTransaction, connection: Connection
    ) -> None:
        self._guard.watch(connection)

    def _leave(self, *, failed: bool) -> None:
        inner = self._inner
        try:
            if inner.in_transaction():
                inner.rollback() if failed else _commit(inner)
        finally:
            if isinstance(inner, Session):
                event.remove(inner, "after_begin", self._after_begin)
                inner.expunge_all()
            self._guard.forget()
            _active.discard(inner)


class AsyncTenant(Generic[AsyncT]):
    """The block around an ``AsyncSession`` or ``AsyncConnection``."""

    def __init__(self, target: AsyncT, role: str, claims: str) -> None:
        self._target = target
        self._role = role
        self._claims = claims
        self._tenant: Tenant[Any]  # once inside

    async def __aenter__(self) -> AsyncT:
        def enter(inner: Session | Connection) -> None:
            tenant = Tenant(inner, self._role, self._claims)
            tenant.__enter__()
            self._tenant = tenant

        await self._target.run_sync(enter)
        return self._target

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._target.run_sync(lambda _: self._tenant.__exit__(kind, error, trace))


def _refuse_if_in_use(inner: Session | Connection) -> None:
    if inner in _active:
        raise TenantError(
            "this session or connection is inside as_user, as_anon or as_service "
            "already. Leave that block first: blocks do not nest."
        )
    bind = inner.bind if isinstance(inner, Session) else None
    if inner.in_transaction() or (
        isinstance(bind, Connection) and bind.in_transaction()
    ):
        raise TenantError(
            "a transaction is open already, with rights of its own. Commit it or roll "
            "it back first: the block begins and ends its own transaction."
        )


def _commit(inner: Session | Connection) -> None:
    try:
        if isinstance(inner, Connection):
            inner.commit()
        else:
            _commit_keeping_values(inner)
    except BaseException:
        inner.rollback()
        raise


def _commit_keeping_values(session: Session) -> None:
    # The objects leave the session, and could not load their values again.
    expire, session.expire_on_commit = session.expire_on_commit, False
    try:
        session.commit()
    finally:
        session.expire_on_commit = expire


@overload
def as_user(
    target: SyncT, user_id: uuid.UUID | str, *, claims: Claims | None = None
) -> Tenant[SyncT]: ...
@overload
def as_user(
    target: AsyncT, user_id: uuid.UUID | str, *, claims: Claims | None = None
) -> AsyncTenant[AsyncT]: ...
def as_user(
    target: Any, user_id: uuid.UUID | str, *, claims: Claims | None = None
) -> Tenant[Any] | AsyncTenant[Any]:
    """Return a block that runs as ``authenticated``, as user ``user_id``.

    ``with`` for a Session or Connection, ``async with`` for an AsyncSession or
    AsyncConnection; both give back ``target``. The module's docstring says what holds.

    Args:
        claims: Further claims of the JWT, such as ``app_metadata``.

    Raises:
        ValueError: ``user_id`` is no UUID, or ``claims`` has ``sub`` or ``role``.
        TenantError: On entering: a transaction or a block is open already.
    """
    given = dict(claims or {})
    if clash := sorted(given.keys() & {"sub", "role"}):
        raise ValueError(
            f"claims may not set {', '.join(clash)}: as_user sets them itself"
        )
    subject = str(uuid.UUID(str(user_id)))
    return _block(target, "authenticated", {**given, "sub": subject})


@overload
def as_anon(target: SyncT) -> Tenant[SyncT]: ...
@overload
def as_anon(target: AsyncT) -> AsyncTenant[AsyncT]: ...
def as_anon(target: Any) -> Tenant[Any] | AsyncTenant[Any]:
    """Return a block that runs as ``anon``: someone who has not signed in."""
    return _block(target, "anon", {})


@overload
def as_service(target: SyncT) -> Tenant[SyncT]: ...
@overload
def as_service(target: AsyncT) -> AsyncTenant[AsyncT]: ...
def as_service(target: Any) -> Tenant[Any] | AsyncTenant[Any]:
    """Return a block that runs as ``service_role``, which sees all users' rows."""
    return _block(target, "service_role", {})


def _block(target: Any, role: str, claims: Claims) -> Tenant[Any] | AsyncTenant[Any]:
    document = json.dumps({**claims, "role": role}, allow_nan=False)
    if isinstance(target, AsyncSession | AsyncConnection):
        return AsyncTenant(target, role, document)
    if isinstance(target, Session | Connection | scoped_session):
        return Tenant(target, role, document)
    raise TypeError(
        "takes a Session, Connection, AsyncSession or AsyncConnection, "
        f"not {type(target).__name__}"
    )
