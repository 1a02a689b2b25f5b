"""The ledger's statements, in the words of the database behind it, on one plain connection.

Where a call is admitted every microsecond is paid for by its caller, so this speaks to the driver
and not through SQLAlchemy, which still makes the connection and the tables.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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
    "cache_write_tokens reasoning_tokens cache_write_long_tokens cached policy"
).split()
_ACCOUNT: Final = [field.name for field in fields(Account)]
_account_row: Final = attrgetter(*_ACCOUNT[1:], _ACCOUNT[0])
_SCOPE_COLUMN: Final = {
    "key": "key_id", "user": "user_id", "team": "team_id", "organisation": "organisation_id",
}  # fmt: skip


def _insert(table: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


_INSERT_ATTEMPT = _insert("gateway_attempts", _OPENED) + " ON CONFLICT DO NOTHING"
_PUT_ACCOUNT = (
    "UPDATE gateway_accounts SET "
    + ", ".join(f"{name} = ?" for name in _ACCOUNT[1:])
    + " WHERE scope = ?"
)
_CLOSE_ATTEMPT = (
    "UPDATE gateway_attempts SET "
    + ", ".join(f"{name} = ?" for name in _CLOSED)
    + " WHERE request_id = ? AND attempt = ? AND state <> 'settled'"
)


_STATE: Final = "SELECT state FROM gateway_attempts WHERE request_id = ? AND attempt = ?"
_STATES: Final = (
    "SELECT one.request_id, one.attempt, one.state FROM gateway_attempts AS one "
    "JOIN unnest(?::text[], ?::int[]) AS wanted (request_id, attempt) "
    "ON one.request_id = wanted.request_id AND one.attempt = wanted.attempt "
    "ORDER BY one.request_id, one.attempt FOR UPDATE OF one"
)
_RENEW: Final = (
    "UPDATE gateway_attempts SET lease_until_ns = ? "
    "WHERE request_id = ? AND attempt = ? AND state = 'open'"
)


class Sums(NamedTuple):
    """Nano-dollars settled and reserved, calls under way, and when the newest row began."""

    settled: int
    reserved: int
    calls: int
    newest_ns: int


class Statements:
    """Belongs to one thread. What reads or writes does so between :meth:`begin` and its end."""

    def __init__(self, connections: Connections) -> None:
        self._sqlite = connections.is_sqlite
        self._raw: Any = connections.engine.raw_connection()
        self._cursor: Any = self._raw.cursor()
        self._driver: Any = self._raw.driver_connection
        self._lock = "" if self._sqlite else " FOR UPDATE"
        self._data_version: int | None = None

    def close(self) -> None:
        """Give the connection back."""
        self._cursor.close()
        self._raw.close()

    def begin(self) -> None:
        """Begin a transaction. On SQLite it waits its turn here."""
        if self._sqlite:
            self._cursor.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """End it; what it did is durable when this returns."""
        self._driver.commit()

    def rollback(self) -> None:
        """End it, as if it had never been; a connection that is lost has done so by itself."""
        with contextlib.suppress(Exception):
            self._raw.rollback()

    def is_all_ours(self) -> bool:
        """Whether nobody else has written since this was last asked, so that memory can be relied
        on. Of a server that is never known.
        """
        if not self._sqlite:
            return False
        number = int(self._one("PRAGMA data_version", ())[0])
        before, self._data_version = self._data_version, number
        return number == before

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

    def accounts(self, scopes: Sequence[str]) -> tuple[dict[str, Account], str]:
        """The accounts of these scopes that there are, locked in the order of their names.

        And the version of the limits that they were kept by; empty where there was none of them.
        """
        marks = ", ".join("?" * len(scopes))
        rows = self._all(
            f"SELECT (SELECT value FROM meta WHERE key = ?), {', '.join(_ACCOUNT)} "
            f"FROM gateway_accounts WHERE scope IN ({marks}) ORDER BY scope{self._lock}",
            (LIMITS_VERSION, *scopes),
        )
        version = str(rows[0][0] or "") if rows else ""
        return {row[1]: Account(*row[1:]) for row in rows}, version

    def make_account(self, scope: str) -> None:
        """An empty account where there is none, so that it can be locked."""
        self._cursor.execute(
            self._sql(_insert("gateway_accounts", _ACCOUNT) + " ON CONFLICT DO NOTHING"),
            (scope, -1, 0, 0, 0, 0, 0, 0, 0, 0),
        )

    def put_accounts(self, accounts: Sequence[Account]) -> None:
        """Write back what :meth:`accounts` read, and so locked."""
        self._many(_PUT_ACCOUNT, [_account_row(one) for one in accounts])

    def open_attempts(self, rows: list[tuple[Any, ...]]) -> int:
        """Add the rows of attempts, ``_OPENED``'s columns; how many did not stand there before."""
        self._many(_INSERT_ATTEMPT, rows)
        return int(self._cursor.rowcount)

    def states(self, attempts: list[tuple[str, int]]) -> dict[tuple[str, int], str]:
        """``open``, ``settled`` or ``abandoned`` of those that there are, locked in one order."""
        if not attempts:
            return {}
        if self._sqlite:
            found = {one: self._one(_STATE, one) for one in attempts}
            return {one: str(row[0]) for one, row in found.items() if row}
        ids, numbers = [one[0] for one in attempts], [one[1] for one in attempts]
        return {(row[0], row[1]): row[2] for row in self._all(_STATES, (ids, numbers))}

    def close_attempts(self, rows: list[tuple[Any, ...]]) -> None:
        """Complete rows: ``_CLOSED``'s columns, request and attempt."""
        self._many(_CLOSE_ATTEMPT, rows)

    def renew(self, rows: list[tuple[Any, ...]]) -> None:
        """Let open attempts' leases run on: until when, request and attempt."""
        self._many(_RENEW, rows)

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

    def sums(self, scope: str, since_ns: int) -> Sums:
        """What a scope's rows say that began since then.

        Of a budget without end, or a first one, that is all the rows there are: some tenths of a
        second for a million. End users' have an index, as a new one may come with any call.
        """
        kind, _, name = scope.partition(":")
        given = [name]
        if kind == "end_user":
            organisation, _, end_user = name.partition("/")
            given = [organisation, end_user]
            where = "organisation_id = ? AND end_user = ? AND end_user <> ''"
        else:
            where = f"{_SCOPE_COLUMN[kind]} = ?"
        since = "AND started_ns >= ?" if since_ns else ""
        row = self._one(
            "SELECT coalesce(sum(CASE WHEN state <> 'open' THEN cost END), 0), "
            "coalesce(sum(CASE WHEN state = 'open' THEN worst END), 0), "
            f"coalesce(max(started_ns), 0) FROM gateway_attempts WHERE {where} {since}",
            (*given, since_ns) if since_ns else tuple(given),
        )
        calls = self._one(
            f"SELECT count(*) FROM gateway_attempts WHERE state = 'open' AND {where}", tuple(given)
        )
        return Sums(int(row[0]), int(row[1]), int(calls[0]), int(row[2]))

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
