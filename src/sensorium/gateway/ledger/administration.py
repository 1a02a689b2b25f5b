"""Limits set and read. Not on the way of a call."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, text

from sensorium.gateway.ledger.limits import EVERY, Limit, Period
from sensorium.gateway.ledger.statements import LIMITS_VERSION
from sensorium.gateway.ledger.tables import ACCOUNTS, LIMITS, META
from sensorium.store.records.insert_new import put

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

    from sensorium.store.records.connections import Connections


def _kept_by(scope: str) -> ColumnElement[bool]:
    """The accounts that go by a scope's limit: its own, or those of all whom it is meant for."""
    of_all, _, name = scope.rpartition("/")
    if name != EVERY or not of_all:
        return ACCOUNTS.c.scope == scope
    return func.substr(ACCOUNTS.c.scope, 1, len(of_all) + 1) == f"{of_all}/"


class Administration:
    """Changes hold from the next transaction of every gateway on the database."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def set_limit(self, scope: str, limit: Limit, within: Connection | None = None) -> None:
        """Set a scope's limit, or take it away with an empty one.

        Its account is made anew from the ledger's rows when it is next used, so that a budget set
        today counts what was spent before.
        """
        with self._connections.writing(within) as connection:
            if not self._connections.is_sqlite:
                # Whoever has accounts locked commits first; nobody makes one by the old limit.
                connection.execute(text("LOCK TABLE gateway_accounts IN EXCLUSIVE MODE"))
            connection.execute(delete(ACCOUNTS).where(_kept_by(scope)))
            if limit.is_empty:
                connection.execute(delete(LIMITS).where(LIMITS.c.scope == scope))
            else:
                row = {
                    "scope": scope,
                    "budget": limit.budget,
                    "period": limit.period.value,
                    "requests_per_minute": limit.requests_per_minute,
                    "tokens_per_minute": limit.tokens_per_minute,
                    "concurrency": limit.concurrency,
                }
                put(connection, LIMITS, row)
            put(connection, META, {"key": LIMITS_VERSION, "value": secrets.token_hex(8)})

    def limit(self, scope: str) -> Limit:
        """A scope's own limit; an empty one where it has none."""
        with self._connections.reading() as connection:
            row = connection.execute(select(LIMITS).where(LIMITS.c.scope == scope)).first()
        if row is None:
            return Limit()
        return Limit(
            budget=row.budget,
            period=Period(row.period),
            requests_per_minute=row.requests_per_minute,
            tokens_per_minute=row.tokens_per_minute,
            concurrency=row.concurrency,
        )
