"""Rows that a journal holds are stored once, also by another process and on another day."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sensorium.model.signals import METRICS, Signal
from sensorium.observe import Observe
from sensorium.store.telemetry import ClickHouseTelemetry, TelemetryConfig, open_telemetry
from sensorium.store.telemetry import writer as writing

DAY_NS = 86_400_000_000_000
ACCEPTED_NS = 1_800_000_000_000_000_000


def rows(count: int) -> pa.RecordBatch:
    row = {"time_ns": 1, "series_id": 2, "name": "m", "labels": [], "value": 1.0, "kind": ""}
    return pa.RecordBatch.from_pylist([row] * count, schema=METRICS)


def opened(folder: Path) -> ClickHouseTelemetry:
    return open_telemetry(TelemetryConfig(), Observe(), data_dir=folder)


def put(store: ClickHouseTelemetry, token: str, count: int, **options: Any) -> list[str]:
    told: list[str] = []
    store.insert_once(
        Signal.METRICS,
        rows(count),
        token=token,
        accepted_ns=options.get("accepted_ns", ACCEPTED_NS),
        stored=lambda: told.append(token),
    )
    return told


def count(store: ClickHouseTelemetry) -> int:
    return int(store.query("SELECT count() AS n FROM metrics").to_pylist()[0]["n"])


def test_rows_come_once_however_often_they_are_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "SLICE_ROWS", 40)
    store = opened(tmp_path)
    assert put(store, "a", 100) == ["a"]
    assert put(store, "a", 100) == ["a"]
    assert put(store, "b", 7) == ["b"]
    assert count(store) == 107
    store.close()
    again = opened(tmp_path)
    assert put(again, "a", 100) == ["a"]
    assert count(again) == 107
    again.close()


def test_the_day_of_storing_is_that_of_accepting(tmp_path: Path) -> None:
    # A crash just before midnight and a start just after it find the same partition.
    store = opened(tmp_path)
    put(store, "a", 3, accepted_ns=ACCEPTED_NS - 3 * DAY_NS)
    put(store, "a", 3, accepted_ns=ACCEPTED_NS - 3 * DAY_NS)
    store.insert(Signal.METRICS, rows(5))
    store.flush()
    days = store.query(
        "SELECT toString(toDate(stored_at)) AS d, count() AS n FROM metrics GROUP BY d"
    )
    assert sorted(row["n"] for row in days.to_pylist()) == [3, 5]
    assert {row["d"] for row in days.to_pylist()} > {"2027-01-12"}
    store.close()


def test_others_rows_are_not_lost_or_forgotten_while_the_store_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    observe = Observe()
    config = TelemetryConfig(buffer_rows=10, batch_rows=10)
    store = open_telemetry(config, observe, data_dir=tmp_path)
    insert = store._writer._client.insert_arrow

    def fail(*arguments: Any, **options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store._writer._client, "insert_arrow", fail)
    told = put(store, "a", 50)
    for _ in range(5):
        store.insert(Signal.METRICS, rows(10))
    assert told == []
    dropped = {"signal": "metrics", "reason": "buffer_full"}
    assert observe.value("sensorium_store_rows_dropped_total", dropped) == 40
    monkeypatch.setattr(store._writer._client, "insert_arrow", insert)
    store.flush()
    assert told == ["a"]
    assert count(store) == 60
    store.close()
