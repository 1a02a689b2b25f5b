"""The ledger's statements, in the words of the database behind it, on one plain connection.

Where a call is admitted every microsecond is paid for by its caller, so this speaks to the driver
and not through SQLAlchemy, which still makes the connection and the tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from sensorium.gateway.ledger.account import Account
from sensorium.gateway.ledger.limits import Limit, Period

if TYPE_CHECKING:
    from sensorium.store.records.connections import Connections

LIMITS_VERSION: Final = "gateway_limits_version"

_OPENED: Final = (
    "request_id attempt state key_id user_id team_id organisation_id end_user route deployment "
    "provider model privacy price_version worst worst_tokens lease_until_ns started_ns"
).split()
_CLOSED: Final = (
    "state status failure first_byte_ns ended_ns cost input_tokens output_tokens cache_read_tokens "
    "cache_write_tokens reasoning_tokens cached policy"
).split()
_ACCOUNT: Final = [field.name for field in fields(Account)]
_SCOPE_COLUMN: Final = {
    "key": "key_id", "user": "user_id", "team": "team_id", "organisation": "organisation_id",
}  # fmt: skip


def _insert(table: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


_INSERT_ATTEMPT = _insert("gateway_attempts", _OPENED) + " ON CONFLICT DO NOTHING"
_PUT_ACCOUNT = (
    _insert("gateway_accounts", _ACCOUNT)
    + " ON CONFLICT (scope) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _ACCOUNT[1:])
)
_CLOSE_ATTEMPT = (
    "UPDATE gateway_attempts SET "
    + ", ".join(f"{name} = ?" for name in _CLOSED)
    + " WHERE request_id = ? AND attempt = ? AND state <> 'settled'"
)


class Statements:
    """Belongs to one thread. Every method but :meth:`transaction` runs inside a transaction."""

    def __init__(self, connections: Connections) -> None:
        self._sqlite = connections.is_sqlite
        self._raw: Any = connections.engine.raw_connection()
        self._cursor: Any = self._raw.cursor()
        self._lock = "" if self._sqlite else " FOR UPDATE"

    def close(self) -> None:
        """Give the connection back."""
        self._cursor.close()
        self._raw.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. On SQLite it waits its turn at the start."""
        if self._sqlite:
            self._cursor.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._raw.rollback()
            raise
        self._raw.commit()

    def limits_version(self) -> str:
        """Changes whenever a limit does."""
        row = self._one("SELECT value FROM meta WHERE key = ?", (LIMITS_VERSION,))
        return str(row[0]) if row else ""

    def limits(self) -> dict[str, Limit]:
        """Every limit by its scope."""
        rows = self._all(
            "SELECT scope, budget, period, requests_per_minute, tokens_per_minute, concurrency "
            "FROM gateway_limits",
            (),
        )
        return {
            scope: Limit(
                budget=budget,
                period=Period(period),
                requests_per_minute=requests,
                tokens_per_minute=tokens,
                concurrency=concurrency,
            )
            for scope, budget, period, requests, tokens, concurrency in rows
        }

    def accounts(self, scopes: Sequence[str]) -> dict[str, Account]:
        """The accounts of these scopes that there are, locked in the order of their names."""
        if not scopes:
            return {}
        marks = ", ".join("?" * len(scopes))
        rows = self._all(
            f"SELECT {', '.join(_ACCOUNT)} FROM gateway_accounts WHERE scope IN ({marks}) "
            f"ORDER BY scope{self._lock}",
            tuple(scopes),
        )
        return {row[0]: Account(*row) for row in rows}

    def make_account(self, scope: str) -> None:
        """An empty account where there is none, so that it can be locked."""
        self._cursor.execute(
            self._sql(_insert("gateway_accounts", _ACCOUNT) + " ON CONFLICT DO NOTHING"),
            (scope, -1, 0, 0, 0, 0, 0, 0, 0, 0),
        )

    def put_accounts(self, accounts: Sequence[Account]) -> None:
        """Write them back."""
        rows = [tuple(getattr(one, name) for name in _ACCOUNT) for one in accounts]
        self._many(_PUT_ACCOUNT, rows)

    def insert_attempt(self, values: tuple[Any, ...]) -> bool:
        """Add the row of an attempt, ``_OPENED``'s columns; False where it stands there already."""
        self._cursor.execute(self._sql(_INSERT_ATTEMPT), values)
        return int(self._cursor.rowcount) == 1

    def attempt_state(self, request_id: str, attempt: int) -> str:
        """``open``, ``settled``, ``abandoned``, or nothing."""
        row = self._one(
            f"SELECT state FROM gateway_attempts WHERE request_id = ? AND attempt = ?{self._lock}",
            (request_id, attempt),
        )
        return str(row[0]) if row else ""

    def close_attempt(self, request_id: str, attempt: int, values: tuple[Any, ...]) -> None:
        """Complete a row, ``_CLOSED``'s columns."""
        self._cursor.execute(self._sql(_CLOSE_ATTEMPT), (*values, request_id, attempt))

    def renew(self, request_id: str, attempt: int, until_ns: int) -> None:
        """Let an open attempt's lease run until then."""
        self._cursor.execute(
            self._sql(
                "UPDATE gateway_attempts SET lease_until_ns = ? "
                "WHERE request_id = ? AND attempt = ? AND state = 'open'"
            ),
            (until_ns, request_id, attempt),
        )

    def run_out(self, now_ns: int, most: int) -> list[dict[str, Any]]:
        """Open attempts whose lease is over."""
        names = [*_OPENED]
        rows = self._all(
            f"SELECT {', '.join(names)} FROM gateway_attempts "
            "WHERE state = 'open' AND lease_until_ns < ? ORDER BY request_id, attempt LIMIT ?",
            (now_ns, most),
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def abandon(self, request_id: str, attempt: int, now_ns: int) -> bool:
        """Mark an open attempt whose lease is over; False where it is open no more."""
        self._cursor.execute(
            self._sql(
                "UPDATE gateway_attempts SET state = 'abandoned', status = 'abandoned', "
                "ended_ns = ? WHERE request_id = ? AND attempt = ? AND state = 'open' "
                "AND lease_until_ns < ?"
            ),
            (now_ns, request_id, attempt, now_ns),
        )
        return int(self._cursor.rowcount) == 1

    def sums(self, scope: str, since_ns: int) -> tuple[int, int, int]:
        """What a scope's rows say: settled and reserved since then, and calls under way."""
        kind, _, name = scope.partition(":")
        if kind == "end_user":
            organisation, _, end_user = name.partition("/")
            where, given = "organisation_id = ? AND end_user = ?", [organisation, end_user]
        else:
            where, given = f"{_SCOPE_COLUMN[kind]} = ?", [name]
        row = self._one(
            "SELECT coalesce(sum(CASE WHEN state <> 'open' AND started_ns >= ? THEN cost END), 0), "
            "coalesce(sum(CASE WHEN state = 'open' AND started_ns >= ? THEN worst END), 0), "
            "coalesce(sum(CASE WHEN state = 'open' THEN 1 END), 0) "
            f"FROM gateway_attempts WHERE {where}",
            (since_ns, since_ns, *given),
        )
        assert row is not None
        return int(row[0]), int(row[1]), int(row[2])

    def _sql(self, statement: str) -> str:
        return statement if self._sqlite else statement.replace("?", "%s")

    def _one(self, statement: str, values: tuple[Any, ...]) -> Any:
        self._cursor.execute(self._sql(statement), values)
        return self._cursor.fetchone()

    def _all(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        self._cursor.execute(self._sql(statement), values)
        rows: list[Any] = self._cursor.fetchall()
        return rows

    def _many(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            self._cursor.executemany(self._sql(statement), rows)
