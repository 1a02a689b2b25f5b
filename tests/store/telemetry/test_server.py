"""The same store against ClickHouse's HTTP interface."""

from __future__ import annotations

import pytest

from sensorium.observe import Observe
from sensorium.store.errors import QueryFailedError
from sensorium.store.telemetry import TelemetryConfig, open_telemetry
from tests.store.conftest import Engine
from tests.store.telemetry import batches
from tests.store.telemetry.test_round_trip import ORDER, as_inserted, plain


def test_a_server_holds_and_answers_the_same(engine: Engine, observe: Observe) -> None:
    dsn = f"clickhouse://default:p%40ss@{engine.url}/telemetry"
    store = open_telemetry(TelemetryConfig(dsn=dsn), observe)
    for signal, make in batches.MAKERS.items():
        store.insert(signal, make())
    store.flush()
    for signal, make in batches.MAKERS.items():
        answer = store.query(f"SELECT * FROM {signal.value} ORDER BY {ORDER[signal]}")
        assert plain(as_inserted(answer, signal)) == plain(make())
    hostile = "a'b\\ \n{x:String}"
    assert store.query("SELECT {t:String} AS t", {"t": hostile}).to_pylist() == [{"t": hostile}]
    for sql in (
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
        "SELECT 1 SETTINGS readonly = 0",
    ):
        with pytest.raises(QueryFailedError, match="READONLY"):
            store.query(sql)
    store.close()
    # Several processes may have a server open at once: there is no lock to take.
    first, second = (open_telemetry(TelemetryConfig(dsn=dsn), observe) for _ in range(2))
    assert second.query("SELECT * FROM logs").num_rows == batches.logs().num_rows
    first.close()
    second.close()
