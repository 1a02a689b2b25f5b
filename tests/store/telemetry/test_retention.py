"""How long rows are kept, and under which day they are filed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from sensorium.model.signals import METRICS, Signal
from sensorium.observe import Observe
from sensorium.store.telemetry import ClickHouseTelemetry, TelemetryConfig, open_telemetry
from sensorium.store.telemetry.connection import connect
from tests.store.telemetry import batches


def engine(store: ClickHouseTelemetry, table: str) -> str:
    sql = (
        "SELECT engine_full FROM system.tables "
        "WHERE database = currentDatabase() AND name = {table:String}"
    )
    return str(store.query(sql, {"table": table}).column(0)[0].as_py())


def test_terms_follow_the_settings_each_time_the_store_is_opened(
    tmp_path: Path, observe: Observe
) -> None:
    for days, expected in ((30, "toIntervalDay(30)"), (7, "toIntervalDay(7)"), (0, None)):
        config = TelemetryConfig(flows_ttl_days=days)
        store = open_telemetry(config, observe, data_dir=tmp_path)
        flows, changes = engine(store, "flows"), engine(store, "changes")
        store.close()
        if expected is None:
            assert " TTL " not in flows
        else:
            assert f"TTL stored_at + {expected}" in flows
            assert "ttl_only_drop_parts = 1" in flows
        assert " TTL " not in changes


def test_an_old_recording_is_kept_for_as_long_as_new_data(telemetry: ClickHouseTelemetry) -> None:
    year_2001 = 1_000_000_000_000_000_000
    telemetry.insert(Signal.FLOWS, batches.flows(5, start_ns=year_2001))
    telemetry.flush()
    client = connect(telemetry.target, TelemetryConfig(), database="sensorium")
    client.command("OPTIMIZE TABLE flows FINAL")
    client.close()
    assert telemetry.query("SELECT * FROM flows").num_rows == 5


@pytest.mark.parametrize("signal", [Signal.FLOWS, Signal.LOGS, Signal.METRICS])
def test_broken_clocks_cannot_open_a_partition_each(
    telemetry: ClickHouseTelemetry, signal: Signal
) -> None:
    for day in range(-30, 30):
        start = batches.NOON + day * 400 * 86_400 * 10**9
        telemetry.insert(signal, batches.MAKERS[signal](2, start_ns=start))
    telemetry.flush()
    sql = "SELECT uniqExact(_partition_id) AS n, count() AS rows FROM " + signal.value
    assert telemetry.query(sql).to_pylist()[0]["n"] <= 2
    assert telemetry.query(sql).to_pylist()[0]["rows"] == 120


def test_times_beyond_32_bits_are_found_by_their_time(telemetry: ClickHouseTelemetry) -> None:
    times = [-(10**18), 0, batches.NOON, 5 * 10**18, 9 * 10**18]
    one = batches.metrics(1)
    for time in times:
        telemetry.insert(
            Signal.METRICS, one.set_column(0, METRICS.field(0), pa.array([time], pa.int64()))
        )
    telemetry.insert(Signal.FLOWS, batches.flows(1, start_ns=5 * 10**18))
    telemetry.flush()
    for time in times:
        answer = telemetry.query(
            "SELECT count() AS n FROM metrics WHERE time_ns = fromUnixTimestamp64Nano({t:Int64})",
            {"t": time},
        )
        assert answer.column("n").to_pylist() == [1]
    late = "SELECT count() AS n FROM flows WHERE time_flow_end_ns > toDateTime64('2110-01-01', 9)"
    assert telemetry.query(late).column("n").to_pylist() == [1]
