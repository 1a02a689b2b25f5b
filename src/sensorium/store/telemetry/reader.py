"""The asking half of the store: one read-only statement at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sensorium.observe import Observe
from sensorium.store.errors import QueryFailedError
from sensorium.store.telemetry.connection import one_line
from sensorium.store.telemetry.statement import require_read_only

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


class Reader:
    """Asks through one client of a read-only session; ``connect`` opens such a client."""

    def __init__(self, connect: Callable[[], Client], observe: Observe) -> None:
        self._connect = connect
        self._client = connect()
        self._lock = threading.Lock()
        self._asked = observe.counter(
            "sensorium_store_queries", "Queries answered or not, by outcome", ("outcome",)
        )

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Run one SELECT; QueryRefusedError or QueryFailedError where there is no answer."""
        from clickhouse_connect.driver.exceptions import ClickHouseError

        require_read_only(sql)
        try:
            with self._lock:
                answer = self._ask(sql, dict(parameters or {}))
        except (ClickHouseError, OSError) as error:
            self._asked.labels("failed").inc()
            raise QueryFailedError(f"the query failed: {one_line(error)}") from error
        self._asked.labels("answered").inc()
        return pa.ipc.open_file(answer).read_all()

    def _ask(self, sql: str, parameters: dict[str, Any]) -> bytes:
        try:
            return self._client.raw_query(sql, parameters, fmt="Arrow")
        except BaseException:
            # An embedded session hands out what a broken-off query had written so far at the
            # head of its next answer (chDB 26.9): such a session is never asked again.
            self._client.close()
            self._client = self._connect()
            raise

    def close(self) -> None:
        """Release the client once the question at hand is answered."""
        with self._lock:
            self._client.close()
