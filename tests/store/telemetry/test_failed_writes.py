"""Writes that fail: kept, counted, tried again, bounded, and never doubled."""

from __future__ import annotations

import threading
import urllib.request
from pathlib import Path

import pytest

from sensorium.component import Health, HealthState
from sensorium.model.signals import Signal
from sensorium.observe import Observe, open_observe
from sensorium.observe.config import ObserveConfig
from sensorium.store.errors import StoreWriteError
from sensorium.store.telemetry import ClickHouseTelemetry, TelemetryConfig, open_telemetry
from sensorium.store.telemetry.connection import connect
from sensorium.store.telemetry.tables import LOGS
from tests.store.conftest import Engine
from tests.store.telemetry import batches


def command(store: ClickHouseTelemetry, sql: str) -> None:
    """Run a statement as an operator would, past the store."""
    client = connect(store.target, TelemetryConfig(), database=store.target.database)
    client.command(sql)
    client.close()


def count(store: ClickHouseTelemetry, table: str) -> int:
    return int(store.query(f"SELECT count() AS n FROM {table}").column("n")[0].as_py())


def test_rows_outlive_a_table_that_is_gone_and_are_written_when_it_is_back(
    telemetry: ClickHouseTelemetry, observe: Observe
) -> None:
    command(telemetry, "DROP TABLE logs")
    telemetry.insert(Signal.LOGS, batches.logs(6))
    telemetry.insert(Signal.FLOWS, batches.flows(3))
    with pytest.raises(StoreWriteError, match="6 rows are kept in memory") as failure:
        telemetry.flush()
    assert failure.value.kept_rows == 6
    assert count(telemetry, "flows") == 3
    assert observe.value("sensorium_store_write_failures_total", {"signal": "logs"}) == 1
    command(telemetry, LOGS.ddl)
    telemetry.flush()
    assert count(telemetry, "logs") == 6
    assert telemetry.waiting_rows == 0


def test_the_oldest_rows_are_dropped_and_counted_when_the_buffer_is_full(
    tmp_path: Path, observe: Observe
) -> None:
    config = TelemetryConfig(batch_rows=10, buffer_rows=30)
    store = open_telemetry(config, observe, data_dir=tmp_path)
    command(store, "DROP TABLE logs")
    for second in range(5):
        store.insert(Signal.LOGS, batches.logs(10, start_ns=batches.NOON + second * 10**9))
    reason = {"signal": "logs", "reason": "buffer_full"}
    assert observe.value("sensorium_store_rows_dropped_total", reason) == 20
    assert observe.value("sensorium_store_rows_waiting", {"signal": "logs"}) == 30
    command(store, LOGS.ddl)
    store.close()
    store = open_telemetry(config, observe, data_dir=tmp_path)
    assert count(store, "logs") == 30
    store.close()


def test_a_write_whose_answer_is_lost_is_not_stored_twice(engine: Engine, observe: Observe) -> None:
    config = TelemetryConfig(dsn=f"clickhouse://default@{engine.url}/telemetry")
    store = open_telemetry(config, observe)
    store.insert(Signal.FLOWS, batches.flows(5))
    lose = f"http://{engine.url}/lose-next-answer"
    urllib.request.urlopen(urllib.request.Request(lose, method="POST", data=b"")).close()
    with pytest.raises(StoreWriteError, match="5 rows are kept"):
        store.flush()
    assert count(store, "flows") == 5
    store.flush()
    assert count(store, "flows") == 5
    # The same content in a write of its own is new data all the same.
    store.insert(Signal.FLOWS, batches.flows(5))
    store.flush()
    assert count(store, "flows") == 10
    store.close()


def test_rows_wait_for_a_server_that_is_away_and_reach_it_when_it_is_back(
    engine: Engine, observe: Observe
) -> None:
    dsn = f"clickhouse://default@{engine.url}/telemetry"
    store = open_telemetry(TelemetryConfig(dsn=dsn, batch_rows=5), observe)
    engine.stop()
    for signal in (Signal.FLOWS, Signal.LOGS):
        store.insert(signal, batches.MAKERS[signal](5))
    with pytest.raises(StoreWriteError, match="10 rows are kept"):
        store.flush()
    assert store.health().state is HealthState.DEGRADED
    # Each attempt ends at the first write that finds nobody there.
    labels = {"signal": "logs"}
    assert observe.value("sensorium_store_write_failures_total", labels) == 0
    engine.start()
    store.flush()
    assert store.health().state is HealthState.OK
    assert (count(store, "flows"), count(store, "logs")) == (5, 5)
    store.close()


