"""Rows that the store will never take: found among the others, set aside, counted and said."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from sensorium.model.signals import Signal
from sensorium.observe import Observe, open_observe
from sensorium.observe.config import ObserveConfig
from sensorium.store.errors import StoreWriteError
from sensorium.store.telemetry import (
    ClickHouseTelemetry,
    TelemetryConfig,
    aside,
    buffer,
    open_telemetry,
)
from tests.store.conftest import Engine
from tests.store.telemetry import batches
from tests.store.telemetry.test_failed_writes import command, count

# As an operator might make it.
CHECK = "ALTER TABLE logs ADD CONSTRAINT IF NOT EXISTS numbers CHECK match(body, '^[0-9]')"


Opened = Callable[..., ClickHouseTelemetry]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """What opens stores; one that a test leaves open would be in the way of the next."""
    stores = list[ClickHouseTelemetry]()

    def open_one(
        config: TelemetryConfig, observe: Observe, *, data_dir: Path
    ) -> ClickHouseTelemetry:
        stores.append(open_telemetry(config, observe, data_dir=data_dir))
        return stores[-1]

    yield open_one
    for store in stores:
        with contextlib.suppress(Exception):
            store.close()


def logs(*bodies: str) -> pa.RecordBatch:
    batch = batches.logs(len(bodies))
    index = batch.schema.get_field_index("body")
    return batch.set_column(index, batch.schema.field(index), pa.array(list(bodies)))


def refused(observe: Observe) -> float:
    labels = {"signal": "logs", "reason": "refused"}
    return observe.value("sensorium_store_rows_dropped_total", labels)


def stored(store: ClickHouseTelemetry) -> list[str]:
    return store.query("SELECT body FROM logs ORDER BY toUInt32OrZero(body)")["body"].to_pylist()


@pytest.mark.parametrize(
    ("bad", "where"),
    [({0}, "embedded"), ({3, 4, 5, 99}, "embedded"), ({1}, "server")],
)
def test_a_row_that_is_refused_for_its_content_is_set_aside_and_no_other(
    opened: Opened,
    bad: set[int],
    where: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    observe: Observe,
) -> None:
    dsn = ""
    if where == "server":
        engine: Engine = request.getfixturevalue("engine")
        dsn = f"clickhouse://default@{engine.url}/telemetry"
    store = opened(TelemetryConfig(dsn=dsn), observe, data_dir=tmp_path / "data")
    command(store, CHECK)
    bodies = [f"bad {n}" if n in bad else str(n) for n in range(100)]
    for start in range(0, 100, 50):
        store.insert(Signal.LOGS, logs(*bodies[start : start + 50]))
    for _ in range(3):
        try:
            store.flush()
        except StoreWriteError:
            continue
    store.flush()
    assert stored(store) == [body for body in bodies if not body.startswith("bad")]
    assert refused(observe) == len(bad)
    kept = (tmp_path / "data" / "refused" / "logs.jsonl").read_text().splitlines()
    assert {json.loads(line)["body"] for line in kept} == {f"bad {n}" for n in bad}
    assert not store.behind
    store.close()


def test_refused_rows_never_hold_streams_up_for_good(
    opened: Opened, tmp_path: Path, observe: Observe
) -> None:
    config = TelemetryConfig(batch_rows=10, buffer_rows=40)
    store = opened(config, observe, data_dir=tmp_path)
    command(store, CHECK)
    for n in range(8):
        store.insert(Signal.LOGS, logs(*["1"] * 9, f"bad {n}"))
    store.flush()
    assert (count(store, "logs"), refused(observe)) == (72, 8)
    assert not store.behind
    store.close()


def test_a_table_that_takes_nothing_keeps_its_rows_and_is_not_asked_about_each(
    opened: Opened, tmp_path: Path, observe: Observe
) -> None:
    store = opened(TelemetryConfig(batch_rows=1000), observe, data_dir=tmp_path)
    command(store, "ALTER TABLE logs ADD CONSTRAINT never CHECK time_ns < '2000-01-01'")
    store.insert(Signal.LOGS, logs(*map(str, range(1000))))
    for _ in range(9):
        with pytest.raises(StoreWriteError, match="1000 rows are kept"):
            store.flush()
    failures = observe.value("sensorium_store_write_failures_total", {"signal": "logs"})
    assert failures <= 64 + 9 * 3
    command(store, "ALTER TABLE logs DROP CONSTRAINT never")
    store.flush()
    assert (count(store, "logs"), refused(observe)) == (1000, 0)
    store.close()


def test_many_refused_rows_together_cost_few_inserts(
    opened: Opened, tmp_path: Path, observe: Observe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffer, "_DIVISIONS_OF_ONE", 20)
    store = opened(TelemetryConfig(), observe, data_dir=tmp_path)
    command(store, CHECK)
    store.insert(Signal.LOGS, logs("1", *["bad"] * 500))
    for _ in range(30):
        try:
            store.flush()
        except StoreWriteError:
            continue
        break
    assert stored(store) == ["1"]
    assert refused(observe) == 500
    failures = observe.value("sensorium_store_write_failures_total", {"signal": "logs"})
    assert failures < 60
    store.close()


def test_rows_that_take_too_much_memory_at_once_are_written_in_parts(
    opened: Opened, tmp_path: Path, observe: Observe
) -> None:
    config = TelemetryConfig(query_memory_mb=16)
    store = opened(config, observe, data_dir=tmp_path)
    store.insert(Signal.LOGS, logs(*(f"{n}" + "x" * 60_000 for n in range(300))))
    store.flush()
    assert (count(store, "logs"), refused(observe)) == (300, 0)
    store.close()


def test_the_journal_lets_go_of_rows_once_the_others_are_stored_and_these_set_aside(
    opened: Opened, tmp_path: Path, observe: Observe
) -> None:
    rows, done, now_ns = logs(*["1"] * 99, "bad"), list[bool](), time.time_ns()
    for _ in range(2):  # again, as after a crash before the journal knew
        store = opened(TelemetryConfig(), observe, data_dir=tmp_path)
        command(store, CHECK)
        store.insert_once(
            Signal.LOGS,
            rows,
            token="t",
            accepted_ns=now_ns,
            stored=lambda: done.append(True),
        )
        store.close()
    assert done == [True, True]
    store = opened(TelemetryConfig(), observe, data_dir=tmp_path)
    assert count(store, "logs") == 99
    store.close()


def test_what_is_set_aside_is_bounded_and_said_now_and_then(
    opened: Opened,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(aside, "MOST_BYTES", 1000)
    observe = open_observe(ObserveConfig())
    store = opened(TelemetryConfig(), observe, data_dir=tmp_path)
    command(store, CHECK)
    for n in range(9):
        store.insert(Signal.LOGS, logs("1", f"bad {n}"))
        store.flush()
    assert refused(observe) == 9
    assert 0 < (tmp_path / "refused" / "logs.jsonl").stat().st_size <= 1000
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (line,) = [line for line in said if "set aside" in line["message"]]
    assert "is violated" in line["reason"]
    assert line["kept_in"] == str(tmp_path / "refused" / "logs.jsonl")
    store.close()
    observe.close()


def test_a_text_that_is_none_ends_no_turn_and_holds_nothing_up(
    opened: Opened, tmp_path: Path, observe: Observe
) -> None:
    batch = batches.metrics(4).take(pa.array([1, 3]))
    texts = pa.array([b'quoted "\xff', b"fine"], pa.binary())
    values = pa.StringArray.from_buffers(2, *texts.buffers()[1:])
    index = batch.schema.get_field_index("labels")
    labels = pa.MapArray.from_arrays([0, 1, 2], pa.array(["k", "k"]), values)
    field = batch.schema.field(index)
    batch = batch.set_column(index, field, labels.cast(field.type))
    store = opened(TelemetryConfig(), observe, data_dir=tmp_path)
    store.insert(Signal.METRICS, batch)
    store.flush()
    labels_of = {"signal": "metrics", "reason": "refused"}
    assert observe.value("sensorium_store_rows_dropped_total", labels_of) == 1
    assert count(store, "metrics") == 1
    store.close()


@pytest.mark.parametrize("where", ["embedded", "server"])
def test_a_view_that_fails_costs_the_table_no_row_and_none_is_doubled(
    opened: Opened, where: str, tmp_path: Path, request: pytest.FixtureRequest, observe: Observe
) -> None:
    dsn = ""
    if where == "server":
        engine: Engine = request.getfixturevalue("engine")
        dsn = f"clickhouse://default@{engine.url}/telemetry"
    store = opened(TelemetryConfig(dsn=dsn), observe, data_dir=tmp_path / "data")
    sql = "CREATE MATERIALIZED VIEW v ENGINE = MergeTree ORDER BY n"
    command(store, f"{sql} AS SELECT toUInt32(body) AS n FROM logs")
    for body in ("bad", "2"):
        store.insert(Signal.LOGS, logs("1", body))
        store.flush()
    assert (count(store, "logs"), count(store, "v"), refused(observe)) == (4, 2, 0)
    assert observe.value("sensorium_store_view_failures_total", {"signal": "logs"}) == 1
    store.close()
