"""Batches as they are handed to ClickHouse."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from sensorium.model.signals import FLOWS, LOGS, Signal
from sensorium.observe import Observe
from sensorium.store.telemetry import TelemetryConfig, open_telemetry
from sensorium.store.telemetry.columns import to_table


def flows(**columns: list[object]) -> pa.RecordBatch:
    """Two flows in which everything is nothing but what is given."""
    empty = {"type": "IPFIX", "attributes": []}
    rows = [
        {
            field.name: columns[field.name][row]
            if field.name in columns
            else empty.get(field.name, bytes(16) if field.type == pa.binary(16) else 0)
            for field in FLOWS
        }
        for row in range(2)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=FLOWS)


def test_columns_that_say_nothing_are_left_to_the_table() -> None:
    table = to_table([flows(bytes=[0, 7])])
    assert table.column_names == [
        *("type", "time_received_ns", "time_flow_start_ns", "time_flow_end_ns", "bytes"),
    ]


def test_a_column_that_says_something_in_one_batch_is_there_for_all() -> None:
    batches = [flows(), flows(src_addr=[bytes(16), bytes(15) + b"\1"])]
    assert "src_addr" in to_table(batches).column_names
    attributes = flows(attributes=[[], [("natEvent", "1")]])
    assert "attributes" in to_table([flows(), attributes]).column_names


def test_a_part_of_a_batch_is_judged_by_its_own_rows() -> None:
    batch = flows(bytes=[7, 0], dst_addr=[b"\1" * 16, bytes(16)])
    names = to_table([batch.slice(1)]).column_names
    assert "bytes" not in names
    assert "dst_addr" not in names


def test_what_was_left_out_is_read_back_as_nothing(tmp_path: Path) -> None:
    store = open_telemetry(TelemetryConfig(), Observe(), data_dir=tmp_path)
    store.insert(Signal.FLOWS, flows(bytes=[1, 2], dst_port=[0, 53]))
    row = {"time_ns": 10**18, "observed_time_ns": 10**18, "source_address": bytes(16), "body": "x"}
    words = dict.fromkeys(("severity_text", "host", "app", "proc_id"), "")
    log = row | words | {"severity_number": 0, "attributes": [], "template_id": 0}
    store.insert(Signal.LOGS, pa.RecordBatch.from_pylist([log], schema=LOGS))
    store.flush()
    found = store.query(
        "SELECT bytes, dst_port, src_port, src_addr, attributes FROM flows ORDER BY bytes"
    ).to_pylist()
    assert [(r["bytes"], r["dst_port"], r["src_port"]) for r in found] == [(1, 0, 0), (2, 53, 0)]
    assert all(not any(r["src_addr"]) and not r["attributes"] for r in found)
    (kept,) = store.query("SELECT body, host, proc_id, severity_number FROM logs").to_pylist()
    assert kept == {"body": "x", "host": "", "proc_id": "", "severity_number": 0}
    store.close()