def test_an_attempt_ends_after_a_few_in_vain_and_the_next_goes_on_behind_them(
    tmp_path: Path, observe: Observe
) -> None:
    store = open_telemetry(TelemetryConfig(batch_rows=4), observe, data_dir=tmp_path)
    # What stands for a table that takes nothing is none of the errors that a value may cause.
    for second in range(7):
        store.insert(Signal.METRICS, batches.metrics(4, start_ns=second * 10**9))
    command(store, "RENAME TABLE metrics TO elsewhere")
    for second in range(7):
        store.insert(Signal.METRICS, batches.metrics(4, start_ns=second * 10**9))
    failures = []
    for _ in range(3):
        before = observe.value("sensorium_store_write_failures_total", {"signal": "metrics"})
        with pytest.raises(StoreWriteError, match="28 rows are kept"):
            store.flush()
        after = observe.value("sensorium_store_write_failures_total", {"signal": "metrics"})
        failures.append(after - before)
    assert failures == [3, 3, 3]
    command(store, "RENAME TABLE elsewhere TO metrics")
    store.close()


def test_a_store_that_cannot_be_written_is_behind_before_anything_is_given_up(
    tmp_path: Path, observe: Observe
) -> None:
    config = TelemetryConfig(batch_rows=10, buffer_rows=40)
    store = open_telemetry(config, observe, data_dir=tmp_path)
    store.insert(Signal.LOGS, batches.logs(9))
    assert not store.behind
    command(store, "DROP TABLE logs")
    store.insert(Signal.LOGS, batches.logs(10))
    assert not store.behind  # fewer than half
    store.insert(Signal.LOGS, batches.logs(10))
    assert store.behind
    reason = {"signal": "logs", "reason": "buffer_full"}
    assert observe.value("sensorium_store_rows_dropped_total", reason) == 0
    command(store, LOGS.ddl)
    store.flush()
    assert not store.behind
    store.close()


def test_how_the_store_is_can_be_asked_while_it_writes(
    telemetry: ClickHouseTelemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(telemetry, "DROP TABLE logs")
    telemetry.insert(Signal.LOGS, batches.logs(6))
    with pytest.raises(StoreWriteError):
        telemetry.flush()
    writing, go_on = threading.Event(), threading.Event()

    def insert_slowly(*_: object, **__: object) -> None:
        writing.set()
        go_on.wait()

    monkeypatch.setattr(telemetry._writer._client, "insert_arrow", insert_slowly)
    flushing = threading.Thread(target=telemetry.flush)
    flushing.start()
    writing.wait()
    answers: list[Health] = []
    asking = threading.Thread(target=lambda: answers.append(telemetry.health()), daemon=True)
    asking.start()
    asking.join(30)
    try:
        assert [answer.state for answer in answers] == [HealthState.DEGRADED]
        assert answers[0].detail.startswith("6 rows wait: ")
    finally:
        go_on.set()
        flushing.join()


def test_a_stop_says_how_many_rows_are_given_up_and_how_many_the_journal_has(
    tmp_path: Path, observe: Observe
) -> None:
    store = open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)
    command(store, "DROP TABLE logs")
    store.insert(Signal.LOGS, batches.logs(5))
    rows = batches.logs(3)
    store.insert_once(Signal.LOGS, rows, token="t", accepted_ns=batches.NOON, stored=lambda: None)
    with pytest.raises(
        StoreWriteError, match="of 8 rows that waited 5 are given up and 3 are in the journal"
    ):
        store.close()


def test_what_is_given_up_turn_after_turn_is_counted_each_time_and_said_now_and_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    observe = open_observe(ObserveConfig())
    config = TelemetryConfig(batch_rows=10, buffer_rows=10)
    store = open_telemetry(config, observe, data_dir=tmp_path)
    command(store, "DROP TABLE logs")
    for _ in range(5):
        store.insert(Signal.LOGS, batches.logs(10))
    reason = {"signal": "logs", "reason": "buffer_full"}
    assert observe.value("sensorium_store_rows_dropped_total", reason) == 40
    assert capsys.readouterr().err.count("the buffer is full") == 1
    with pytest.raises(StoreWriteError):
        store.close()
    observe.close()
