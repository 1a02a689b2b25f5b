"""Rows as JSON lines that any JSON reader takes."""

from __future__ import annotations

import json
import math

import pyarrow as pa

from sensorium.ingest.render import to_json_lines
from sensorium.model.address import pack_address
from sensorium.model.signals import FLOWS, LOGS, METRICS
from tests.ingest.netflow import packets as p


def parsed(batch: pa.RecordBatch) -> list[dict]:
    return [json.loads(line) for line in to_json_lines(batch)]


def test_flows_have_every_column_with_addresses_as_text() -> None:
    (row,) = parsed(p.Bench().decode(p.v5([p.v5_record()])))
    assert list(row) == [name for name in FLOWS.names if name != "attributes"]
    assert (row["type"], row["src_addr"], row["dst_mac"]) == (
        "NETFLOW_V5",
        "10.0.0.1",
        "00:00:00:00:00:00",
    )
    assert row["bytes"] == 1000


def test_the_largest_counter_keeps_all_its_digits() -> None:
    fields: list[p.Spec] = [(1, 8), (56, 6)]
    record = p.record(fields, 2**64 - 1, 0x0A0B0C0D0E0F)
    batch = p.Bench().decode(p.v9(p.a_set(0, p.template(256, fields)), p.a_set(256, record)))
    (row,) = parsed(batch)
    assert (row["bytes"], row["src_mac"]) == (2**64 - 1, "0a:0b:0c:0d:0e:0f")


def test_text_is_escaped_and_labels_are_objects() -> None:
    body = 'quote " slash \\ line\nend \x01 ünï'
    line = {
        "time_ns": 1, "observed_time_ns": 2, "source_address": pack_address("2001:db8::1"),
        "severity_number": 9, "severity_text": "info", "host": "h", "app": "a", "proc_id": "1",
        "body": body, "attributes": [("k", "v")], "template_id": 2**63,
    }  # fmt: skip
    batch = pa.RecordBatch.from_pylist([line, {**line, "body": body * 2}], schema=LOGS)
    rows = parsed(batch)
    assert [row["body"] for row in rows] == [body, body * 2]
    assert rows[0]["source_address"] == "2001:db8::1"
    assert rows[0]["attributes"] == {"k": "v"}
    assert rows[0]["template_id"] == 2**63


def test_values_that_json_lacks_are_named_as_prometheus_does() -> None:
    values = [1.5, math.nan, math.inf, -math.inf]
    rows = [
        {"time_ns": 0, "series_id": 1, "name": "n", "labels": [], "value": v, "kind": "gauge"}
        for v in values
    ]
    batch = pa.RecordBatch.from_pylist(rows, schema=METRICS)
    assert [row["value"] for row in parsed(batch)] == [1.5, "NaN", "+Inf", "-Inf"]


def test_an_empty_batch_has_no_lines() -> None:
    assert parsed(pa.RecordBatch.from_pylist([], schema=LOGS)) == []
